"""The rows about waiting: many waits in one process, ours beside the peers and the bare session."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.children import Server, run
from benchmarks.waiting_clients import CLIENTS, connections

if TYPE_CHECKING:
    from benchmarks.bench import Bench


@dataclass(frozen=True)
class Crowd:
    """Many waits.

    :param waits: how many.
    :param interval: seconds between two looks of one wait.
    :param settle: seconds between the first look of the last wait and the measured window.
    :param window: seconds that are measured.
    """

    waits: int
    interval: float
    settle: float
    window: float

    @property
    def title(self) -> str:
        """Return what people call it."""
        return f"{self.waits:,} waits, {self.interval:g} s apart"


TINY = Crowd(5, 0.2, settle=0.2, window=1)
SMALL = Crowd(300, 1, settle=4, window=8)
LARGE = Crowd(3_000, 10, settle=10, window=10)
GROWTH = (Crowd(100, 10, 10, 10), Crowd(300, 10, 10, 10), Crowd(1_000, 10, 10, 10), LARGE, Crowd(10_000, 30, 30, 30))


def waiting(bench: Bench) -> None:
    """Measure all clients with few waits that look often, and with many that look now and then."""
    for crowd in (TINY,) if bench.small else (SMALL, LARGE):
        bench.measure("waiting", crowd.title, CLIENTS, 3, partial(measure, bench, crowd))


def growth(bench: Bench) -> None:
    """Measure ours and the bare session with more and more waits."""
    for crowd in (TINY,) if bench.small else GROWTH:
        bench.measure("growth", crowd.title, ("ours", "bare"), 3, partial(measure, bench, crowd))


def measure(bench: Bench, crowd: Crowd, client: str) -> dict[str, Any]:
    """Measure one client once, with a fresh server and a fresh process.

    :returns: what :func:`benchmarks.waiting_process.measure` gave.
    """
    with Server("status_server", bench.folder, {"both": bench.pems.both}) as server:
        env = {**bench.airflow(), **connections(server.address["port"], bench.pems.cert)}
        options = {**asdict(crowd), "client": client, "counts_port": server.address["counts_port"]}
        return run("waiting_process", options, folder=bench.folder, env=env)
