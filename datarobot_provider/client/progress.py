"""How far an upload or a download is, told every so often."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_TELL_SECONDS = 15.0
#: What is over sooner than this is not worth a line.
_QUICK_SECONDS = 1.0
_MEGABYTE = 1e6


class Progress:
    """Counts the bytes of one transfer, and tells about them at a sane pace.

    :param done: what was done with them, such as ``Uploaded``.
    :param tell: takes lines for the task log.
    :param total: how many there will be, in bytes; ``None`` if nobody knows.
    :param clock: gives seconds.
    """

    def __init__(
        self,
        done: str,
        report: Callable[[str], None],
        total: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.total = total
        self.size = 0
        self._done = done
        self._tell = report
        self._clock = clock
        self._began = self._told = clock()

    def add(self, size: int) -> None:
        """Count ``size`` more bytes."""
        self.size += size
        now = self._clock()
        if now - self._told >= _TELL_SECONDS:
            self._told = now
            of = f" of {_megabytes(self.total)} ({self.size / self.total:.0%})" if self.total else ""
            self._tell(f"{self._done} {_megabytes(self.size)}{of}, {self._rate(now)}.")

    def end(self) -> None:
        """Tell how long it took, if it took any time."""
        now = self._clock()
        if now - self._began >= _QUICK_SECONDS:
            self._tell(f"{self._done} {_megabytes(self.size)} in {now - self._began:,.0f} s, {self._rate(now)}.")

    def _rate(self, now: float) -> str:
        return f"{_megabytes(self.size / (now - self._began))}/s"


def _megabytes(size: float) -> str:
    return f"{size / _MEGABYTE:,.1f} MB"
