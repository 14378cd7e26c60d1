"""Limit of the polls of one connection, which all waits of a triggerer share."""

from __future__ import annotations

import asyncio
from collections import deque

#: The polls of this many seconds may be sent at once, after a time without polls.
_BURST_SECONDS = 1.0
#: Tolerance for the sum of many pauses, in seconds.
_ROUNDING = 1e-6


class PollLimit:
    """Lets a number of polls per second pass. If there are more, the oldest one passes first.

    :param per_second: maximum number of polls per second.
    """

    def __init__(self, per_second: float) -> None:
        self._seconds = 1 / per_second
        self._burst = max(0.0, _BURST_SECONDS - self._seconds)
        #: The time by which the polls so far are used up at the permitted rate, as a time of the event loop.
        self._used_until = 0.0
        self._held_until = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def acquire(self, *, urgent: bool = False) -> None:
        """Wait until the next poll may be sent.

        :param urgent: whether the poll passes before those that wait; default ``False``.
        """
        loop = asyncio.get_running_loop()
        if (urgent or not self._waiting) and not self._seconds_to_wait(loop.time()):
            self._use(loop.time())
            return
        permission = loop.create_future()
        if urgent:
            self._waiting.appendleft(permission)
        else:
            self._waiting.append(permission)
        self._schedule(loop)
        await permission

    def hold(self, seconds: float) -> None:
        """Let no poll pass for some time, because the server asked for it with ``Retry-After``."""
        self._held_until = max(self._held_until, asyncio.get_running_loop().time() + seconds)

    def _seconds_to_wait(self, now: float) -> float:
        """Return the seconds until the next poll may be sent."""
        seconds = max(self._held_until, self._used_until - self._burst) - now
        return seconds if seconds > _ROUNDING else 0.0

    def _use(self, now: float) -> None:
        self._used_until = max(now, self._used_until) + self._seconds

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is None:
            self._timer = loop.call_later(self._seconds_to_wait(loop.time()), self._let_pass, loop)

    def _let_pass(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        while self._waiting and not self._seconds_to_wait(loop.time()):
            permission = self._waiting.popleft()
            # A wait may have been cancelled.
            if not permission.done():
                self._use(loop.time())
                permission.set_result(None)
        if self._waiting:
            self._schedule(loop)
