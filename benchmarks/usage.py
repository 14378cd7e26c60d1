"""Memory (in bytes), open files and time of a process, read from ``/proc``."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Self

_PAGE = os.sysconf("SC_PAGE_SIZE")
_KIB = 1024


def memory() -> int:
    """Return the current memory of this process (RSS)."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE


def reset_peak_memory() -> None:
    """Reset the peak memory of this process to its current memory."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_memory(pid: int | str = "self") -> int:
    """Return the peak memory of a process (VmHWM); 0 if it no longer exists."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * _KIB for line in status.splitlines() if line.startswith("VmHWM")), 0)


def open_files(pid: int | str = "self") -> int:
    """Return the number of open files of a process; 0 if it no longer exists."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - called every few milliseconds
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0


class ProcessMonitor:
    """Monitors a process during a ``with`` block, from a thread.

    :param pid: the process; default is this one.
    :param interval: seconds between two samples; default 0.01.
    :ivar peak: the maximum of its memory.
    :ivar files: the maximum number of its open files.
    """

    def __init__(self, pid: int | str = "self", interval: float = 0.01) -> None:
        self._pid, self._interval = pid, interval
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.peak = self.files = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self.peak = max(self.peak, peak_memory(self._pid))
            self.files = max(self.files, open_files(self._pid))
            if self._stopped.wait(self._interval):
                return


class Stopwatch:
    """Measures wall time and CPU time (user and system, all threads) of this process during a ``with`` block."""

    wall = cpu = 0.0

    def __enter__(self) -> Self:
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall, self.cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
