"""Measure one client with many waits on one event loop.

``python -m benchmarks.waiting_process``, started by ``waiting.py``.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
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
_COUNT_INTERVAL = 0.05
#: The maximum load of an event loop that is not saturated, and seconds to wait for it.
_LOW_LOAD, _LOW_LOAD_TIMEOUT = 0.6, 10.0


class StallMeter(selectors.DefaultSelector):
    """Measures how long an event loop is busy between two calls of its selector, without additional wake-ups.

    :ivar worst: the longest time so far in seconds, which is the maximum delay of anything else on the loop.
    :ivar worst_without_gc: the same without the time of Python's garbage collector.
    """

    worst = worst_without_gc = 0.0
    _since: float | None = None
    _collecting = _collection_start = 0.0

    def __init__(self) -> None:
        super().__init__()
        gc.callbacks.append(self._time_collection)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for events, as the base class does."""
        if self._since is not None:
            seconds = time.perf_counter() - self._since
            self.worst = max(self.worst, seconds)
            self.worst_without_gc = max(self.worst_without_gc, seconds - self._collecting)
        ready = super().select(timeout)
        self._since, self._collecting = time.perf_counter(), 0.0
        return ready

    def _time_collection(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._collection_start = time.perf_counter()
        else:
            self._collecting += time.perf_counter() - self._collection_start


@dataclass(frozen=True)
class Snapshot:
    """The counts of the server and the time used by this process, at one time."""

    polls: int
    requests: int
    lists: int
    connections: int
    jobs: int
    cpu: float
    wall: float


async def _take_snapshot(port: int) -> Snapshot:
    reader, writer = await asyncio.open_connection(LOCALHOST, port)
    counts: dict[str, int] = json.loads(await reader.read())
    writer.close()
    return Snapshot(**counts, cpu=time.process_time(), wall=time.perf_counter())


async def _wait_for_polls(polls: int, port: int, ended: asyncio.Future[Any]) -> Snapshot:
    """Return a snapshot when the server has responded to this number of polls."""
    async with asyncio.timeout(_TIMEOUT):
        while (snapshot := await _take_snapshot(port)).polls < polls:
            if ended.done():
                raise RuntimeError(f"a wait ended: {ended.result()!r}")
            await asyncio.sleep(_COUNT_INTERVAL)
    return snapshot


async def _low_load_snapshot(port: int) -> Snapshot:
    """Return a snapshot at low load, or after the timeout.

    During a burst, the cost of polls without a response would be counted in the wrong interval.
    """
    deadline = time.perf_counter() + _LOW_LOAD_TIMEOUT
    while True:
        cpu, wall = time.process_time(), time.perf_counter()
        await asyncio.sleep(_COUNT_INTERVAL)
        snapshot = await _take_snapshot(port)
        if snapshot.cpu - cpu < _LOW_LOAD * (snapshot.wall - wall) or snapshot.wall > deadline:
            return snapshot


async def measure(
    wait: Wait, waits: int, counts_port: int, meter: StallMeter, settle: float, rounds: int
) -> dict[str, float]:
    """Start all waits at once, and measure after each of them has polled once.

    Clients that poll synchronously are idle at this time, and again after the last response of a round.

    :param wait: the wait for the job with this number.
    :param waits: the number of waits.
    :param counts_port: the port for the counts of the server.
    :param meter: the selector of the event loop.
    :param settle: seconds to exclude after the first polls.
    :param rounds: the number of measured polls of each wait.
    """
    await asyncio.sleep(0)
    reset_peak_memory()
    held, first, meter.worst = memory(), await _take_snapshot(counts_port), 0.0
    tasks = [asyncio.ensure_future(wait(number)) for number in range(waits)]
    ended = asyncio.ensure_future(_first_end(tasks))
    started, stall_start = await _wait_for_polls(waits, counts_port, ended), meter.worst
    await asyncio.sleep(settle)
    before = await _low_load_snapshot(counts_port)
    await _wait_for_polls(before.polls + rounds * waits, counts_port, ended)
    after = await _low_load_snapshot(counts_port)
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
        "stall": meter.worst,
        "stall_start": stall_start,
    }


async def measure_time(
    wait: Wait, waits: int, counts_port: int, meter: StallMeter, settle: float, windows: int, interval: float
) -> dict[str, float]:
    """Start all waits at once, and measure some windows of one interval.

    :param wait: the wait for the job with this number.
    :param waits: the number of waits.
    :param counts_port: the port for the counts of the server.
    :param meter: the selector of the event loop.
    :param settle: seconds until the growing pauses have reached the interval.
    :param windows: the number of windows.
    :param interval: seconds between two polls of a wait.
    """
    await asyncio.sleep(0)
    reset_peak_memory()
    held, meter.worst, meter.worst_without_gc = memory(), 0.0, 0.0
    tasks = [asyncio.ensure_future(wait(number)) for number in range(waits)]
    ended = asyncio.ensure_future(_first_end(tasks))
    await asyncio.sleep(settle)
    before = await _take_snapshot(counts_port)
    await asyncio.sleep(windows * interval)
    after = await _take_snapshot(counts_port)
    if ended.done():
        raise RuntimeError(f"a wait ended: {ended.result()!r}")
    intervals = (after.wall - before.wall) / interval
    return {
        "requests": (after.requests - before.requests) / intervals,
        "cpu": 1000 * (after.cpu - before.cpu) / (waits * intervals),
        "connections": after.connections,
        "memory": (peak_memory() - held) / waits,
        "stall": meter.worst,
        "stall_without_gc": meter.worst_without_gc,
        "collection": _collection(),
    }


def _collection() -> float:
    """Return the seconds of one full garbage collection."""
    since = time.perf_counter()
    gc.collect()
    return time.perf_counter() - since


async def _first_end(tasks: Sequence[asyncio.Future[Any]]) -> object:
    """Return the result of the first wait that ends; none of them should."""
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    task = done.pop()
    return task.exception() or task.result()


def main() -> None:
    """Measure, and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--client", choices=CLIENTS, required=True)
    parser.add_argument("--waits", type=int, required=True)
    parser.add_argument("--rounds", type=int, default=0, help="number of polls of each wait to measure")
    parser.add_argument("--windows", type=int, default=0, help="number of intervals to measure, instead of polls")
    for name in ("interval", "settle"):
        parser.add_argument(f"--{name}", type=float, required=True, help="seconds")
    parser.add_argument("--counts-port", type=int, required=True)
    options = parser.parse_args()
    wait = CLIENTS[options.client](options.interval)
    meter = StallMeter()
    common = (wait, options.waits, options.counts_port, meter, options.settle)
    if options.windows:
        measuring = measure_time(*common, options.windows, options.interval)
    else:
        measuring = measure(*common, options.rounds)
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(meter)) as runner:
        print_result(runner.run(measuring))


if __name__ == "__main__":
    main()
