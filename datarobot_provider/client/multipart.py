"""Multipart bodies: streamed from disk, a zip or object storage, one file open at a time."""

from __future__ import annotations

import zipfile
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, cast

from datarobot_provider.client import files
from datarobot_provider.client.archives import ZIP_READ_ERRORS
from datarobot_provider.client.files import ModelFile, is_in_object_storage
from datarobot_provider.client.progress import Progress
from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_PIECE = 1024 * 1024
opened = partial(files.opened, as_checked=True)
#: What no other try can mend where a file lies in object storage.
_LASTING = (FileNotFoundError, PermissionError)


class MultipartBody:
    """A multipart body of known length that gives itself in large pieces.

    An iterator with a length, and no ``read``: ``requests`` would hand an object with ``read`` to the socket in pieces
    of a few KiB, which costs most of the speed.

    :param parts: the parts in order: the name of each, and its value or its file; the files' sizes must not change
        meanwhile.
    :param tell: takes lines for the task log.
    """

    def __init__(
        self, parts: Sequence[tuple[str, str | ModelFile]], report: Callable[[str], None] = lambda _: None
    ) -> None:
        from urllib3.filepost import choose_boundary

        boundary = choose_boundary()
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._tell = report
        self._chunks: list[bytes | ModelFile] = []
        text = b""
        for name, part in parts:
            if isinstance(part, ModelFile):
                self._chunks += [text + _part(boundary, name, part.name.rpartition("/")[2]), part]
                text = b"\r\n"
            else:
                text += _part(boundary, name) + part.encode() + b"\r\n"
        self._chunks.append(text + f"--{boundary}--\r\n".encode())
        self._length = sum(chunk.size if isinstance(chunk, ModelFile) else len(chunk) for chunk in self._chunks)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        """Give the body piece by piece.

        :raises InputError: if a file vanished, changed its size since it was listed, or cannot be read.
        """
        progress, small = Progress("Uploaded", self._tell, self._length), b""
        for piece in self._pieces():
            progress.add(len(piece))
            # A thousand small files are not a thousand sendings.
            small += piece
            if len(small) >= _PIECE // 2:
                yield small
                small = b""
        yield small
        progress.end()

    def _pieces(self) -> Iterator[bytes]:
        with _Sources() as sources:
            for chunk in self._chunks:
                if isinstance(chunk, ModelFile):
                    yield from _content(chunk, sources)
                else:
                    yield chunk


class UploadBody(MultipartBody):
    """The body that makes a model version.

    :param fields: the form fields, in order.
    :param files: the files, each sent as ``file`` followed by its ``filePath``.
    :param tell: takes lines for the task log.
    """

    def __init__(
        self,
        fields: Sequence[tuple[str, str]],
        files: Sequence[ModelFile],
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        parts: list[tuple[str, str | ModelFile]] = [*fields]
        for file in files:
            parts += [("file", file), ("filePath", file.name)]
        super().__init__(parts, report)


class _Sources(ExitStack):
    """Opens the files of a body; a zip once for all of its members."""

    def __init__(self) -> None:
        super().__init__()
        self._zips: dict[str, zipfile.ZipFile] = {}

    def open(self, file: ModelFile) -> BinaryIO:
        """Open a file for reading."""
        if file.member is None:
            return opened(file.source)
        name = str(file.source)
        if name not in self._zips:
            self._zips[name] = self.enter_context(zipfile.ZipFile(self.enter_context(opened(file.source))))
        return cast("BinaryIO", self._zips[name].open(file.member))


def _part(boundary: str, name: str, filename: str | None = None) -> bytes:
    """Return what stands before the content of a part."""
    from urllib3.fields import RequestField

    field = RequestField(name, b"", filename)
    field.make_multipart(content_type=None if filename is None else "application/octet-stream")
    return f"--{boundary}\r\n{field.render_headers()}".encode()


def _content(file: ModelFile, sources: _Sources) -> Iterator[bytes]:
    left = file.size
    # InputError, not OSError: requests would take an OSError for a broken connection.
    try:
        with sources.open(file) as stream:
            while left and (piece := stream.read(min(_PIECE, left))):
                left -= len(piece)
                yield piece
            changed = bool(left or stream.read(1))
    except ZIP_READ_ERRORS as error:
        reason = getattr(error, "strerror", None) or error
        unreadable = InputError(f"{file.source} could not be read during the upload: {reason}.")
        unreadable.retryable = is_in_object_storage(file.source) and not isinstance(error, _LASTING)
        raise unreadable from None
    if changed:
        raise InputError(f"{file.source} changed its size during the upload; nothing was created.")
