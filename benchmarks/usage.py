"""What a process has used, read from ``/proc``; memory in bytes."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Self

_PAGE = os.sysconf("SC_PAGE_SIZE")
_KIB = 1024


def memory() -> int:
    """Return the memory that this process holds now (RSS)."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE


def reset_peak_memory() -> None:
    """Let the peak of this process start again from what it holds now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_memory(pid: int | str = "self") -> int:
    """Return the most memory that a process has held (VmHWM); 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * _KIB for line in status.splitlines() if line.startswith("VmHWM")), 0)


def open_files(pid: int | str = "self") -> int:
    """Return how many descriptors a process has open; 0 when it is gone."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - called every few milliseconds
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0


class Watch:
    """Watches a process during a ``with`` block, every few milliseconds from a thread.

    :param pid: the process; default is this one.
    :ivar peak: the most memory it has held.
    :ivar files: the most descriptors it has had open.
    """

    def __init__(self, pid: int | str = "self", interval: float = 0.01) -> None:
        self._pid, self._interval = pid, interval
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._poll, daemon=True)
        self.peak = self.files = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _poll(self) -> None:
        while True:
            self.peak = max(self.peak, peak_memory(self._pid))
            self.files = max(self.files, open_files(self._pid))
            if self._over.wait(self._interval):
                return


class Stopwatch:
    """Measures wall time and CPU time (user and system, all threads) of this process during a ``with`` block."""

    wall = cpu = 0.0

    def __enter__(self) -> Self:
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall, self.cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
