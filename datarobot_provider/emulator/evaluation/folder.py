"""The folder of a version, which a container has under ``/opt/code``."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

CODE_FOLDER = "/opt/code"


class StoredFile(Protocol):
    """A file with its path in the version."""

    path: str
    file: IO[bytes]


class Folder:
    """The files of a version by path. A file is read on demand.

    :param files: the files of the version. The last one of a path takes precedence.
    """

    def __init__(self, files: Iterable[StoredFile]) -> None:
        self._files = {each.path: each.file for each in files}
        self._folders = {parent for path in self._files for parent in _parents(path)}

    @property
    def paths(self) -> list[str]:
        """The paths of all files, sorted."""
        return sorted(self._files)

    @property
    def top(self) -> list[str]:
        """The names of the files at the top level, sorted."""
        return [path for path in self.paths if "/" not in path]

    def has_file(self, path: str) -> bool:
        """Return whether a path is a file of the version."""
        return path in self._files

    def has_folder(self, path: str) -> bool:
        """Return whether a path is a folder of the version. The empty path is its root folder."""
        return not path or path in self._folders

    def size(self, path: str) -> int:
        """Return the size of a file in bytes."""
        return self._files[path].seek(0, os.SEEK_END)

    def read(self, path: str) -> bytes:
        """Return the content of a file."""
        file = self._files[path]
        file.seek(0)
        return file.read()


def _parents(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: depth + 1]) for depth in range(len(parts))]
