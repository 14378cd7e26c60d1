"""One client with many waits on one event loop: ``python -m benchmarks.waiting_process``, run by ``waiting.py``."""

from __future__ import annotations

import argparse
import asyncio
import json
import selectors
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.subprocesses import print_result
from benchmarks.usage import memory, peak_memory, reset_peak_memory
from benchmarks.waiting_clients import CLIENTS
from harness.processes import LOCALHOST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.waiting_clients import Wait

_TIMEOUT = 120.0
_ASK_EVERY = 0.05
#: Part of the time that a loop which is not saturated may be busy, and how long to wait for that, in seconds.
_CALM, _CALM_TIMEOUT = 0.6, 10.0


class Watch(selectors.DefaultSelector):
    """Measures how long an event loop is busy between two polls at its sockets and timers, and wakes it for nothing.

    :ivar worst: the longest time so far, in seconds: so late anything else on this loop may have been.
    """

    worst = 0.0
    _since: float | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Do what the selector does."""
        if self._since is not None:
            self.worst = max(self.worst, time.perf_counter() - self._since)
        ready = super().select(timeout)
        self._since = time.perf_counter()
        return ready


@dataclass(frozen=True)
class Moment:
    """What had been used and answered at one moment."""

    polls: int
    requests: int
    connections: int
    cpu: float
    wall: float


async def _now(port: int) -> Moment:
    reader, writer = await asyncio.open_connection(LOCALHOST, port)
    counts: dict[str, int] = json.loads(await reader.read())
    writer.close()
    return Moment(**counts, cpu=time.process_time(), wall=time.perf_counter())


async def _answered(polls: int, port: int, ended: asyncio.Future[Any]) -> Moment:
    """Return the moment at which the server has answered so many polls."""
    async with asyncio.timeout(_TIMEOUT):
        while (moment := await _now(port)).polls < polls:
            if ended.done():
                raise RuntimeError(f"a wait ended: {ended.result()!r}")
            await asyncio.sleep(_ASK_EVERY)
    return moment


async def _calm(port: int) -> Moment:
    """Return a moment at which the loop is not saturated, or the last one tried if it always is.

    In the middle of a burst the cost of polls that are not answered yet would be counted on the wrong side.
    """
    deadline = time.perf_counter() + _CALM_TIMEOUT
    while True:
        cpu, wall = time.process_time(), time.perf_counter()
        await asyncio.sleep(_ASK_EVERY)
        moment = await _now(port)
        if moment.cpu - cpu < _CALM * (moment.wall - wall) or moment.wall > deadline:
            return moment


async def measure(
    wait: Wait, waits: int, counts_port: int, watch: Watch, settle: float, rounds: int
) -> dict[str, float]:
    """Start the waits all at once, and measure from the moment when all have had their first poll.

    Clients that look in lock step are idle at that moment, and again when the last poll of a round is answered.

    :param wait: gives a coroutine that waits for the job of this number.
    :param waits: how many.
    :param counts_port: where the server tells its counts.
    :param watch: the selector of the event loop.
    :param settle: seconds to leave out after the first polls.
    :param rounds: how many polls of every wait are measured.
    """
    await asyncio.sleep(0)
    reset_peak_memory()
    held, first, watch.worst = memory(), await _now(counts_port), 0.0
    tasks = [asyncio.ensure_future(wait(number)) for number in range(waits)]
    ended = asyncio.ensure_future(_first_end(tasks))
    started, stall_start = await _answered(waits, counts_port, ended), watch.worst
    await asyncio.sleep(settle)
    before = await _calm(counts_port)
    await _answered(before.polls + rounds * waits, counts_port, ended)
    after = await _calm(counts_port)
    return {
        "polls": after.polls - before.polls,
        "requests": after.requests - before.requests,
        "seconds": after.wall - before.wall,
        "start": started.wall - first.wall,
        "cpu": 1000 * (after.cpu - before.cpu) / (after.polls - before.polls),
        "cpu_all": 1000 * (after.cpu - first.cpu) / after.polls,
        "load": (after.cpu - before.cpu) / (after.wall - before.wall),
        "connections": after.connections,
        "memory": peak_memory() - held,
        "stall": watch.worst,
        "stall_start": stall_start,
    }


async def _first_end(tasks: Sequence[asyncio.Future[Any]]) -> object:
    """Return how the first wait ended, that should have gone on for ever."""
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    task = done.pop()
    return task.exception() or task.result()


def main() -> None:
    """Measure, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--client", choices=CLIENTS, required=True)
    parser.add_argument("--waits", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    for name in ("interval", "settle"):
        parser.add_argument(f"--{name}", type=float, required=True, help="seconds")
    parser.add_argument("--counts-port", type=int, required=True)
    given = parser.parse_args()
    wait = CLIENTS[given.client](given.interval)
    watch = Watch()
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(watch)) as runner:
        print_result(runner.run(measure(wait, given.waits, given.counts_port, watch, given.settle, given.rounds)))


if __name__ == "__main__":
    main()
