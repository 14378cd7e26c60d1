"""Pauses of waits, on an event loop whose clock jumps to the next timer."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import pytest

from datarobot_provider.jobs.async_wait import pause, pause_before_first_poll
from tests.unit.jobs.virtual_loop import Loop, result_of


def ran(main) -> Loop:
    """Run ``main(loop)`` and return the loop."""
    return result_of(main)[1]


async def length(loop: Loop, awaitable) -> float:
    began = loop.time()
    await awaitable
    return loop.time() - began


@pytest.mark.parametrize("seconds", [0.5, 0.93, 7.3, 100.0])
def test_long_pauses_end_together_at_full_quarters_of_a_second(seconds):
    async def main(loop: Loop) -> None:
        assert seconds - 1e-9 <= await length(loop, pause(seconds)) <= seconds + 0.25
        assert loop.time() * 4 == pytest.approx(round(loop.time() * 4), abs=1e-6)

    ran(main)


@pytest.mark.parametrize("seconds", [0.0, 0.013, 0.49])
def test_short_pauses_are_exact(seconds):
    async def main(loop: Loop) -> None:
        assert await length(loop, pause(seconds)) == pytest.approx(seconds)

    ran(main)


def test_pauses_that_end_together_share_one_timer():
    async def main(loop: Loop) -> None:
        ends = await asyncio.gather(*(length(loop, pause(1 + number / 1_000)) for number in range(100)))
        assert len(set(ends)) == 1

    assert ran(main).timers == 1


def test_cancelling_a_pause_does_not_affect_the_others():
    async def main(loop: Loop) -> None:
        cancelled, other = (asyncio.ensure_future(length(loop, pause(5))) for _ in range(2))
        await asyncio.sleep(1)
        cancelled.cancel()
        with suppress(asyncio.CancelledError):
            await cancelled
        assert loop.time() == pytest.approx(1_001.07)
        assert 5 <= await other <= 5.25

    ran(main)


def test_the_pause_before_the_first_poll_is_random_and_ends_at_the_deadline():
    async def main(loop: Loop) -> None:
        soon = time.time() + 3_600
        lengths = await asyncio.gather(*(length(loop, pause_before_first_poll(soon, 10.0)) for _ in range(200)))
        assert 0.5 <= min(lengths) < 0.8
        assert 1.2 < max(lengths) <= 1.75
        assert len(set(lengths)) >= 4
        assert 0.05 <= await length(loop, pause_before_first_poll(soon, 0.1)) <= 0.15
        assert await length(loop, pause_before_first_poll(time.time() - 5, 10.0)) == 0

    ran(main)
