"""Tar archives that are streamed: the files are read while they are uploaded."""

from __future__ import annotations

import stat
import tarfile
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from datarobot_provider.client.files import is_in_object_storage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from datarobot_provider.client.files import ModelFile

#: Mode of a file whose own mode is unknown. Scripts have to be executable.
_MODE = 0o755
_END = bytes(2 * tarfile.BLOCKSIZE)


@dataclass(frozen=True)
class TarArchive:
    """Archive to upload.

    :param name: file name of the archive.
    :param files: the files in it.
    """

    name: str
    files: Sequence[ModelFile]

    def contents(self) -> Iterator[bytes | ModelFile]:
        """Yield the archive: its headers, its files, and the bytes that pad them to whole blocks."""
        for file in self.files:
            yield _header(file)
            yield file
            yield bytes(-file.size % tarfile.BLOCKSIZE)
        yield _END

    @cached_property
    def size(self) -> int:
        """The size in bytes."""
        return sum(len(part) if isinstance(part, bytes) else part.size for part in self.contents())


def _header(file: ModelFile) -> bytes:
    header = tarfile.TarInfo(file.name)
    header.size = file.size
    header.mode = _MODE if is_in_object_storage(file.source) else stat.S_IMODE(file.source.stat().st_mode)
    return header.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
