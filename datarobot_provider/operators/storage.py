"""Where downloads go: a local path, or any path that Airflow's object storage knows."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from datarobot_provider.client.download import PIECE
from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from datarobot_provider.client.download import Expected


class StorageSink:
    """Writes to a temporary name beside the target, and moves it there when it is complete.

    :param target: a local path, or a URL such as ``s3://conn_id@bucket/key``.
    """

    def __init__(self, target: str) -> None:
        self._local = "://" not in target
        self._target: Any = Path(target) if self._local else _object_path(target)
        self._partial: Any = self._target.parent / f"{self._target.name}.part"

    def open(self) -> BinaryIO:
        """Open the temporary file for writing."""
        if self._local or self._target.protocol == "file":
            self._target.parent.mkdir(parents=True, exist_ok=True)
        return cast("BinaryIO", self._partial.open("wb"))

    def commit(self) -> str:
        """Move it to its final name, which is returned."""
        if self._local:
            self._partial.replace(self._target)
        else:
            self._partial.move(self._target)
        return str(self._target)

    def discard(self) -> None:
        """Remove it, if it is there."""
        with suppress(OSError):
            self._partial.unlink()

    def holds(self, expected: Expected) -> bool:
        """Return whether the target is there already, with the size and the hash that are expected."""
        if not self._target.exists() or self._target.stat().st_size != expected.size:
            return False
        digest = hashlib.sha256()
        with self._target.open("rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
        return digest.hexdigest() == str(expected.sha256).lower()


def _object_path(target: str) -> Any:
    from datarobot_provider.version_compat import ObjectStoragePath

    try:
        return ObjectStoragePath(target)
    except ValueError as error:
        raise InputError(f"target is {target!r}, which Airflow's object storage cannot reach: {error}.") from None
