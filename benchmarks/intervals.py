"""The row ``intervals``: how many polls a wait needs, and how late it notices the end of a job. Nothing is measured."""

from __future__ import annotations

import random
import statistics
from typing import TYPE_CHECKING

from benchmarks.bench import Sample
from datarobot_provider.client.request import Response
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.jobs.poller import next_step, steps
from datarobot_provider.jobs.wait_steps import Get, Sleep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.bench import Bench

_INTERVAL = 10.0
_DURATIONS = (3, 10, 30, 120, 600, 3_600, 10_800)
#: Jobs of about each duration, because the delay of a single one depends on chance.
_CHANCE = random.Random(1)  # noqa: S311 - not used for security
_JOBS = [_CHANCE.uniform(0.9, 1.1) for _ in range(200)]
_RUNNING = Response(200, body=b'{"status": "RUNNING"}')
_REF = JobRef("task_status", {"status_id": "s"})


def intervals(bench: Bench) -> None:
    """Compare our pauses with pauses that grow by half each time, and with constant ones."""
    growths = {"ours": _our_polls, "half": lambda: _growing(1.5), "constant": lambda: _growing(1_000)}
    for seconds in _DURATIONS:
        for name, polls in growths.items():
            bench.samples.append(Sample("intervals", f"{seconds:,} s", name, _result(seconds, polls)))


def _result(seconds: float, polls: Callable[[], Iterator[float]]) -> dict[str, float]:
    counts, delays = [], []
    for factor in _JOBS:
        for count, moment in enumerate(polls(), start=1):
            if moment >= seconds * factor:
                counts.append(count)
                delays.append(moment - seconds * factor)
                break
    return {"count": statistics.mean(counts), "delay": statistics.mean(delays), "longest": max(delays)}


def _our_polls() -> Iterator[float]:
    """Yield the times of the polls of a wait whose job does not end."""
    now = 0.0
    loop = steps(_REF, deadline=float("inf"), poll_interval=_INTERVAL, clock=lambda: now, jitter=lambda: 0.5)
    step = next_step(loop, None)
    while True:
        response = None
        if isinstance(step, Get):
            yield now
            response = _RUNNING
        elif isinstance(step, Sleep):
            now += step.seconds
        step = next_step(loop, response)


def _growing(factor: float) -> Iterator[float]:
    """Yield the times of polls whose pauses begin with a second and grow by a factor, with the average jitter."""
    now, pause = 0.0, 1.0
    while True:
        yield now
        now += pause * 0.9
        pause = min(pause * factor, _INTERVAL)
