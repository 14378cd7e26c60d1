"""Runs of the example DAGs, and their results."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import requests

from demo.report import task_name
from harness.airflow_api import FINISHED, ApiError
from harness.emulator import ROOT
from harness.processes import wait_until
from harness.task_durations import TaskDurations, measure

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.sdk import DAG

    from tests.system.conftest import Environment

FOLDER = ROOT / "example_dags"
RUN_TIMEOUT = 400.0


@dataclass(frozen=True)
class Plan:
    """The DAG and the changed form fields of a run."""

    dag_id: str
    fields: dict[str, Any]


class Run:
    """A run of an example DAG. Its results are requested once, after its end."""

    def __init__(self, environment: Environment, plan: Plan) -> None:
        self.environment = environment
        self.dag_id = plan.dag_id
        # Without a logical date, like a run that an asset starts.
        self.run_id = environment.api.submit_form(plan.dag_id, plan.fields, with_date=False)

    def ended(self) -> str:
        """Wait for the end; return the run's state."""
        return self.environment.api.wait_for_run(self.dag_id, self.run_id, timeout=RUN_TIMEOUT)

    @cached_property
    def state(self) -> str:
        """The final state of the run."""
        return self.environment.api.run_state(self.dag_id, self.run_id)

    @cached_property
    def tasks(self) -> dict[str, dict[str, Any]]:
        """The task instances by their ids, mapped ones as ``id[index]``."""
        return {task_name(task): task for task in self.environment.api.task_instances(self.dag_id, self.run_id)}

    @cached_property
    def durations(self) -> dict[str, TaskDurations]:
        """The time that each task instance was running and deferred."""
        measured = measure(self.environment.api.events(self.dag_id, self.run_id), until=datetime.now(UTC))
        return {
            name: measured.get((task["task_id"], task["map_index"]), TaskDurations())
            for name, task in self.tasks.items()
        }

    @property
    def events(self) -> list[tuple[str, str]]:
        """The task ids and events of the audit log."""
        return [(each["task_id"], each["event"]) for each in self.environment.api.events(self.dag_id, self.run_id)]

    def states(self) -> dict[str, str]:
        """Return the state of every task instance."""
        return {name: task["state"] for name, task in self.tasks.items()}

    def value(self, name: str, key: str = "return_value") -> Any:
        """Return an XCom of a task instance."""
        return self.environment.api.xcoms(self.tasks[name]).get(key)

    def log(self, name: str) -> str:
        """Return the log of the last attempt of a task instance."""
        return self.environment.log(self.tasks[name], self.tasks[name]["try_number"])


def run_all(environment: Environment, plans: dict[str, Plan]) -> dict[str, Run]:
    """Start all runs at once, unpausing their DAGs."""
    for dag_id in sorted({plan.dag_id for plan in plans.values()}):
        environment.api.wait_for_dag(dag_id)
        environment.api.unpause(dag_id)
    return {name: Run(environment, plan) for name, plan in plans.items()}


def wait_for_request(environment: Environment, method: str, path: str) -> None:
    """Wait until the emulator has received a request, ``path`` being a regular expression."""

    def received() -> list[dict[str, Any]] | None:
        return environment.requests(method, path) or None

    wait_until(received, what=f"{method} {path}", timeout=RUN_TIMEOUT, check=environment.airflow.check, interval=0.5)


def choose(environment: Environment, run: Run, task_id: str, option: str) -> None:
    """Choose an option of a task like a user in the UI, when it waits for that; a retry attempt asks again."""
    path = f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/{task_id}/-1/hitlDetails"
    waited: set[int] = set()

    def chosen() -> bool | None:
        tasks = {task["task_id"]: task for task in environment.api.task_instances(run.dag_id, run.run_id)}
        task = tasks.get(task_id, {"state": None, "try_number": 0})
        if task["state"] in {"awaiting_input", "deferred"}:
            # The scheduler of Airflow 3.3 fails a task ("state mismatch") that is answered in the second in which it
            # begins to wait. No user is that fast.
            if task["try_number"] in waited:
                with suppress(ApiError):  # It has already been answered.
                    environment.api._call("PATCH", path, json={"chosen_options": [option], "params_input": {}})
            waited.add(task["try_number"])
        return task["state"] == "success" or None

    wait_until(
        chosen, what=f"{option} of {task_id}", timeout=RUN_TIMEOUT, check=environment.airflow.check, interval=6.0
    )


def send_request(environment: Environment, method: str, path: str, **body: Any) -> Any:
    """Call the emulated API without Airflow; return the JSON."""
    headers = {"Authorization": f"Bearer {environment.emulator.token}"}
    url = f"{environment.emulator.endpoint}/{path}"
    response = requests.request(method, url, json=body or None, headers=headers, timeout=10)
    response.raise_for_status()
    return response.json() if response.content else None


def load_dags() -> dict[str, DAG]:
    """Return the example DAGs as Airflow's dag-processor loads them; fail on import errors."""
    from airflow.models import DagBag

    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))
    bag = DagBag(dag_folder=str(FOLDER))
    assert bag.import_errors == {}
    return dict(bag.dags)


def tasks_with(dag: DAG, condition: Callable[[dict[str, Any]], bool]) -> set[str]:
    """Return the ids of the tasks whose arguments meet a condition; for a mapped task, those of ``partial``."""
    return {task.task_id for task in dag.tasks if condition(getattr(task, "partial_kwargs", None) or vars(task))}


def create_validations(environment: Environment, use_case_id: str) -> None:
    """Create three validations in a use case, the last of which fails."""
    for name, column in (("A handbook", "relevant"), ("B handbook", "relevant"), ("C handbook", "no such column")):
        body = {
            "name": name,
            "useCaseId": use_case_id,
            "deploymentId": "65a0000000000000000000f1",
            "promptColumnName": "promptText",
            "targetColumnName": column,
        }
        send_request(environment, "POST", "genai/customModelVectorDatabaseValidations/", **body)


def wait_for_schedule(environment: Environment, dag_id: str) -> None:
    """Wait for the end of the scheduled run of a DAG."""

    def ended() -> bool | None:
        states = [run["state"] for run in environment.api.runs(dag_id) if run["run_type"] == "scheduled"]
        return True if states and set(states) <= FINISHED else None

    wait_until(ended, what=f"a scheduled run of {dag_id}", timeout=300, check=environment.airflow.check, interval=1.0)
