"""Progress reports of uploads and downloads."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds between two reports.
_REPORT_SECONDS = 15.0
#: A transfer that takes fewer seconds is not reported.
_QUICK_SECONDS = 1.0
_MEGABYTE = 1e6


class Progress:
    """Counts the bytes of one transfer and reports them at regular intervals.

    :param verb: the past participle that begins a report, such as ``Uploaded``.
    :param report: called with lines for the task log.
    :param total: expected number of bytes; ``None`` if it is unknown.
    :param clock: returns the time in seconds.
    """

    def __init__(
        self,
        verb: str,
        report: Callable[[str], None],
        total: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.total = total
        self.size = 0
        self._verb = verb
        self._report = report
        self._clock = clock
        self._started = self._reported = clock()

    def add(self, size: int) -> None:
        """Count ``size`` more bytes."""
        self.size += size
        now = self._clock()
        if now - self._reported >= _REPORT_SECONDS:
            self._reported = now
            of = f" of {_megabytes(self.total)} ({self.size / self.total:.0%})" if self.total else ""
            self._report(f"{self._verb} {_megabytes(self.size)}{of}, {self._rate(now)}.")

    def end(self) -> None:
        """Report the duration of the transfer, unless it was very short."""
        now = self._clock()
        if now - self._started >= _QUICK_SECONDS:
            self._report(f"{self._verb} {_megabytes(self.size)} in {now - self._started:,.0f} s, {self._rate(now)}.")

    def _rate(self, now: float) -> str:
        return f"{_megabytes(self.size / (now - self._started))}/s"


def _megabytes(size: float) -> str:
    return f"{size / _MEGABYTE:,.1f} MB"
