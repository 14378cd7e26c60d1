"""The limit of the polls of a connection, on an event loop with a virtual clock."""

from __future__ import annotations

import asyncio

import pytest

from datarobot_provider.client.poll_limit import PollLimit
from tests.unit.jobs.virtual_loop import result_of


def times_of(*, polls, per_second, hold=0.0, urgent=()):
    """Return after how many seconds each poll passed, with the polls that are urgent."""

    async def main(loop):
        limit, began, passed = PollLimit(per_second), loop.time(), {}
        if hold:
            limit.hold(hold)

        async def poll(number):
            await limit.acquire(urgent=number in urgent)
            passed[number] = loop.time() - began

        await asyncio.gather(*(poll(number) for number in range(polls)))
        return passed

    return result_of(main)[0]


def test_polls_below_the_limit_pass_at_once():
    assert set(times_of(polls=10, per_second=10).values()) == {0.0}


def test_more_polls_are_spread_evenly_and_the_oldest_passes_first():
    passed = times_of(polls=40, per_second=10)
    assert list(passed) == sorted(passed)
    assert list(passed.values())[10:] == pytest.approx([number / 10 for number in range(30)], abs=0.11)
    assert passed[39] == pytest.approx(2.9, abs=0.11)


def test_a_limit_below_one_per_second():
    passed = list(times_of(polls=4, per_second=0.5).values())
    assert passed == pytest.approx([0, 1, 3, 5])


def test_retry_after_holds_all_polls():
    passed = list(times_of(polls=20, per_second=10, hold=30).values())
    assert min(passed) == pytest.approx(30)
    assert max(passed) == pytest.approx(31, abs=0.11)


def test_an_urgent_poll_passes_before_those_that_wait():
    passed = times_of(polls=30, per_second=10, urgent={29})
    assert list(passed).index(29) in {10, 11}


def test_a_wait_that_was_cancelled_uses_nothing():
    async def main(loop):
        limit = PollLimit(1)
        await limit.acquire()
        first, second = (asyncio.ensure_future(limit.acquire()) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        began = loop.time()
        await second
        return loop.time() - began

    assert result_of(main)[0] <= 1.0


def test_a_hold_during_the_wait_is_respected():
    async def main(loop):
        limit = PollLimit(10)
        for _ in range(11):
            await limit.acquire()
        began = loop.time()
        waiting = asyncio.ensure_future(limit.acquire())
        await asyncio.sleep(0)
        limit.hold(20)
        await waiting
        return loop.time() - began

    assert result_of(main)[0] == pytest.approx(20, abs=0.2)
