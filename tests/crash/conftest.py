"""One Airflow and one emulator for all cells; only the cells that were chosen are run, phase by phase."""

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
#: A folder to write the results to, for the page of the documentation.
RESULTS = os.environ.get("CRASH_RESULTS")


class Say:
    """Reports the progress of the session, past pytest's capturing."""

    def __init__(self, config: pytest.Config) -> None:
        self._capture = config.pluginmanager.getplugin("capturemanager")
        self._began = time.monotonic()

    def __call__(self, text: str) -> None:
        with self._capture.global_and_fixture_disabled():
            sys.stderr.write(f"[{time.monotonic() - self._began:5.0f} s] {text}\n")
            sys.stderr.flush()


def keep(name: str, text: str) -> None:
    """Write results where they are wanted."""
    if RESULTS:
        (Path(RESULTS) / name).write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def say(pytestconfig: pytest.Config) -> Say:
    """Return what reports the progress of the session."""
    return Say(pytestconfig)


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory, say: Say) -> Iterator[Environment]:
    """Start everything once, and stop it even if the session is terminated."""
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.default_int_handler)
    with running(tmp_path_factory.mktemp("crash")) as environment:
        say("Airflow and the emulator are up")
        yield environment


@pytest.fixture(scope="session")
def results(
    request: pytest.FixtureRequest, environment: Environment, say: Say, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Result]:
    """Run the chosen cells; return what came of each, by the cell's id."""
    callspecs = [getattr(item, "callspec", None) for item in request.session.items]
    chosen = [spec.params["cell"] for spec in callspecs if spec is not None and "cell" in spec.params]

    def run(name: str, cells: list[Cell]) -> dict[Cell, Result]:
        phase = Phase(environment, cells, tmp_path_factory.mktemp(name), protection=PROTECTION, say=say)
        try:
            return dict(zip(cells, phase.run(), strict=True))
        except (ApiError, ProcessDiedError) as error:
            # Said once, and not by every cell.
            pytest.exit(f"the harness itself failed: {error}", returncode=3)

    done: dict[Cell, Result] = {}
    for name, group in groupby(chosen, key=lambda cell: cell.column.phase):
        cells = list(group)
        say(f"phase {name}: {len(cells)} cells, protection {'on' if PROTECTION else 'off'}")
        done |= run(name, cells)
        spoilt = [cell for cell in cells if done[cell].spoilt]
        if spoilt:
            say(f"Airflow could not write to its database; once more: {', '.join(cell.id for cell in spoilt)}")
            done |= run(f"{name}-again", spoilt)
        say(summary(list(done.items())))
    keep("matrix.json", dumped(list(done.values())))
    return {cell.id: result for cell, result in done.items()}
