"""Multipart bodies that are streamed from disk, from a zip archive or from object storage."""

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

    from datarobot_provider.client.tar_archive import TarArchive

_CHUNK_SIZE = 1024 * 1024
open_file = partial(files.open_file, as_checked=True)
#: Errors of object storage that a retry does not resolve.
_PERMANENT = (FileNotFoundError, PermissionError)


class MultipartBody:
    """Multipart body of known length that yields large chunks.

    It is an iterable with a length and has no ``read``: if there is one, ``http.client`` sends the body in chunks of a
    few KiB, which is much slower.

    :param parts: name of each part and its value, file or archive, in order. The size of a file must not change.
    :param report: called with lines for the task log.
    """

    def __init__(
        self, parts: Sequence[tuple[str, str | ModelFile | TarArchive]], report: Callable[[str], None] = lambda _: None
    ) -> None:
        from urllib3.filepost import choose_boundary

        boundary = choose_boundary()
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._report = report
        self._contents: list[bytes | ModelFile] = []
        text = b""
        for name, part in parts:
            if isinstance(part, str):
                text += _part(boundary, name) + part.encode() + b"\r\n"
            else:
                self._contents.append(text + _part(boundary, name, part.name.rpartition("/")[2]))
                self._contents += [part] if isinstance(part, ModelFile) else part.contents()
                text = b"\r\n"
        self._contents.append(text + f"--{boundary}--\r\n".encode())
        self._length = sum(
            content.size if isinstance(content, ModelFile) else len(content) for content in self._contents
        )

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        """Yield the body in chunks.

        :raises InputError: if a file no longer exists, has changed its size, or cannot be read.
        """
        progress, small = Progress("Uploaded", self._report, self._length), b""
        for chunk in self._chunks():
            progress.add(len(chunk))
            # Small files are combined, so that not each of them needs a system call.
            small += chunk
            if len(small) >= _CHUNK_SIZE // 2:
                yield small
                small = b""
        yield small
        progress.end()

    def _chunks(self) -> Iterator[bytes]:
        with _Sources() as sources:
            for content in self._contents:
                if isinstance(content, ModelFile):
                    yield from _content(content, sources)
                else:
                    yield content


class FileBody(MultipartBody):
    """Body that consists of one file.

    :param file: the file.
    :param content_type: its media type.
    :param report: called with lines for the task log.
    """

    def __init__(self, file: ModelFile, content_type: str, report: Callable[[str], None]) -> None:
        self.content_type = content_type
        self._report = report
        self._contents = [file]
        self._length = file.size


class UploadBody(MultipartBody):
    """Body of a request that creates a version.

    :param fields: form fields, in order.
    :param files: files, each sent as ``file`` followed by its ``filePath``.
    :param report: called with lines for the task log.
    """

    def __init__(
        self,
        fields: Sequence[tuple[str, str]],
        files: Sequence[ModelFile],
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        parts: list[tuple[str, str | ModelFile | TarArchive]] = [*fields]
        for file in files:
            parts += [("file", file), ("filePath", file.name)]
        super().__init__(parts, report)


class _Sources(ExitStack):
    """Opens the files of a body. A zip archive is opened once for all its members."""

    def __init__(self) -> None:
        super().__init__()
        self._zips: dict[str, zipfile.ZipFile] = {}

    def open(self, file: ModelFile) -> BinaryIO:
        """Open a file for reading."""
        if file.member is None:
            return open_file(file.source)
        name = str(file.source)
        if name not in self._zips:
            self._zips[name] = self.enter_context(zipfile.ZipFile(self.enter_context(open_file(file.source))))
        return cast("BinaryIO", self._zips[name].open(file.member))


def _part(boundary: str, name: str, filename: str | None = None) -> bytes:
    """Return the header of a part."""
    from urllib3.fields import RequestField

    field = RequestField(name, b"", filename)
    field.make_multipart(content_type=None if filename is None else "application/octet-stream")
    return f"--{boundary}\r\n{field.render_headers()}".encode()


def _content(file: ModelFile, sources: _Sources) -> Iterator[bytes]:
    remaining = file.size
    # Not OSError, which requests would treat as a lost connection.
    try:
        with sources.open(file) as stream:
            while remaining and (chunk := stream.read(min(_CHUNK_SIZE, remaining))):
                remaining -= len(chunk)
                yield chunk
            changed = bool(remaining or stream.read(1))
    except ZIP_READ_ERRORS as error:
        reason = getattr(error, "strerror", None) or error
        unreadable = InputError(f"{file.source} could not be read during the upload: {reason}.")
        unreadable.retryable = is_in_object_storage(file.source) and not isinstance(error, _PERMANENT)
        raise unreadable from None
    if changed:
        raise InputError(f"The size of {file.source} changed during the upload. Nothing was created.")
