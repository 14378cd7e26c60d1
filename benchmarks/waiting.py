"""The rows ``waiting`` and ``growth``: many waits in one process."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.subprocesses import Server, run_module
from benchmarks.waiting_clients import connections

if TYPE_CHECKING:
    from benchmarks.bench import Bench


BEST = ("ours", "bare", "bare_spread")
OTHER_PROVIDERS = ("databricks", "dbt_cloud", "http", "airbyte")


@dataclass(frozen=True)
class WaitCase:
    """A case of the row ``waiting``.

    :param waits: the number of waits.
    :param interval: seconds between two polls of a wait.
    :param rounds: the number of measured polls of each wait.
    """

    waits: int
    interval: float
    rounds: int

    @property
    def title(self) -> str:
        """Return the name of the case."""
        return f"{self.waits:,} waits, {self.interval:.3g} s apart"


#: Our pause is a quarter of the age of a wait: it reaches the interval after this number of intervals.
SETTLE = 4
TINY = WaitCase(5, 0.2, rounds=3)
FEW = WaitCase(300, 1, rounds=12)
MANY = WaitCase(3_000, 10, rounds=1)
#: The number of polls per second is always about 300, so that only the number of waits changes.
GROWTH = (FEW, WaitCase(1_000, 10 / 3, rounds=3), MANY, WaitCase(10_000, 100 / 3, rounds=1))
#: The clients of the row ``growth``, and how often each case is measured.
SPREAD, GROWTH_TURNS = ("ours", "bare_spread"), 5


def waiting(bench: Bench) -> None:
    """Measure all clients with few waits and short intervals, and with many waits and long intervals."""
    for case in (TINY,) if bench.small else (FEW, MANY):
        bench.measure("waiting", case.title, BEST, 3, partial(measure, bench, case))
        bench.measure("waiting", case.title, OTHER_PROVIDERS, 2, partial(measure, bench, case))


def growth(bench: Bench) -> None:
    """Measure our trigger and a plain session with increasing numbers of waits, all cases in turn."""
    for turn in bench.turns(GROWTH_TURNS):
        for case in (TINY,) if bench.small else GROWTH:
            bench.measure_once("growth", case.title, SPREAD, partial(measure, bench, case), turn)


def measure(bench: Bench, case: WaitCase, client: str) -> dict[str, Any]:
    """Measure one client once, with a new server and a new process.

    :returns: the result of :func:`benchmarks.waiting_process.measure`.
    """
    with Server("status_server", bench.folder, {"pem": bench.pems.both}) as server:
        env = {**bench.airflow(), **connections(server.ports["port"], bench.pems.cert)}
        settle = SETTLE * case.interval if client == "ours" else 0
        options = {**asdict(case), "client": client, "counts_port": server.ports["counts_port"], "settle": settle}
        return run_module("waiting_process", options, folder=bench.folder, env=env)
