"""The row ``shared``: many waits for jobs with status records, which share the polls of one list."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.subprocesses import Server, run_module
from benchmarks.waiting import SETTLE
from benchmarks.waiting_clients import connections

if TYPE_CHECKING:
    from benchmarks.bench import Bench

OURS = ("shared", "ours")
CLIENTS = (*OURS, "bare_spread", "databricks", "dbt_cloud")
#: Clients that need minutes to open a connection for each of the most waits.
SLOW_CLIENTS = ("databricks", "dbt_cloud")


@dataclass(frozen=True)
class SharedCase:
    """A case of the row ``shared``.

    :param waits: the number of waits.
    :param interval: seconds between two polls of a wait.
    :param windows: the number of measured intervals.
    """

    waits: int
    interval: float
    windows: int

    @property
    def title(self) -> str:
        """Return the name of the case."""
        return f"{self.waits:,} waits, {self.interval:g} s apart"


TINY = SharedCase(5, 0.5, windows=2)
CASES = tuple(SharedCase(waits, 10, windows=5) for waits in (300, 3_000, 10_000))


def shared(bench: Bench) -> None:
    """Measure our trigger with the list, and the clients that send a request for each poll."""
    for case in (TINY,) if bench.small else CASES:
        clients = [client for client in CLIENTS if case.waits <= CASES[1].waits or client not in SLOW_CLIENTS]
        bench.measure("shared", case.title, clients, 2, partial(measure, bench, case))


def measure(bench: Bench, case: SharedCase, client: str) -> dict[str, Any]:
    """Measure one client once, with a new server and a new process.

    :returns: the result of :func:`benchmarks.waiting_process.measure_time`.
    """
    with Server("status_server", bench.folder, {"pem": bench.pems.both, "jobs": case.waits}) as server:
        env = {**bench.airflow(), **connections(server.ports["port"], bench.pems.cert)}
        options = {
            "client": client,
            "waits": case.waits,
            "interval": case.interval,
            "windows": case.windows,
            "settle": case.interval * (SETTLE if client in OURS else 1),
            "counts_port": server.ports["counts_port"],
        }
        return run_module("waiting_process", options, folder=bench.folder, env=env)
