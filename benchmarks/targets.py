"""What must be reached, and whether it is: computed from the samples, never written down."""

from __future__ import annotations

import statistics
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.bench import median, results_of
from benchmarks.imports import AIRFLOW_3
from benchmarks.latency import CASE, POLL_INTERVAL
from benchmarks.waiting import FEW, GROWTH, MANY, PEERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.bench import Sample

POOL = 50
KB, MB = 1_000, 1_000_000


class Target(NamedTuple):
    """One requirement.

    :param what: what must be reached.
    :param limit: the limit, in words.
    :param measured: the median that was measured, in words.
    :param reached: whether it is.
    """

    what: str
    limit: str
    measured: str
    reached: bool


def targets(samples: Sequence[Sample]) -> list[Target]:
    """Return all requirements whose numbers were measured."""
    found = _Found(samples)
    return [
        target
        for target in (*_waiting(found), *_growth(found), *_transfers(found), *_imports(found), *_latency(found))
        if target
    ]


class _Found:
    """Finds medians among samples."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.samples = samples

    def __call__(self, row: str, case: str, client: str, name: str) -> float | None:
        return median(results_of(self.samples, row, case, client), name)


def _most(what: str, value: float | None, base: float | None, times: float) -> Target | None:
    """Judge that a value is at most so many times another one."""
    if value is None or not base:
        return None
    return Target(what, f"at most {times:g} times", f"{value / base:.2f} times", value <= times * base)


def _least(what: str, value: float | None, base: float | None, times: float) -> Target | None:
    """Judge that a value is at least so many times another one."""
    if value is None or not base:
        return None
    return Target(what, f"at least {times:g} times", f"{value / base:.2f} times", value >= times * base)


def _below(what: str, value: float | None, limit: float, unit: str, scale: float = 1.0) -> Target | None:
    """Judge that a value is at most a limit, which is given in the unit that is shown."""
    if value is None:
        return None
    return Target(what, f"at most {limit:g} {unit}", f"{value / scale:,.1f} {unit}", value <= limit * scale)


def _waiting(found: _Found) -> Iterator[Target | None]:
    for case in (FEW, MANY):
        for name, start in (("cpu", ""), ("cpu_all", ", start included")):
            yield from _polls(partial(found, "waiting", case.title, name=name), f"{start}; {case.title}")


def _polls(cpu: Callable[[str], float | None], when: str) -> Iterator[Target | None]:
    """Judge the CPU time of ours beside that of the bare sessions and of the best peer."""
    ours = cpu("ours")
    yield _most(f"CPU per look, over bare `aiohttp` in lock step{when}", ours, cpu("bare"), 1.5)
    yield _most(f"CPU per look, over bare `aiohttp` spread out as ours{when}", ours, cpu("bare_spread"), 1.5)
    peers = {peer: value for peer in PEERS if (value := cpu(peer)) is not None}
    if peers:
        best = min(peers, key=lambda peer: peers[peer])
        yield _least(f"CPU per look of the best peer ({best}) over ours{when}", peers[best], ours, 2)


def _growth(found: _Found) -> Iterator[Target | None]:
    flat = [case.title for case in GROWTH if case.waits >= FEW.waits]
    cpu = [value for title in flat if (value := found("waiting", title, "ours", "cpu")) is not None]
    if len(cpu) == len(flat):
        yield _most("CPU per look, the dearest case over the cheapest, 300 to 10,000 waits", max(cpu), min(cpu), 1.2)
    pools = (found("waiting", case.title, "ours", "connections") for case in GROWTH)
    opened = [each for each in pools if each is not None]
    yield _below("connections opened, any case", max(opened, default=None), POOL, "connections")
    most = GROWTH[-1]
    memory = found("waiting", most.title, "ours", "memory")
    yield _below(
        f"memory per wait at {most.waits:,}", memory / most.waits if memory is not None else None, 25, "KB", KB
    )
    yield _below(f"longest stall at {MANY.waits:,}", found("waiting", MANY.title, "ours", "stall"), 200, "ms", 1e-3)


def _transfers(found: _Found) -> Iterator[Target | None]:
    for way in ("upload", "download"):
        rate = {client: found("transfers", way, client, "rate") for client in ("ours", "curl", "official")}
        yield _least(f"{way} of 1 GiB, over curl's rate", rate["ours"], rate["curl"], 0.7)
        yield _below(f"memory of the {way}", found("transfers", way, "ours", "memory"), 32, "MB", MB)
        if way == "upload":
            yield from _official(found, rate["ours"], rate["official"])


def _official(found: _Found, ours: float | None, official: float | None) -> Iterator[Target | None]:
    """Judge the upload beside the official client's, and say what the machine allows."""
    what, limit = "upload of 1 GiB, over the official client's rate", found("transfers", "upload", "tls", "rate")
    if limit and official:
        what += f" (TLS alone, out of memory: {limit / official:.2f} times)"
    yield _least(what, ours, official, 5)


def _imports(found: _Found) -> Iterator[Target | None]:
    yield _below("modules added by importing everything", found("imports", AIRFLOW_3, "ours", "modules"), 40, "modules")
    yield _below("CPU of importing everything", found("imports", AIRFLOW_3, "ours", "cpu"), 30, "ms", 1e-3)


def _latency(found: _Found) -> Iterator[Target | None]:
    """Judge the start of the next task: the median, and the longest against Airflow's own longest."""
    ours, airflow = (
        [each["delay"] for each in results_of(found.samples, "latency", CASE, name)] for name in ("ours", "airflow")
    )
    for name, pick in (("median", statistics.median), ("longest", max)):
        what = f"start of the next task after the end of a remote job, later than Airflow's own ({name})"
        late = pick(ours) - pick(airflow) if ours and airflow else None
        yield _below(what, late, POLL_INTERVAL, "s")
