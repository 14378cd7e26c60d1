"""How long one attempt may block on the network: a request has an end, a transfer has a slowest pace."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

#: The slowest pace of an upload or a download, in bytes per minute. What is slower counts as a standstill.
SLOWEST_PACE = 64 * 1024


class OutOfTimeError(TimeoutError):
    """The limit of an attempt has passed."""


class Limit(Protocol):
    """Limits the time that an attempt may block on the network."""

    def left(self) -> float:
        """Return how many seconds the next operation may take.

        :raises OutOfTimeError: if none are left.
        """

    def record(self, size: int, seconds: float) -> None:
        """Count the bytes that an operation has moved, and the seconds that it took."""

    def response(self) -> Limit:
        """Return the limit of the response to what was sent under this one."""


class Deadline:
    """Limits an attempt as a whole: connecting, sending and the complete response.

    :param seconds: how long it may take.
    :param clock: gives seconds.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._end = clock() + seconds
        self._clock = clock

    def left(self) -> float:
        """Return the seconds until the end."""
        left = self._end - self._clock()
        if left <= 0:
            raise OutOfTimeError
        return left

    def record(self, size: int, seconds: float) -> None:
        """Count nothing: what arrives does not move the end."""

    def response(self) -> Limit:
        """Return this one: the end is that of the response too."""
        return self


class Pace:
    """Limits a transfer of any size by its pace: at least ``SLOWEST_PACE``, taken over a while.

    Only the time that the network takes is counted, not that of a slow disk at our end.

    :param seconds: over how long the pace is taken; so long nothing at all may arrive.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._least = SLOWEST_PACE * seconds / 60
        self._spent = 0.0
        self._size = 0

    def left(self) -> float:
        """Return the seconds in which the next bytes have to be moved."""
        left = self._seconds - self._spent
        if left <= 0:
            raise OutOfTimeError
        return left

    def record(self, size: int, seconds: float) -> None:
        """Count; whoever has moved enough has all of the time again."""
        self._spent += seconds
        self._size += size
        if self._size >= self._least:
            self._spent, self._size = 0.0, 0

    def response(self) -> Limit:
        """Return an end for the response to an upload, which begins when everything is sent."""
        return Deadline(self._seconds)


class Download:
    """Limits a download: an end for the head of the response, a pace for its body.

    :param seconds: how long the head may take, and over how long the pace is taken.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._now: Limit = Deadline(seconds)

    def begin_body(self) -> None:
        """Take note that the head has arrived."""
        self._now = Pace(self._seconds)

    def left(self) -> float:
        """Return the seconds in which the head has to be there, or the next bytes of the body."""
        return self._now.left()

    def record(self, size: int, seconds: float) -> None:
        """Count."""
        self._now.record(size, seconds)

    def response(self) -> Limit:
        """Return this one, which knows whether the head is there."""
        return self
