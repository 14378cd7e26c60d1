"""A run of the benchmarks: its settings, its samples, and statistics of them."""

from __future__ import annotations

import statistics
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.subprocesses import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from tests.unit.certificates import Pems

OFFICIAL_PYTHON = ROOT / ".venv-official-client" / "bin" / "python"
AIRFLOW_2_PYTHON = ROOT / ".venv-bench-airflow-2" / "bin" / "python"


@dataclass(frozen=True)
class Sample:
    """One measurement.

    :param row: the row of the benchmarks, such as ``waiting``.
    :param case: the case, such as ``300 waits, 1 s apart``.
    :param client: the measured client.
    :param result: the numbers, or an ``error``.
    """

    row: str
    case: str
    client: str
    result: dict[str, Any]


@dataclass
class Bench:
    """One run of the benchmarks.

    :param folder: a temporary folder.
    :param pems: the certificate of the servers.
    :param clients: the clients to measure; default is all.
    :param repetitions: the number of measurements; default depends on the row.
    :param small: measure few waits and few bytes, to check that everything works; default ``False``.
    :ivar samples: the measurements.
    """

    folder: Path
    pems: Pems
    clients: Sequence[str] | None = None
    repetitions: int | None = None
    small: bool = False
    samples: list[Sample] = field(default_factory=list)

    def measure(
        self, row: str, case: str, clients: Iterable[str], repetitions: int, measure: Callable[[str], dict[str, Any]]
    ) -> None:
        """Measure all clients in turn, repeatedly, so that a slow phase of the machine affects all clients.

        :param row: the row.
        :param case: the case.
        :param clients: the clients of this case.
        :param repetitions: the number of measurements, unless the run overrides it.
        :param measure: measures one client once.
        """
        for turn in self.turns(repetitions):
            self.measure_once(row, case, clients, measure, turn)

    def turns(self, repetitions: int) -> range:
        """Return the numbers of the measurements.

        :param repetitions: their number, unless the run overrides it.
        """
        return range(1, 1 + (self.repetitions or repetitions))

    def measure_once(
        self, row: str, case: str, clients: Iterable[str], measure: Callable[[str], dict[str, Any]], turn: int
    ) -> None:
        """Measure each client once.

        :param row: the row.
        :param case: the case.
        :param clients: the clients of this case.
        :param measure: measures one client once.
        :param turn: the number of the measurement.
        """
        for client in clients:
            if self.clients is None or client in self.clients:
                result = measure(client)
                self.samples.append(Sample(row, case, client, result))
                sys.stderr.write(f"{row}, {case}, {client} ({turn}): {_shown(result)}\n")

    def airflow(self) -> dict[str, str]:
        """Return the environment of a process that imports Airflow."""
        return {
            "AIRFLOW_HOME": str(self.folder / "airflow"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
            "no_proxy": "127.0.0.1",
        }


def results_of(samples: Iterable[Sample], row: str, case: str, client: str) -> list[dict[str, Any]]:
    """Return the results of one client in one case."""
    return [each.result for each in samples if (each.row, each.case, each.client) == (row, case, client)]


def median(results: Sequence[Mapping[str, Any]], name: str) -> float | None:
    """Return the median of a number; ``None`` if no result contains it."""
    values = [result[name] for result in results if name in result]
    return statistics.median(values) if values else None


def _shown(result: dict[str, Any]) -> str:
    values = (f"{value:.4g}" if isinstance(value, float) else f"{value}" for value in result.values())
    return ", ".join(f"{name} {value}" for name, value in zip(result, values, strict=True))
