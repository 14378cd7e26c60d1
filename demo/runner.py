"""Run a demonstration in a temporary folder and determine its exit code."""

from __future__ import annotations

import shutil
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harness.airflow_api import ApiError, DagImportError
from harness.emulator import ROOT
from harness.processes import Interrupted, ProcessDiedError, WaitTimeoutError, interruptible

if TYPE_CHECKING:
    from collections.abc import Callable

EXPECTED_ERRORS = (ApiError, DagImportError, WaitTimeoutError, OSError, ProcessDiedError)
SUCCESS = "demo: success"


class Stopwatch:
    """Prints progress messages with the seconds since the start."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self._start

    def log(self, message: str) -> None:
        """Print a message."""
        print(f"[{self.seconds:6.1f} s] {message}", flush=True)


def run_in_folder(demonstrate: Callable[[Path], str], *, keep: bool = False) -> int:
    """Run a demonstration in a new folder, print the line that it returns, and return the exit code.

    :param demonstrate: the demonstration; its last line starts with ``SUCCESS`` if it succeeded.
    :param keep: keep the folder; default ``False``. The folder of a failed demonstration is always kept.
    """
    (ROOT / ".demo").mkdir(exist_ok=True)
    now = datetime.now().astimezone()
    folder = Path(tempfile.mkdtemp(prefix=f"{now:%Y%m%d-%H%M%S}-", dir=ROOT / ".demo"))
    try:
        with interruptible():
            outcome = demonstrate(folder)
        code = 0 if outcome.startswith(SUCCESS) else 1
        keep = keep or code != 0
    except Interrupted as interrupted:
        outcome, code = f"demo: {interrupted}, all processes are stopped", interrupted.exit_code
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    print(outcome, flush=True)
    return code
