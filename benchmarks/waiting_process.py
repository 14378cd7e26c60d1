"""One client with many waits on one event loop: ``python -m benchmarks.waiting_process``, run by ``waiting.py``."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

from benchmarks.children import say
from benchmarks.usage import forget_peak, memory, peak_memory
from benchmarks.waiting_clients import CLIENTS
from demo.processes import LOCALHOST

if TYPE_CHECKING:
    from benchmarks.waiting_clients import Wait

TICK = 0.01
_START_TIMEOUT = 120.0
_ASK_EVERY = 0.1


class Ticker:
    """Measures how late an event loop wakes what sleeps for 10 ms.

    :ivar worst: the longest lateness so far, in seconds.
    """

    def __init__(self) -> None:
        self.worst = 0.0

    async def run(self) -> None:
        """Tick for ever."""
        while True:
            due = time.perf_counter() + TICK
            await asyncio.sleep(TICK)
            self.worst = max(self.worst, time.perf_counter() - due)


async def _counts(port: int) -> dict[str, int]:
    reader, writer = await asyncio.open_connection(LOCALHOST, port)
    counts: dict[str, int] = json.loads(await reader.read())
    writer.close()
    return counts


async def _started(waits: int, port: int, ended: asyncio.Future[Any]) -> None:
    """Return when the server has answered as many looks as there are waits."""
    async with asyncio.timeout(_START_TIMEOUT):
        while (await _counts(port))["looks"] < waits:
            if ended.done():
                raise RuntimeError(f"a wait ended: {ended.result()!r}")
            await asyncio.sleep(_ASK_EVERY)


async def measure(wait: Wait, waits: int, counts_port: int, settle: float, window: float) -> dict[str, float]:
    """Start the waits all at once, watch the event loop while they settle, and then count the CPU time of a window.

    :param wait: gives a coroutine that waits for the job of this number.
    :param waits: how many.
    :param counts_port: where the server tells its counts.
    :param settle: seconds between the first look of the last wait and the window.
    :param window: seconds to measure.
    """
    ticker = Ticker()
    ticking = asyncio.create_task(ticker.run())
    await asyncio.sleep(5 * TICK)
    forget_peak()
    held, began = memory(), time.perf_counter()
    tasks = [asyncio.ensure_future(wait(number)) for number in range(waits)]
    ended = asyncio.ensure_future(_first_end(tasks))
    await _started(waits, counts_port, ended)
    start, stall_start, ticker.worst = time.perf_counter() - began, ticker.worst, 0.0
    await asyncio.sleep(settle)
    # With few waits the ticker itself would be a good part of the CPU time.
    ticking.cancel()
    before, cpu, wall = await _counts(counts_port), time.process_time(), time.perf_counter()
    await asyncio.sleep(window)
    cpu, wall, after = time.process_time() - cpu, time.perf_counter() - wall, await _counts(counts_port)
    if ended.done():
        raise RuntimeError(f"a wait ended: {ended.result()!r}")
    looks = after["looks"] - before["looks"]
    return {
        "looks": looks,
        "requests": after["requests"] - before["requests"],
        "seconds": wall,
        "start_seconds": start,
        "cpu": 1000 * cpu / looks if looks else float("nan"),
        "load": cpu / wall,
        "connections": after["connections"],
        "memory": peak_memory() - held,
        "stall": max(stall_start, ticker.worst),
        "stall_settled": ticker.worst,
    }


async def _first_end(tasks: list[asyncio.Future[Any]]) -> object:
    """Return how the first wait ended, that should have gone on for ever."""
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    task = done.pop()
    return task.exception() or task.result()


def main() -> None:
    """Measure, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--client", choices=CLIENTS, required=True)
    parser.add_argument("--waits", type=int, required=True)
    for name in ("interval", "settle", "window"):
        parser.add_argument(f"--{name}", type=float, required=True, help="seconds")
    parser.add_argument("--counts-port", type=int, required=True)
    given = parser.parse_args()
    wait = CLIENTS[given.client](given.interval)
    say(asyncio.run(measure(wait, given.waits, given.counts_port, given.settle, given.window)))


if __name__ == "__main__":
    main()
