"""A real Airflow that detects killed workers quickly, the emulator, and the functions that kill processes."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.airflow_api import ApiError
from harness.airflow_stack import AirflowStack
from harness.emulator import Emulator
from harness.processes import session_members
from harness.task_logs import readable
from tests.crash.kill_points import WORKER
from tests.crash.proxy import Proxy
from tests.support.emulator import ROOT, EmulatorClient

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Json = dict[str, Any]
DAGS = Path(__file__).parent / "dags"
#: The usual connection, and the connection through the proxy, which can simulate an outage.
DIRECT, THROUGH_PROXY = "datarobot_default", "datarobot_network"
PARALLEL = 12
TIME_SCALE = 0.6
LOG_LINES = 25
DATABASE_ERROR = "Error updating Task Instance state. Setting the task to failed."
ENV = {
    "PYTHONPATH": str(ROOT),
    "AIRFLOW__CORE__PARALLELISM": str(PARALLEL),
    # Limit the queued tasks: the scheduler blocks when the pipe to its workers is full and they are killed.
    "AIRFLOW__CORE__DEFAULT_POOL_TASK_SLOT_COUNT": str(PARALLEL),
    "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "200",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "600",
    # Detect a killed worker after 10 seconds without a heartbeat.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "10",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    # Detect a killed triggerer, and reassign its triggers, after 8 seconds.
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "8",
}


class Environment:
    """The Airflow, the emulator and the proxy of all cells."""

    def __init__(self, airflow: AirflowStack, emulator: Emulator, proxy: Proxy) -> None:
        self.airflow, self.api, self.proxy = airflow, airflow.api, proxy
        self.datarobot = EmulatorClient(emulator.endpoint, emulator.token)

    def check(self) -> None:
        """Raise an error if a process has ended that the tests did not kill."""
        self.airflow.check()

    def start(self, runs: Iterable[tuple[str, str, Json]]) -> None:
        """Create runs, and start them when all are created.

        :param runs: id of the DAG, id of the run, and conf of each.
        """
        runs = list(runs)
        dag_ids = sorted({dag_id for dag_id, _, _ in runs})
        for dag_id in dag_ids:
            self.api.wait_for_dag(dag_id)
            self._pause(dag_id, paused=True)
        for dag_id, run_id, conf in runs:
            # A duplicate was created by an earlier attempt whose response was lost.
            with _ignore_status("409"):
                body = {"dag_run_id": run_id, "logical_date": None, "conf": conf}
                self.api._call("POST", f"/dags/{dag_id}/dagRuns", json=body)
        for dag_id in dag_ids:
            self._pause(dag_id, paused=False)

    def _pause(self, dag_id: str, *, paused: bool) -> None:
        self.api._call("PATCH", f"/dags/{dag_id}", json={"is_paused": paused})

    def tasks(self, run_ids: set[str]) -> dict[str, Json]:
        """Return the only task instance of each run, by the id of the run."""
        found = self.api._all("/dags/~/dagRuns/~/taskInstances", "task_instances")
        return {task["dag_run_id"]: task for task in found if task["dag_run_id"] in run_ids}

    def clear(self, dag_id: str, run_id: str) -> None:
        """Clear a run's task like a user in the UI."""
        body = {"dry_run": False, "dag_run_id": run_id, "only_failed": False, "reset_dag_runs": True}
        self.api._call("POST", f"/dags/{dag_id}/clearTaskInstances", json={**body, "task_ids": ["task"]})

    def mark_failed(self, task: Json) -> None:
        """Mark a task as failed like a user in the UI."""
        path = f"/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}"
        self.api._call("PATCH", path, json={"new_state": "failed"})

    def failed_by_airflow(self, task: Json) -> bool:
        """Return whether the api-server failed a task because it could not write to its own SQLite database."""
        lines = self.airflow.component_log("api-server").read_text(encoding="utf-8", errors="replace").splitlines()
        return any(DATABASE_ERROR in line and task["id"] in line for line in lines)

    def log(self, task: Json) -> str:
        """Return the last lines of the log of every attempt."""
        return "\n".join(f"attempt {n}:\n{self._log(task, n)}" for n in range(1, task["try_number"] + 1))

    def _log(self, task: Json, number: int) -> str:
        try:
            return readable(self.api.log(task, number), last=LOG_LINES)
        except ApiError as error:
            return f"the log could not be read: {error}"

    def kill_workers(self) -> None:
        """SIGKILL every worker of the LocalExecutor, and start a new scheduler.

        An idle worker holds the lock of the executor's queue when it is killed, so that the old scheduler can no
        longer assign tasks.
        """
        workers = [pid for pid in session_members(self.airflow.pid("scheduler")) if _title(pid).startswith(WORKER)]
        assert workers, "no worker of the LocalExecutor was found"
        for pid in workers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.airflow.stop("scheduler", graceful=False)
        self.airflow.start("scheduler")

    def restart_scheduler(self) -> None:
        """End the scheduler with SIGTERM, and start a new one."""
        self.airflow.stop("scheduler")
        self.airflow.start("scheduler")

    def kill_triggerer(self) -> None:
        """SIGKILL the triggerer, and start a new one."""
        self.airflow.stop("triggerer", graceful=False)
        self.airflow.start("triggerer")


@contextmanager
def _ignore_status(status: str) -> Iterator[None]:
    """Ignore an error with this status."""
    try:
        yield
    except ApiError as error:
        if f"returned {status}" not in str(error):
            raise


def _title(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    return ""


@contextmanager
def running(folder: Path) -> Iterator[Environment]:
    """Start Airflow, the emulator and the proxy; stop them at the end."""
    with Emulator(folder, time_scale=TIME_SCALE) as emulator:
        port = int(emulator.endpoint.removesuffix("/api/v2").rpartition(":")[2])
        with Proxy(port) as proxy:
            through = {**emulator.connection, "host": emulator.endpoint.replace(f":{port}/", f":{proxy.port}/")}
            connections = {DIRECT: emulator.connection, THROUGH_PROXY: through}
            airflow = AirflowStack(folder / "airflow", dags_folder=DAGS, connections=connections, env=ENV)
            with airflow:
                yield Environment(airflow, emulator, proxy)
