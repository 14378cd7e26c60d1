"""Time limits of requests and minimum transfer rates of uploads and downloads."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

#: Minimum rate of an upload or a download, in bytes per minute. A slower transfer is treated as stalled.
MINIMUM_RATE = 64 * 1024


class LimitExceededError(TimeoutError):
    """The limit of an attempt is exceeded."""


class Limit(Protocol):
    """Limits the time of an attempt on the network."""

    def remaining(self) -> float:
        """Return the remaining time of the next operation, in seconds.

        :raises LimitExceededError: if there is none.
        """

    def record(self, size: int, seconds: float) -> None:
        """Record a finished operation: the number of bytes and the duration in seconds."""

    def response(self) -> Limit:
        """Return the limit of the response to the request under this limit."""


class Deadline:
    """Limits the total time of an attempt: connecting, sending and receiving the complete response.

    :param seconds: the total time.
    :param clock: returns the time in seconds.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._end = clock() + seconds
        self._clock = clock

    def remaining(self) -> float:
        """Return the seconds until the deadline."""
        remaining = self._end - self._clock()
        if remaining <= 0:
            raise LimitExceededError
        return remaining

    def record(self, size: int, seconds: float) -> None:
        """Ignore the operation. The deadline does not depend on progress."""

    def response(self) -> Limit:
        """Return this limit, because the deadline includes the response."""
        return self


class MinimumRate:
    """Limits a transfer of any size by its rate: at least ``MINIMUM_RATE``.

    Only the time of network operations counts, not that of the local disk.

    :param seconds: the period over which the rate is measured, and the longest time without any progress.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._required = MINIMUM_RATE * seconds / 60
        self._elapsed = 0.0
        self._size = 0

    def remaining(self) -> float:
        """Return the remaining seconds of the period."""
        remaining = self._seconds - self._elapsed
        if remaining <= 0:
            raise LimitExceededError
        return remaining

    def record(self, size: int, seconds: float) -> None:
        """Record an operation. A new period begins when enough bytes were transferred."""
        self._elapsed += seconds
        self._size += size
        if self._size >= self._required:
            self._elapsed, self._size = 0.0, 0

    def response(self) -> Limit:
        """Return the deadline of the response, which begins when the upload is complete."""
        return Deadline(self._seconds)


class DownloadLimit:
    """Limits a download: a deadline for the head of the response, and a minimum rate for its body.

    :param seconds: the time for the head, and the period over which the rate is measured.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._current: Limit = Deadline(seconds)

    def begin_body(self) -> None:
        """Switch to the limit of the body, after the head was received."""
        self._current = MinimumRate(self._seconds)

    def remaining(self) -> float:
        """Return the remaining seconds of the current limit."""
        return self._current.remaining()

    def record(self, size: int, seconds: float) -> None:
        """Record an operation under the current limit."""
        self._current.record(size, seconds)

    def response(self) -> Limit:
        """Return this limit, which applies to the response."""
        return self
