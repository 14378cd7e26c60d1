"""Where files come from and downloads go: a local path, or any path that Airflow's object storage knows."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from datarobot_provider.client.files import is_in_object_storage
from datarobot_provider.core.arguments.paths import located, path_text
from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from datarobot_provider.client.download import Expected

# A link under the temporary name, which anybody may have laid in a shared folder, is not written through.
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_PIECE = 1024 * 1024
_MODE = 0o666  # as any new file: the umask says who may read it


class StorageSink:
    """Writes to a temporary name beside the target, and moves it there when it is complete.

    The target alone says where the file goes; no name that a server tells has a part in it.

    :param target: a local path or an address such as ``s3://conn_id@bucket/key``, as a string or as a path object.
    :ivar name: the target as it was given, a string.
    :raises InputError: if it is no path, or one that cannot be reached.
    """

    def __init__(self, target: Any) -> None:
        self.name = path_text(target)
        self._target: Any = located("target", target)
        self._local = not is_in_object_storage(self._target)
        if self._local and self._target.is_dir():
            raise InputError(f"target is {self.name!r}, which is a folder. Add the name of the file.")
        self._partial: Any = self._target.parent / f"{self._target.name}.part"
        self._inode: int | None = None

    def open(self) -> BinaryIO:
        """Open the temporary file for writing; one that an earlier try left behind is replaced."""
        if not self._local:
            return cast("BinaryIO", self._partial.open("wb"))
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._partial.unlink(missing_ok=True)
        descriptor = os.open(self._partial, _NEW, _MODE)
        self._inode = os.fstat(descriptor).st_ino
        return os.fdopen(descriptor, "wb")

    def commit(self) -> str:
        """Move it to its final name, which is returned.

        :raises InputError: if another task has put a file of its own in its place meanwhile.
        """
        if not self._local:
            self._partial.move(self._target)
        elif self._partial.lstat().st_ino == self._inode:
            self._partial.replace(self._target)
        else:
            raise InputError(f"Another task downloads to {self.name} at the same time.")
        return self.name

    def discard(self) -> None:
        """Remove it, if it is there and is ours."""
        with suppress(OSError):
            if not self._local or self._partial.lstat().st_ino == self._inode:
                self._partial.unlink()

    def matches(self, expected: Expected) -> bool:
        """Return whether the target is there already, with the size and the hash that are expected."""
        if not self._target.exists() or self._target.stat().st_size != expected.size:
            return False
        digest = hashlib.sha256()
        with self._target.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
        return digest.hexdigest() == str(expected.sha256).lower()
