"""A user who gets rid of a task gets rid of its job: cancelled in DataRobot within seconds, by one DELETE.

Airflow tells nobody when a deferred task is killed before the triggerer has taken it up, so each test waits for the
first look at the job.
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
from tests.crash.conftest import keep
from tests.crash.environment import DIRECT
from tests.crash.rows import LIMIT, ROWS, Row, kill_dag_id

if TYPE_CHECKING:
    from tests.crash.conftest import Say
    from tests.crash.environment import Environment

pytestmark = pytest.mark.timeout(300)

SECONDS = 10.0
HOLD = 300.0
CANCELLABLE = [row for row in ROWS if row.cancellable]
WAYS = [(deferrable, limited) for limited in (False, True) for deferrable in (True, False)]


@dataclass
class Victim:
    """A task that is killed.

    :ivar killed: when; for a run that has a limit, when that was reached.
    :ivar seconds: how long after that its job was no longer running.
    """

    row: Row
    account: Account
    deferrable: bool
    limited: bool
    killed: float = 0.0
    seconds: float | None = None

    @property
    def dag_id(self) -> str:
        """Return the DAG that it is the task of."""
        return kill_dag_id(self.row, deferrable=self.deferrable, limited=self.limited)

    @property
    def id(self) -> str:
        """Return what it is called."""
        return self.dag_id.removeprefix("kill_")

    @property
    def in_time(self) -> bool:
        """Return whether its job was cancelled soon enough."""
        return self.seconds is not None and self.seconds <= SECONDS

    def view(self, jobs: list[dict[str, Any]]) -> dict[str, Any]:
        """Return what the page of the documentation shows."""
        how = {"row": self.row.name, "deferrable": self.deferrable, "limited": self.limited}
        return {**how, "in_time": self.in_time, "deletes": len(self.account.deletes(jobs))}


class Killing:
    """All the victims, killed side by side, each as soon as its job is watched."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        environment.datarobot.reset()
        self.victims = [
            Victim(row, Account(environment.datarobot, row, f"{row.name}-{number}"), deferrable, limited)
            for number, (deferrable, limited) in enumerate(WAYS)
            for row in CANCELLABLE
        ]
        for row in CANCELLABLE:
            environment.datarobot.set_outcome(str(row.kind), "succeeded", seconds=HOLD, times=len(WAYS))

    def run(self) -> None:
        """Start them, kill them, and wait until the remote jobs are over."""
        self._environment.start(
            (each.dag_id, each.id, {**each.account.conf, "conn_id": DIRECT}) for each in self.victims
        )
        wait_until(self._look, what="the end of all jobs", timeout=120, check=self._environment.check, interval=0.3)

    def _look(self) -> bool | None:
        tasks, jobs = (
            self._environment.tasks({victim.id for victim in self.victims}),
            self._environment.datarobot.jobs(),
        )
        for victim in self.victims:
            started = victim.account.started(jobs)
            if not victim.killed:
                self._kill(victim, tasks.get(victim.id, {}), started)
            elif victim.seconds is None and not any(job["active"] for job in started):
                victim.seconds = time.monotonic() - victim.killed
        return True if all(victim.seconds is not None for victim in self.victims) else None

    def _kill(self, victim: Victim, task: dict[str, Any], started: list[dict[str, Any]]) -> None:
        if task.get("state") != ("deferred" if victim.deferrable else "running") or not started:
            return
        # A deferred task was looked at by its worker first; only with the next look there is a trigger to be killed.
        if min(polls(self._environment.datarobot, started).values()) < (2 if victim.deferrable else 1):
            return
        if victim.limited:
            victim.killed = self._limit(task)
        else:
            self._environment.mark_failed(task)
            victim.killed = time.monotonic()

    def _limit(self, task: dict[str, Any]) -> float:
        """Return when the run will have lasted as long as it may, by this process's clock."""
        run = self._environment.api._call("GET", f"/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}")
        lasted = (datetime.now(UTC) - datetime.fromisoformat(run["start_date"])).total_seconds()
        return time.monotonic() + LIMIT - lasted


@pytest.fixture(scope="module")
def victims(environment: Environment, say: Say) -> dict[str, Victim]:
    """Kill them all; return them by their ids."""
    killing = Killing(environment)
    killing.run()
    for victim in killing.victims:
        say(f"{victim.id}: cancelled in DataRobot after {victim.seconds:.1f} s")
    jobs = environment.datarobot.jobs()
    keep("kills.json", json.dumps([victim.view(jobs) for victim in killing.victims], indent=1))
    return {victim.id: victim for victim in killing.victims}


@pytest.mark.parametrize("row", CANCELLABLE, ids=lambda row: row.name)
@pytest.mark.parametrize(("deferrable", "limited"), WAYS)
def test_one_request_cancels_the_job(
    environment: Environment, victims: dict[str, Victim], row: Row, *, deferrable: bool, limited: bool
) -> None:
    victim = victims[kill_dag_id(row, deferrable=deferrable, limited=limited).removeprefix("kill_")]
    jobs = environment.datarobot.jobs()
    deletes = victim.account.deletes(jobs)
    assert [(each["method"], each["status"]) for each in deletes] == [("DELETE", 204)]
    assert [job["state"] for job in victim.account.started(jobs)] == ["canceled"]
    assert victim.in_time, victim.seconds
