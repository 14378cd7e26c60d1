"""A user ends a task: its job is cancelled in DataRobot within seconds, by one DELETE.

Airflow sends no notification if a deferred task is killed before its trigger runs, so each test waits for the first
poll of the job.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from harness.processes import wait_until
from tests.crash.account import Account, polls
from tests.crash.conftest import write_results
from tests.crash.environment import DIRECT
from tests.crash.rows import LIMIT, ROWS, Row, kill_dag_id

if TYPE_CHECKING:
    from tests.crash.conftest import ProgressLog
    from tests.crash.environment import Environment

pytestmark = pytest.mark.timeout(300)

SECONDS = 10.0
HOLD = 300.0
CANCELLABLE = [row for row in ROWS if row.cancellable]
#: The response to a request to cancel, and the state of the job after it; batch predictions differ from other jobs.
CANCELLED, ABORTED = (204, "canceled"), (202, "ABORTED")
MODES = [(deferrable, limited) for limited in (False, True) for deferrable in (True, False)]


@dataclass
class KilledTask:
    """A task that is killed.

    :ivar killed: the time of the kill, or of the end of the run's ``dagrun_timeout``.
    :ivar seconds: the time from the kill to the end of its job.
    """

    row: Row
    account: Account
    deferrable: bool
    limited: bool
    killed: float = 0.0
    seconds: float | None = None

    @property
    def dag_id(self) -> str:
        """The id of its DAG."""
        return kill_dag_id(self.row, deferrable=self.deferrable, limited=self.limited)

    @property
    def id(self) -> str:
        """The id of its run."""
        return self.dag_id.removeprefix("kill_")

    @property
    def in_time(self) -> bool:
        """Whether its job was cancelled in time."""
        return self.seconds is not None and self.seconds <= SECONDS

    def to_json(self, jobs: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the row of the table in the documentation."""
        how = {"row": self.row.name, "deferrable": self.deferrable, "limited": self.limited}
        return {**how, "in_time": self.in_time, "deletes": len(self.account.deletes(jobs))}


class KillRun:
    """Runs all tasks in parallel, and kills each as soon as its job has been polled."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        environment.datarobot.reset()
        self.killed_tasks = [
            KilledTask(row, Account(environment.datarobot, row, f"{row.name}-{number}"), deferrable, limited)
            for number, (deferrable, limited) in enumerate(MODES)
            for row in CANCELLABLE
        ]
        for row in CANCELLABLE:
            environment.datarobot.outcome(str(row.kind), "succeeded", seconds=HOLD, times=len(MODES))

    def run(self) -> None:
        """Start the tasks, kill them, and wait for the end of their jobs."""
        self._environment.start(
            (each.dag_id, each.id, {**each.account.conf, "conn_id": DIRECT}) for each in self.killed_tasks
        )
        wait_until(self._poll, what="the end of all jobs", timeout=120, check=self._environment.check, interval=0.3)

    def _poll(self) -> bool | None:
        tasks, jobs = (
            self._environment.tasks({killed_task.id for killed_task in self.killed_tasks}),
            self._environment.datarobot.jobs(),
        )
        for killed_task in self.killed_tasks:
            started = killed_task.account.started(jobs)
            if not killed_task.killed:
                self._kill(killed_task, tasks.get(killed_task.id, {}), started)
            elif killed_task.seconds is None and not any(job["active"] for job in started):
                killed_task.seconds = time.monotonic() - killed_task.killed
        return True if all(killed_task.seconds is not None for killed_task in self.killed_tasks) else None

    def _kill(self, killed_task: KilledTask, task: dict[str, Any], started: list[dict[str, Any]]) -> None:
        if task.get("state") != ("deferred" if killed_task.deferrable else "running") or not started:
            return
        # The worker polls the job before it defers; the second poll shows that the trigger runs.
        if min(polls(self._environment.datarobot, started).values()) < (2 if killed_task.deferrable else 1):
            return
        if killed_task.limited:
            killed_task.killed = self._limit(task)
        else:
            self._environment.mark_failed(task)
            killed_task.killed = time.monotonic()

    def _limit(self, task: dict[str, Any]) -> float:
        """Return the end of the run's ``dagrun_timeout`` on the clock of this process."""
        run = self._environment.api._call("GET", f"/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}")
        lasted = (datetime.now(UTC) - datetime.fromisoformat(run["start_date"])).total_seconds()
        return time.monotonic() + LIMIT - lasted


@pytest.fixture(scope="module")
def killed_tasks(environment: Environment, log_progress: ProgressLog) -> dict[str, KilledTask]:
    """Kill all tasks; return them by their ids."""
    kill_run = KillRun(environment)
    kill_run.run()
    for killed_task in kill_run.killed_tasks:
        log_progress(f"{killed_task.id}: cancelled in DataRobot after {killed_task.seconds:.1f} s")
    jobs = environment.datarobot.jobs()
    write_results(
        "kills.json", json.dumps([killed_task.to_json(jobs) for killed_task in kill_run.killed_tasks], indent=1)
    )
    return {killed_task.id: killed_task for killed_task in kill_run.killed_tasks}


@pytest.mark.parametrize("row", CANCELLABLE, ids=lambda row: row.name)
@pytest.mark.parametrize(("deferrable", "limited"), MODES)
def test_one_request_cancels_the_job(
    environment: Environment, killed_tasks: dict[str, KilledTask], row: Row, *, deferrable: bool, limited: bool
) -> None:
    killed_task = killed_tasks[kill_dag_id(row, deferrable=deferrable, limited=limited).removeprefix("kill_")]
    jobs = environment.datarobot.jobs()
    deletes = killed_task.account.deletes(jobs)
    status, state = ABORTED if row.kind == "batch_prediction" else CANCELLED
    assert [(each["method"], each["status"]) for each in deletes] == [("DELETE", status)]
    assert [job["state"] for job in killed_task.account.started(jobs)] == [state]
    assert killed_task.in_time, killed_task.seconds
