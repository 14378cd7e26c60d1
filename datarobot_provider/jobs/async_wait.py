"""Waiting for a job on an event loop, where thousands of waits go on at once."""

from __future__ import annotations

import asyncio
import math
import random
import time
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from datarobot_provider.exceptions import DataRobotError
from datarobot_provider.jobs.poller import FIRST_PAUSE, Get, Sleep, advance

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from datarobot_provider.client.request import Response
    from datarobot_provider.jobs.poller import Ending, Report, Step, Steps

_LONG_PAUSE, _TICK = 0.5, 0.25

#: Who sleeps on an event loop until which full quarter of a second.
_SLEEPERS: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[int, list[asyncio.Future[None]]]] = WeakKeyDictionary()


async def wait_async(loop: Steps, poll: Callable[[str], Awaitable[Response]], report: Report) -> Ending:
    """Carry out a wait on an event loop; see :func:`datarobot_provider.jobs.poller.wait`."""
    answer: Response | DataRobotError | None = None
    step: Step | Ending | None
    while not isinstance(step := advance(loop, answer), tuple):
        answer = None
        if isinstance(step, Get):
            try:
                answer = await poll(step.path)
            except DataRobotError as error:
                answer = error
        elif isinstance(step, Sleep):
            # A thousand sleepers would keep a thousand steps.
            seconds, step = step.seconds, None
            await pause(seconds)
        else:
            report(step)
    return step


async def pause_before_first_poll(deadline: float, poll_interval: float) -> None:
    """Wait a moment after somebody else has looked; jobs that were started together are not looked at together.

    :param deadline: when to stop waiting, in seconds since the epoch.
    :param poll_interval: longest pause between two looks, in seconds.
    """
    seconds = min(FIRST_PAUSE, poll_interval) * (0.5 + random.random())  # noqa: S311 - nothing to guess
    await pause(min(seconds, max(0.0, deadline - time.time())))


def pause(seconds: float) -> Awaitable[None]:
    """Sleep at least so many seconds, a long pause until the next full quarter of a second.

    Of a thousand waits, those that wake up at the same moment share one timer, and what it costs to wake up.
    """
    if seconds < _LONG_PAUSE:
        return asyncio.sleep(seconds)
    loop = asyncio.get_running_loop()
    tick = math.ceil((loop.time() + seconds) / _TICK)
    sleepers = _SLEEPERS.setdefault(loop, {})
    if tick not in sleepers:
        sleepers[tick] = []
        loop.call_at(tick * _TICK, _wake, sleepers, tick)
    sleeper = loop.create_future()
    sleepers[tick].append(sleeper)
    return sleeper


def _wake(sleepers: dict[int, list[asyncio.Future[None]]], tick: int) -> None:
    for sleeper in sleepers.pop(tick):
        if not sleeper.done():
            sleeper.set_result(None)
