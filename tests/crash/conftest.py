"""Fixtures: one Airflow and one emulator for all cells; the selected cells run phase by phase."""

from __future__ import annotations

import os
import signal
import sys
import time
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.airflow_api import ApiError
from harness.processes import ProcessDiedError
from tests.crash.cells import Cell, Result, summary
from tests.crash.environment import Environment, running
from tests.crash.phases import Phase, dumped

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Whether the tasks keep their store between attempts: ``make test-crash PROTECTION=off`` disables it.
PROTECTION = os.environ.get("CRASH_PROTECTION", "on") != "off"
#: A folder for the results, from which the page of the documentation is written.
RESULTS = os.environ.get("CRASH_RESULTS")


class ProgressLog:
    """Writes the progress of the session to stderr, without pytest's capturing."""

    def __init__(self, config: pytest.Config) -> None:
        self._capture = config.pluginmanager.getplugin("capturemanager")
        self._start_time = time.monotonic()

    def __call__(self, text: str) -> None:
        with self._capture.global_and_fixture_disabled():
            sys.stderr.write(f"[{time.monotonic() - self._start_time:5.0f} s] {text}\n")
            sys.stderr.flush()


def write_results(name: str, text: str) -> None:
    """Write results to the folder of the environment variable, if it is set."""
    if RESULTS:
        (Path(RESULTS) / name).write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def log_progress(pytestconfig: pytest.Config) -> ProgressLog:
    """Return the log of the session's progress."""
    return ProgressLog(pytestconfig)


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory, log_progress: ProgressLog) -> Iterator[Environment]:
    """Start Airflow and the emulator once; stop them even if the session is terminated."""
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.default_int_handler)
    with running(tmp_path_factory.mktemp("crash")) as environment:
        log_progress("Airflow and the emulator are running")
        yield environment


@pytest.fixture(scope="session")
def results(
    request: pytest.FixtureRequest,
    environment: Environment,
    log_progress: ProgressLog,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Result]:
    """Run the selected cells; return their results by the ids of the cells."""
    callspecs = [getattr(item, "callspec", None) for item in request.session.items]
    selected = [spec.params["cell"] for spec in callspecs if spec is not None and "cell" in spec.params]

    def run(name: str, cells: list[Cell]) -> dict[Cell, Result]:
        phase = Phase(environment, cells, tmp_path_factory.mktemp(name), protection=PROTECTION, log=log_progress)
        try:
            return dict(zip(cells, phase.run(), strict=True))
        except (ApiError, ProcessDiedError) as error:
            # Reported once, not for every cell.
            pytest.exit(f"the harness itself failed: {error}", returncode=3)

    results: dict[Cell, Result] = {}
    for name, group in groupby(selected, key=lambda cell: cell.column.phase):
        cells = list(group)
        log_progress(f"phase {name}: {len(cells)} cells, protection {'on' if PROTECTION else 'off'}")
        results |= run(name, cells)
        airflow_failed = [cell for cell in cells if results[cell].airflow_failed]
        if airflow_failed:
            again = ", ".join(cell.id for cell in airflow_failed)
            log_progress(f"Airflow could not write to its database; running again: {again}")
            results |= run(f"{name}-again", airflow_failed)
        log_progress(summary(list(results.items())))
    write_results("matrix.json", dumped(list(results.values())))
    return {cell.id: result for cell, result in results.items()}
