"""The multipart body of a model version: streamed from disk or from a zip, one file open at a time."""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING, BinaryIO

from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from datarobot_provider.client.files import ModelFile

_PIECE = 1024 * 1024
#: What reading a file, or a member of a damaged zip, can end in.
_UNREADABLE = (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


class FileReader:
    """Reads one file of an upload, opened at its first byte and closed after its last.

    :param file: what to read; its size must not change meanwhile.
    """

    def __init__(self, file: ModelFile) -> None:
        self._file = file
        self._left = file.size
        self._stream: BinaryIO | None = None
        self._finished = False

    @property
    def len(self) -> int:
        """Bytes still to come; the multipart encoder asks for it by this name."""
        return self._left

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes.

        :raises InputError: if the file vanished or changed its size since it was listed.
        """
        if self._finished:
            return b""
        wanted = self._left if size < 0 else min(size, self._left)
        # InputError, not OSError: requests would take an OSError for a broken connection.
        try:
            if self._stream is None:
                self._stream = self._file.open()
            piece = self._stream.read(wanted)
            complete = len(piece) == wanted and (wanted < self._left or not self._stream.read(1))
        except _UNREADABLE as error:
            self.close()
            reason = getattr(error, "strerror", None) or error
            raise InputError(f"{self._file.source} could not be read during the upload: {reason}.") from None
        if not complete:
            self.close()
            raise InputError(f"{self._file.source} changed its size during the upload; nothing was created.")
        self._left -= wanted
        if not self._left:
            self._finished = True
            self.close()
        return piece

    def close(self) -> None:
        """Close the file, if it is open."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None


class UploadBody:
    """A multipart body of known length that gives itself in large pieces.

    An iterator with a length, and no ``read``: ``requests`` would hand an object with ``read`` to the socket in pieces
    of a few KiB, which costs most of the speed.

    :param fields: the form fields, in order.
    :param files: the files, each sent as ``file`` followed by its ``filePath``.
    """

    def __init__(self, fields: Sequence[tuple[str, str]], files: Sequence[ModelFile]) -> None:
        from requests_toolbelt import MultipartEncoder

        parts: list[tuple[str, object]] = list(fields)
        self._readers = [FileReader(file) for file in files]
        for file, reader in zip(files, self._readers, strict=True):
            name = file.name.rpartition("/")[2]
            parts += [("file", (name, reader, "application/octet-stream")), ("filePath", file.name)]
        self._encoder = MultipartEncoder(parts)
        self.content_type: str = self._encoder.content_type

    def __len__(self) -> int:
        return int(self._encoder.len)

    def __iter__(self) -> Iterator[bytes]:
        try:
            # The encoder never asks an empty file for its content; it may have got some in the meantime.
            for reader in self._readers:
                if not reader.len:
                    reader.read()
            while piece := self._encoder.read(_PIECE):
                yield piece
        finally:
            for reader in self._readers:
                reader.close()
