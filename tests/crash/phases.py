"""Running cells: all those of a phase side by side, each meeting what its column is about."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.processes import WaitTimeoutError, wait_until
from tests.crash.account import HOLD, Account, polls
from tests.crash.cells import Cell, Result
from tests.crash.environment import DIRECT, THROUGH_PROXY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.crash.environment import Environment

Json = dict[str, Any]
ENDED = frozenset({"success", "failed"})
OUTAGE = 20.0
TIMEOUT = 420.0
#: What happens to a whole phase, once every task of the column waits.
STRIKES: dict[str, Callable[[Environment], None]] = {
    "while_deferred": lambda environment: environment.kill_workers(),
    "triggerer": lambda environment: environment.kill_triggerer(),
    "scheduler": lambda environment: environment.restart_scheduler(),
    "network": lambda environment: environment.proxy.down(),
}


@dataclass
class Run:
    """One cell on its way.

    :ivar struck: whether what its column is about has happened.
    :ivar cleared_try: the try that was cleared; only later ones count.
    """

    cell: Cell
    account: Account
    mark: Path
    struck: bool = False
    cleared_try: int = 0
    result: Result | None = None

    @property
    def id(self) -> str:
        """Return the id of the run, which is the name of the mark too."""
        return self.mark.name


class Phase:
    """The cells of one phase.

    :param folder: where the marks of those that died are put; its name becomes part of the runs' ids.
    :param protection: whether the tasks may remember anything.
    :param say: is told what is going on.
    """

    def __init__(
        self, environment: Environment, cells: list[Cell], folder: Path, *, protection: bool, say: Callable[[str], None]
    ) -> None:
        self._environment, self._protection, self._say = environment, protection, say
        self._cells, self._folder = cells, folder
        self._runs: list[Run] = []
        self._network_back = 0.0
        self._holding = False

    def run(self) -> list[Result]:
        """Run them all; return what came of them."""
        began = time.monotonic()
        self._prepare()
        runs = [(run.cell.row.dag_id, run.id, {**run.account.conf, **self._conf(run)}) for run in self._runs]
        self._environment.start(runs)
        try:
            wait_until(
                self._look, what="the end of the phase", timeout=TIMEOUT, check=self._environment.check, interval=1.0
            )
        except WaitTimeoutError as error:
            self._say(str(error))
        finally:
            self._end_outage(at_once=True)
        self._say(f"{len(self._runs)} cells took {time.monotonic() - began:.0f} s")
        return [run.result or self._unfinished(run) for run in self._runs]

    def _prepare(self) -> None:
        datarobot = self._environment.datarobot
        datarobot.reset()
        self._holding = not all(cell.column.in_task for cell in self._cells)
        for number, cell in enumerate(self._cells):
            name = f"{cell.id}-{self._folder.name}-{number}"
            self._runs.append(Run(cell, Account(datarobot, cell.row, name), self._folder / name))
        starting = [cell for cell in self._cells if cell.row.kind and not cell.row.joins]
        held = Counter(cell.row.kind for cell in starting)
        # A task that is cleared starts its job once more, perhaps before another task has started its first.
        held.update(cell.row.kind for cell in starting if cell.column.name == "cleared_running")
        if self._holding:
            for kind, times in held.items():
                datarobot.set_outcome(kind, "succeeded", seconds=HOLD, times=times)

    def _conf(self, run: Run) -> Json:
        column = run.cell.column
        kill_point: Json = {}
        if column.in_task:
            # A task returns once, however much it makes.
            occurrence = 1 if column.name == "on_return" else run.cell.row.makes
            kill_point = {
                "point": column.name,
                "mark": str(run.mark),
                "occurrence": occurrence,
                "joins": run.cell.row.joins,
            }
        conn_id = THROUGH_PROXY if column.name == "network" else DIRECT
        return {**kill_point, "conn_id": conn_id, "protection": self._protection}

    def _look(self) -> bool | None:
        """Poll the runs that have not ended; kill where it is due."""
        open_runs = [run for run in self._runs if run.result is None]
        tasks = self._environment.tasks({run.id for run in open_runs})
        jobs = self._environment.datarobot.jobs()
        for run in open_runs:
            task = tasks.get(run.id, {})
            run.struck = run.struck or run.mark.exists()
            if task.get("state") in ENDED and task["try_number"] > run.cleared_try:
                self._ended(run, task, jobs)
        self._strike([run for run in open_runs if run.result is None], tasks, jobs)
        self._end_outage()
        self._end_joined([run for run in open_runs if run.result is None], tasks)
        self._end_jobs([run for run in open_runs if run.result is None])
        return True if all(run.result for run in self._runs) else None

    def _ended(self, run: Run, task: Json, jobs: list[Json]) -> None:
        if run.cell.column.name == "cleared_finished" and not run.struck and task["state"] == "success":
            # While the scheduler is about to end the run, a clear can get lost in Airflow itself.
            if self._environment.api.run_state(task["dag_id"], run.id) == "success":
                self._clear(run, task)
        else:
            run.result = self._measured(run, task, jobs)

    def _strike(self, runs: list[Run], tasks: dict[str, Json], jobs: list[Json]) -> None:
        due = _due(runs)
        if not due:
            return
        waiting = [run for run in due if tasks.get(run.id, {}).get("state") == "deferred"]
        watched = [run for run in waiting if self._is_watched(run, jobs)]
        for run in watched:
            if run.cell.column.name == "cleared_running":
                self._clear(run, tasks[run.id])
        for name, strike in STRIKES.items():
            concerned = [run for run in due if run.cell.column.name == name]
            if concerned and all(run in watched for run in concerned):
                self._say(f"{name}: strikes {len(concerned)} tasks that wait")
                strike(self._environment)
                self._network_back = time.monotonic() + OUTAGE if name == "network" else 0.0
                for run in concerned:
                    run.struck = True

    def _is_watched(self, run: Run, jobs: list[Json]) -> bool:
        """Return whether the triggerer has polled the job after the worker, so that a kill affects it."""
        started = run.account.started(jobs)
        # A worker polls a job of its own once, somebody else's three times: before, after the refusal, and as its own.
        by_worker = 3 if run.cell.row.joins else 1
        return bool(started) and min(polls(self._environment.datarobot, started).values()) > by_worker

    def _clear(self, run: Run, task: Json) -> None:
        run.struck, run.cleared_try = True, task["try_number"]
        self._environment.clear(task["dag_id"], run.id)

    def _end_outage(self, *, at_once: bool = False) -> None:
        if self._network_back and (at_once or time.monotonic() > self._network_back):
            self._network_back = 0.0
            self._environment.proxy.up()

    def _end_joined(self, runs: list[Run], tasks: dict[str, Json]) -> None:
        """End the jobs of other runs once all tasks have joined them and wait; held jobs are ended later."""
        joined = [tasks.get(run.id, {}).get("state") for run in runs if run.cell.row.joins]
        if joined and not self._holding and set(joined) == {"deferred"}:
            self._environment.datarobot.finish_jobs()

    def _end_jobs(self, runs: list[Run]) -> None:
        """End the held jobs once everything has happened that needs them running."""
        if self._holding and not _due(runs) and not self._network_back:
            # More than once: a task that is cleared after its success starts another job.
            self._environment.datarobot.finish_jobs()

    def _unfinished(self, run: Run) -> Result:
        task = self._environment.tasks({run.id}).get(run.id, {})
        return self._measured(run, task, self._environment.datarobot.jobs())

    def _measured(self, run: Run, task: Json, jobs: list[Json]) -> Result:
        started, log = run.account.started(jobs), self._environment.log(task) if task else ""
        return Result(
            row=run.cell.row.name,
            column=run.cell.column.name,
            state=str(task.get("state") or "not ended"),
            tries=int(task.get("try_number") or 0),
            struck=run.struck,
            creations=run.account.creations(jobs),
            jobs=len(started),
            running=sum(1 for job in started if job["active"]),
            deletes=len(run.account.deletes(jobs)),
            first_job=started[0]["state"] if started else "",
            advised="on_uncertain_submit" in log,
            spoilt=task.get("state") == "failed" and self._environment.lost_by_airflow(task),
            log=log,
        )


def _due(runs: list[Run]) -> list[Run]:
    """Return the runs in which something is still due while they wait."""
    return [run for run in runs if not run.struck and run.cell.column.waits and not run.cell.column.in_task]


def dumped(results: list[Result]) -> str:
    """Return results as JSON, without their logs."""
    return json.dumps([vars(result.without_log()) for result in results], indent=1)


def loaded(text: str) -> list[Result]:
    """Return results from their JSON."""
    return [Result(**each) for each in json.loads(text)]
