"""Fixtures of the browser tests: a real Airflow, the emulator, and a window of Chromium with a logged-in user."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest

from harness.airflow_env import USER
from harness.airflow_stack import AirflowStack
from harness.airflow_ui import AirflowUi
from harness.browser import chromium, chromium_path, window
from harness.emulator import ROOT, Emulator
from tests.system.conftest import DAG, Environment

if TYPE_CHECKING:
    from collections.abc import Iterator

TIME_SCALE = 0.1

# The suite requires Chromium and Playwright, see make test-browser.
collect_ignore_glob = [] if chromium_path() and importlib.util.find_spec("playwright") else ["test_*.py"]


@pytest.fixture(scope="package")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """Start Airflow and the emulator once for this suite, and unpause the example pipeline."""
    folder = tmp_path_factory.mktemp("browser")
    with Emulator(folder, time_scale=TIME_SCALE) as emulator:
        connections = {"datarobot_default": emulator.connection}
        dags_folder = ROOT / "example_dags"
        with AirflowStack(folder / "airflow", dags_folder=dags_folder, connections=connections) as airflow:
            airflow.api.wait_for_dag(DAG)
            airflow.api.unpause(DAG)
            yield Environment(airflow, emulator)


@pytest.fixture(scope="package")
def ui(environment: Environment) -> Iterator[AirflowUi]:
    """Start Chromium and log in."""
    with chromium() as browser:
        ui = AirflowUi(window(browser).new_page(), environment.airflow.settings.base_url)
        ui.log_in(USER, environment.airflow.settings.password)
        yield ui
