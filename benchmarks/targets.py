"""The target values of the benchmarks, and whether the samples reach them."""

from __future__ import annotations

import statistics
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.bench import median, results_of
from benchmarks.imports import AIRFLOW_3
from benchmarks.latency import CASE, POLL_INTERVAL
from benchmarks.shared_waiting import CASES
from benchmarks.waiting import FEW, GROWTH, MANY, OTHER_PROVIDERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.bench import Sample

POOL = 50
KB, MB = 1_000, 1_000_000


class Target(NamedTuple):
    """One target.

    :param what: the measured quantity.
    :param limit: the limit, as text.
    :param measured: the measured median, as text.
    :param reached: whether the target is reached.
    """

    what: str
    limit: str
    measured: str
    reached: bool


def targets(samples: Sequence[Sample]) -> list[Target]:
    """Return all targets whose numbers were measured."""
    found = _Found(samples)
    return [
        target
        for part in (_waiting, _growth, _shared, _transfers, _imports, _latency)
        for target in part(found)
        if target
    ]


class _Found:
    """Returns medians of the samples."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.samples = samples

    def __call__(self, row: str, case: str, client: str, name: str) -> float | None:
        return median(results_of(self.samples, row, case, client), name)


def _most(what: str, value: float | None, base: float | None, times: float) -> Target | None:
    """Return the target that a value is at most a multiple of another one."""
    if value is None or not base:
        return None
    return Target(what, f"at most {times:g} times", f"{value / base:.2f} times", value <= times * base)


def _least(what: str, value: float | None, base: float | None, times: float) -> Target | None:
    """Return the target that a value is at least a multiple of another one."""
    if value is None or not base:
        return None
    return Target(what, f"at least {times:g} times", f"{value / base:.2f} times", value >= times * base)


def _below(what: str, value: float | None, limit: float, unit: str, scale: float = 1.0) -> Target | None:
    """Return the target that a value is at most a limit, in the displayed unit."""
    if value is None:
        return None
    return Target(what, f"at most {limit:g} {unit}", f"{value / scale:,.1f} {unit}", value <= limit * scale)


def _waiting(found: _Found) -> Iterator[Target | None]:
    for case in (FEW, MANY):
        for name, start in (("cpu", ""), ("cpu_all", ", start included")):
            yield from _polls(partial(found, "waiting", case.title, name=name), f"{start}; {case.title}")


def _polls(cpu: Callable[[str], float | None], when: str) -> Iterator[Target | None]:
    """Return the targets for our CPU time, compared with the plain sessions and the best other provider."""
    ours = cpu("ours")
    yield _most(f"CPU per poll, compared with plain `aiohttp`, synchronous{when}", ours, cpu("bare"), 1.5)
    yield _most(f"CPU per poll, compared with plain `aiohttp`, spread{when}", ours, cpu("bare_spread"), 1.5)
    others = {name: value for name in OTHER_PROVIDERS if (value := cpu(name)) is not None}
    if others:
        best = min(others, key=lambda name: others[name])
        yield _least(
            f"CPU per poll of the best other provider ({best}), compared with ours{when}", others[best], ours, 2
        )


def _growth(found: _Found) -> Iterator[Target | None]:
    cpu = [value for case in GROWTH if (value := found("growth", case.title, "ours", "cpu")) is not None]
    if len(cpu) == len(GROWTH):
        yield _most("CPU per poll, highest compared with lowest, 300 to 10,000 waits", max(cpu), min(cpu), 1.2)
    pools = (found("growth", case.title, "ours", "connections") for case in GROWTH)
    opened = [each for each in pools if each is not None]
    yield _below("connections, any number of waits", max(opened, default=None), POOL, "connections")
    most = GROWTH[-1]
    memory = found("growth", most.title, "ours", "memory")
    yield _below(
        f"memory per wait, {most.waits:,} waits", memory / most.waits if memory is not None else None, 25, "KB", KB
    )
    yield _below(f"longest stall, {MANY.waits:,} waits", found("waiting", MANY.title, "ours", "stall"), 200, "ms", 1e-3)


def _shared(found: _Found) -> Iterator[Target | None]:
    """Return the targets for the waits that share the polls of a list."""
    many, most = (case.title for case in CASES[-2:])
    yield _below(f"requests per interval, shared; {many}", found("shared", many, "shared", "requests"), 10, "requests")
    for case in (many, most):
        ours, plain = (found("shared", case, client, "cpu") for client in ("shared", "bare_spread"))
        yield _below(f"CPU per 1,000 waits and interval, shared; {case}", ours, 20, "ms", 1e-3)
        yield _least(f"CPU of plain `aiohttp`, spread, compared with ours, shared; {case}", plain, ours, 10)
    yield _below(f"memory per wait, shared; {most}", found("shared", most, "shared", "memory"), 8, "KB", KB)
    yield _below(f"longest stall, shared; {many}", found("shared", many, "shared", "stall"), 50, "ms", 1e-3)


def _transfers(found: _Found) -> Iterator[Target | None]:
    for way in ("upload", "download"):
        rate = {client: found("transfers", way, client, "rate") for client in ("ours", "curl", "official")}
        yield _least(f"{way} of 1 GiB, compared with curl", rate["ours"], rate["curl"], 0.7)
        yield _below(f"memory of the {way}", found("transfers", way, "ours", "memory"), 32, "MB", MB)
        if way == "upload":
            yield from _official(found, rate["ours"], rate["official"])


def _official(found: _Found, ours: float | None, official: float | None) -> Iterator[Target | None]:
    """Return the target for the upload compared with the official client, with the limit of the machine."""
    what, limit = "upload of 1 GiB, compared with the official client", found("transfers", "upload", "tls", "rate")
    if limit and official:
        what += f" (plain TLS from memory: {limit / official:.2f} times)"
    yield _least(what, ours, official, 5)


def _imports(found: _Found) -> Iterator[Target | None]:
    yield _below(
        "modules added by importing all modules", found("imports", AIRFLOW_3, "ours", "modules"), 40, "modules"
    )
    yield _below("CPU of importing all modules", found("imports", AIRFLOW_3, "ours", "cpu"), 30, "ms", 1e-3)


def _latency(found: _Found) -> Iterator[Target | None]:
    """Return the targets for the start of the next task: the medians and the maximums, compared with Airflow's own."""
    ours, airflow = (
        [each["delay"] for each in results_of(found.samples, "latency", CASE, name)] for name in ("ours", "airflow")
    )
    for name, pick in (("median", statistics.median), ("maximum", max)):
        what = f"additional delay of the next task after the end of a remote job ({name})"
        late = pick(ours) - pick(airflow) if ours and airflow else None
        yield _below(what, late, POLL_INTERVAL, "s")
