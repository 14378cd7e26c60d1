"""One demonstration from its folder to its exit code."""

from __future__ import annotations

import shutil
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harness.airflow_api import ApiError, DagImportError
from harness.emulator import ROOT
from harness.processes import Interrupted, NotReachedError, ProcessDiedError, interruptible

if TYPE_CHECKING:
    from collections.abc import Callable

KNOWN_FAILURES = (ApiError, DagImportError, NotReachedError, OSError, ProcessDiedError)
SUCCESS = "demo: success"


class Stopwatch:
    """Says what is going on, with the seconds since the start."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        """Return how long it has been running."""
        return time.monotonic() - self._start

    def say(self, text: str) -> None:
        """Print one line."""
        print(f"[{self.seconds:6.1f} s] {text}", flush=True)


def run_in_folder(demonstrate: Callable[[Path], str], *, keep: bool = False) -> int:
    """Give a demonstration a folder of its own, print the last line it returns, and return the exit code.

    The folder is removed, unless it is to be kept or the last line does not start with ``SUCCESS``.
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
        outcome, code = f"demo: {interrupted}, nothing is left running", interrupted.exit_code
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    print(outcome, flush=True)
    return code
