"""The rows about waiting: many waits in one process, ours beside the peers and the bare session."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.subprocesses import Server, run
from benchmarks.waiting_clients import connections

if TYPE_CHECKING:
    from benchmarks.bench import Bench


BEST = ("ours", "bare", "bare_spread")
PEERS = ("databricks", "dbt_cloud", "http", "airbyte")


@dataclass(frozen=True)
class WaitCase:
    """Many waits.

    :param waits: how many.
    :param interval: seconds between two polls of one wait.
    :param rounds: how many polls of every wait are measured.
    :param settle: seconds that our growing pauses need until they are that long.
    """

    waits: int
    interval: float
    rounds: int
    settle: float

    @property
    def title(self) -> str:
        """Return what people call it."""
        return f"{self.waits:,} waits, {self.interval:.3g} s apart"


TINY = WaitCase(5, 0.2, rounds=3, settle=0.2)
FEW = WaitCase(300, 1, rounds=12, settle=3)
MANY = WaitCase(3_000, 10, rounds=1, settle=20)
#: Always about 300 polls in a second, so that nothing but the number of waits changes.
GROWTH = (WaitCase(100, 1 / 3, 6, 3), FEW, WaitCase(1_000, 10 / 3, 2, 8), MANY, WaitCase(10_000, 100 / 3, 1, 80))


def waiting(bench: Bench) -> None:
    """Measure all clients with few waits that look often, and with many that look now and then."""
    for case in (TINY,) if bench.small else (FEW, MANY):
        bench.measure("waiting", case.title, BEST, 3, partial(measure, bench, case))
        bench.measure("waiting", case.title, PEERS, 2, partial(measure, bench, case))


def growth(bench: Bench) -> None:
    """Measure ours and the bare session with more and more waits; what :func:`waiting` has measured is not repeated."""
    for case in (TINY,) if bench.small else GROWTH:
        if not bench.has("waiting", case.title):
            bench.measure("waiting", case.title, BEST, 2, partial(measure, bench, case))


def measure(bench: Bench, case: WaitCase, client: str) -> dict[str, Any]:
    """Measure one client once, with a fresh server and a fresh process.

    :returns: what :func:`benchmarks.waiting_process.measure` gave.
    """
    with Server("status_server", bench.folder, {"both": bench.pems.both}) as server:
        env = {**bench.airflow(), **connections(server.address["port"], bench.pems.cert)}
        options = {**asdict(case), "client": client, "counts_port": server.address["counts_port"]}
        if client != "ours":
            options["settle"] = 0
        return run("waiting_process", options, folder=bench.folder, env=env)
