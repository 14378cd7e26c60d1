"""Target of a download: a local file, or a file in Airflow's object storage."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from datarobot_provider.client.files import is_in_object_storage
from datarobot_provider.core.arguments.paths import path_string, resolve_path
from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from datarobot_provider.client.download import Expected

# Do not follow a symbolic link at the temporary path: in a shared folder, another user may have created it.
_OPEN_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_CHUNK_SIZE = 1024 * 1024
_MODE = 0o666  # as for any new file; the umask applies


class StorageSink:
    """Writer of a file that appears at its target only when it is complete.

    The content is written to a temporary file next to the target, which is moved to the target at the end. File names
    from the server are ignored.

    :param target: a local path or a URL such as ``s3://conn_id@bucket/key``, as a string or as a path object.
    :ivar name: ``target`` as a string.
    :raises InputError: if ``target`` is not a path, is a folder, or its object storage cannot be opened.
    """

    def __init__(self, target: Any) -> None:
        self.name = path_string(target)
        self._target: Any = resolve_path("target", target)
        self._local = not is_in_object_storage(self._target)
        if self._local and self._target.is_dir():
            raise InputError(f"target is {self.name!r}, which is a folder. Append a file name.")
        self._partial: Any = self._target.parent / f"{self._target.name}.part"
        self._inode: int | None = None

    def open(self) -> BinaryIO:
        """Open the temporary file for writing; a file that an earlier attempt left behind is replaced."""
        if not self._local:
            return cast("BinaryIO", self._partial.open("wb"))
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._partial.unlink(missing_ok=True)
        descriptor = os.open(self._partial, _OPEN_FLAGS, _MODE)
        self._inode = os.fstat(descriptor).st_ino
        return os.fdopen(descriptor, "wb")

    def commit(self) -> str:
        """Move the temporary file to the target.

        :returns: the target.
        :raises InputError: if another task has replaced the temporary file meanwhile.
        """
        if not self._local:
            self._partial.move(self._target)
        elif self._partial.lstat().st_ino == self._inode:
            self._partial.replace(self._target)
        else:
            raise InputError(
                f"Another task is downloading to {self.name} at the same time. Give each task its own target."
            )
        return self.name

    def discard(self) -> None:
        """Remove the temporary file, if it exists and belongs to this task."""
        with suppress(OSError):
            if not self._local or self._partial.lstat().st_ino == self._inode:
                self._partial.unlink()

    def matches(self, expected: Expected) -> bool:
        """Return whether the target already exists with the expected size and hash."""
        if not self._target.exists() or self._target.stat().st_size != expected.size:
            return False
        digest = hashlib.sha256()
        with self._target.open("rb") as file:
            while chunk := file.read(_CHUNK_SIZE):
                digest.update(chunk)
        return digest.hexdigest() == str(expected.sha256).lower()
