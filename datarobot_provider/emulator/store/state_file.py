"""The file of the option ``--state``, in which the emulator keeps its state while it is stopped."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.common import timestamps
from datarobot_provider.emulator.store import snapshot
from datarobot_provider.emulator.store.snapshot import SnapshotError

if TYPE_CHECKING:
    from pathlib import Path

    from datarobot_provider.emulator.store.state import State

_FORMAT = "datarobot-emulator-state"
_VERSION = 1


class StateFileError(Exception):
    """A state file that cannot be read or written. The message gives the reason."""


class StateFile:
    """A state file.

    :param path: the path of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        #: Whether a state was restored from the file.
        self.restored = False

    def load(self, state: State) -> bool:
        """Restore a state from the file.

        :param state: the state, whose content is replaced.
        :returns: whether the file exists. If it does not exist, the state has not changed.
        :raises StateFileError: if the file cannot be read or is not a state file. The file and the state are unchanged.
        """
        try:
            document = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StateFileError(self._problem("read", error)) from error
        except (ValueError, RecursionError) as error:
            raise StateFileError(self._foreign("it is not valid JSON")) from error
        if not isinstance(document, dict) or document.get("format") != _FORMAT:
            raise StateFileError(self._foreign("it was not written by this program"))
        if document.get("version") != _VERSION:
            raise StateFileError(self._foreign(f"it has the version {document.get('version')} instead of {_VERSION}"))
        try:
            snapshot.restore(state, document["snapshot"])
        except (SnapshotError, LookupError) as error:
            raise StateFileError(self._foreign(str(error))) from error
        self.restored = True
        return True

    def save(self, state: State) -> None:
        """Write a state to the file. The file is replaced in one step, and only its owner can read it.

        :param state: the state.
        :raises StateFileError: if the file cannot be written. Its previous content is kept.
        """
        saved_at = timestamps.iso_format(timestamps.now())
        document: dict[str, Any] = {"format": _FORMAT, "version": _VERSION, "savedAt": saved_at}
        content = json.dumps({**document, "snapshot": snapshot.encode(state)})
        try:
            # The file is created with the mode 0600.
            descriptor, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(name, self.path)  # noqa: PTH105 - the name is a string
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(name)  # noqa: PTH108 - the name is a string
                raise
        except OSError as error:
            raise StateFileError(self._problem("write", error)) from error

    def _problem(self, action: str, error: OSError) -> str:
        return f"cannot {action} the state file {self.path}: {error.strerror or error}"

    def _foreign(self, reason: str) -> str:
        return (
            f"{self.path} is not a state file of this emulator: {reason}. It has not been changed. "
            "Choose another file with --state, or delete it to start again"
        )
