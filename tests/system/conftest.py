"""Fixtures of the system tests: a real Airflow and the emulator, in separate processes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from harness.airflow_stack import AirflowStack
from harness.emulator import ROOT, Emulator
from harness.processes import wait_until
from harness.task_logs import readable

if TYPE_CHECKING:
    from collections.abc import Iterator

DAG = "example_custom_model_pipeline"
TIME_SCALE = 0.3
RUN_TIMEOUT = 280.0


class Environment:
    """A client of Airflow's REST API and of the emulator's control API."""

    def __init__(self, airflow: AirflowStack, emulator: Emulator) -> None:
        self.airflow = airflow
        self.emulator = emulator
        self.api = airflow.api

    def start(self, **fields: Any) -> str:
        """Submit the form of the example pipeline with some changed fields; return the id of the run."""
        return self.api.submit_form(DAG, fields)

    def ended(self, run_id: str) -> str:
        """Wait for the end of a run; return its state."""
        return self.api.wait_for_run(DAG, run_id, timeout=RUN_TIMEOUT)

    def task(self, run_id: str, task_id: str) -> dict[str, Any]:
        """Return a task instance."""
        return next(task for task in self.api.task_instances(DAG, run_id) if task["task_id"] == task_id)

    def task_in(self, run_id: str, task_id: str, *states: str) -> dict[str, Any]:
        """Wait until a task is in one of the states; return it."""

        def task_in_state() -> dict[str, Any] | None:
            task = self.task(run_id, task_id)
            return task if task["state"] in states else None

        what = f"{task_id} in {' or '.join(states)}"
        return wait_until(task_in_state, what=what, timeout=RUN_TIMEOUT, check=self.airflow.check, interval=0.3)

    def states(self, run_id: str) -> dict[str, str]:
        """Return the state of every task of a run."""
        return {task["task_id"]: task["state"] for task in self.api.task_instances(DAG, run_id)}

    def log(self, task: dict[str, Any], try_number: int = 1) -> str:
        """Return the log of an attempt."""
        return readable(self.api.log(task, try_number), last=400)

    def set_state(self, task: dict[str, Any], state: str) -> None:
        """Set the state of a task instance like a user in the UI."""
        path = f"/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}"
        self.api._call("PATCH", path, json={"new_state": state})

    def connection_forms(self) -> list[dict[str, Any]]:
        """Return the forms of the connection types, as the UI requests them."""
        self.api.import_errors()
        response = self.api._session.get(f"{self.api.base_url}/ui/connections/hook_meta", timeout=30)
        response.raise_for_status()
        forms: list[dict[str, Any]] = response.json()
        return forms

    def test_connection(self, **connection: str) -> tuple[bool, str]:
        """Test a connection like the "Test" button of the form; return the status and the message."""
        response = self.api._call("POST", "/connections/test", json=connection)
        return response["status"], response["message"]

    def control(self, path: str, method: str = "GET", **body: Any) -> Any:
        """Call the emulator's control API."""
        url = self.emulator.endpoint.removesuffix("/api/v2") + "/__emulator__/" + path
        response = requests.request(method, url, json=body or None, timeout=10)
        response.raise_for_status()
        return response.json() if response.content else None

    def requests(self, method: str, path: str) -> list[dict[str, Any]]:
        """Return the requests that the emulator received, ``path`` being a regular expression."""
        url = self.emulator.endpoint.removesuffix("/api/v2") + "/__emulator__/requests"
        found: list[dict[str, Any]] = requests.get(url, params={"method": method, "path": path}, timeout=10).json()[
            "data"
        ]
        return found


def checks_for_running_job(request: dict[str, Any]) -> bool:
    """Return whether a request checks, before a submission, for a job that does not exist."""
    at_job = request["path"].endswith(("/dependencyBuild/", "/featureImpact/"))
    return at_job and request["method"] == "GET" and request["status"] in (404, 422)


# Not for the session: while other suites run, an idle Airflow takes a quarter of a core.
@pytest.fixture(scope="package")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """Start Airflow and the emulator once for this suite, and unpause the example pipeline."""
    folder = tmp_path_factory.mktemp("system")
    with (
        Emulator(folder, time_scale=TIME_SCALE) as emulator,
        AirflowStack(folder / "airflow", dags_folder=ROOT / "example_dags") as airflow,
    ):
        airflow.api.create_connection("datarobot_default", emulator.connection)
        airflow.api.wait_for_dag(DAG)
        airflow.api.unpause(DAG)
        yield Environment(airflow, emulator)


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    """Copy the example model, so that a test can change it."""
    return Path(shutil.copytree(ROOT / "example_dags" / "models" / "diabetes_regression", tmp_path / "model"))
