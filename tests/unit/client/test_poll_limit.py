"""The limit of the polls of a connection, on an event loop with a virtual clock."""

from __future__ import annotations

import asyncio
import time

import pytest
from aiohttp import web

from datarobot_provider.client.async_transport import AsyncTransport
from datarobot_provider.client.auth import Token
from datarobot_provider.client.endpoint import Endpoint
from datarobot_provider.client.poll_limit import PollLimit
from datarobot_provider.client.request import Request
from datarobot_provider.client.retry import RetryPolicy
from datarobot_provider.client.transport import TransportSettings
from tests.unit.client.test_async_transport import serving
from tests.unit.jobs.virtual_loop import result_of
from tests.unit.support import TOKEN


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
    assert list(times_of(polls=10, per_second=10).values()) == pytest.approx([0] * 10)


def test_more_polls_are_spread_evenly_and_the_oldest_passes_first():
    passed = times_of(polls=40, per_second=10)
    assert list(passed) == sorted(passed)
    assert list(passed.values())[:10] == pytest.approx([0] * 10)
    assert list(passed.values())[10:] == pytest.approx([number / 10 for number in range(1, 31)])


def test_a_limit_below_one_per_second():
    passed = list(times_of(polls=4, per_second=0.5).values())
    assert passed == pytest.approx([0, 2, 4, 6])


def test_retry_after_holds_all_polls():
    passed = list(times_of(polls=20, per_second=10, hold=30).values())
    assert min(passed) == pytest.approx(30)
    assert max(passed) == pytest.approx(31)


def test_an_urgent_poll_passes_before_those_that_wait():
    passed = times_of(polls=30, per_second=10, urgent={29})
    assert list(passed).index(29) == 10


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
        for _ in range(10):
            await limit.acquire()
        began = loop.time()
        waiting = asyncio.ensure_future(limit.acquire())
        await asyncio.sleep(0)
        limit.hold(20)
        await waiting
        return loop.time() - began

    assert result_of(main)[0] == pytest.approx(20, abs=0.2)


POLL = Request("GET", "status/1/")
UNLIMITED = (Request("DELETE", "customModelTests/1/"), Request("GET", "customModelTests/1/", is_limited=False))


def seconds_of(requests, *responses, **settings):
    """Send requests in order to a server with these responses; return after how many seconds each had its response."""

    async def main():
        async with serving(*responses) as (origin, _):
            sender = AsyncTransport(Endpoint(origin), Token(TOKEN), TransportSettings(**settings))
            began, times = time.monotonic(), []
            for request in requests:
                await sender.send(request)
                times.append(time.monotonic() - began)
            await sender.close()
            return times

    return asyncio.run(main())


@pytest.mark.parametrize("status", [200, 429, 503])
def test_retry_after_in_any_response_holds_the_next_poll_but_no_cancellation(status):
    once = RetryPolicy(attempts=1)
    asking = web.Response(status=status, headers={"Retry-After": "1"})
    times = seconds_of([POLL, *UNLIMITED, POLL], asking, *(web.Response() for _ in range(3)), retry=once)
    assert max(times[:3]) < 0.9
    assert times[3] >= 1.0


def test_the_cap_of_the_connection_limits_retry_after():
    asking = web.Response(headers={"Retry-After": "3600"})
    capped = RetryPolicy(attempts=1, cap=0.2)
    assert 0.2 <= max(seconds_of([POLL, POLL], asking, web.Response(), retry=capped)) < 2


def test_the_limit_of_the_connection_applies():
    responses = [web.Response() for _ in range(6)]
    times = seconds_of([POLL] * 6, *responses, max_polls_per_second=5)
    assert times[4] < 0.15
    assert times[5] >= 0.15


def test_cancellations_do_not_use_up_the_limit():
    responses = [web.Response() for _ in range(12)]
    times = seconds_of([*UNLIMITED * 5, POLL, POLL], *responses, max_polls_per_second=0.5)
    assert times[10] < 1
    assert times[11] >= 1.9
