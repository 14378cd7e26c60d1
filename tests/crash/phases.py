"""Runs the cells of a phase in parallel, and interrupts each as its column requires."""

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
#: The interruptions of all tasks of a column, which take place when all of them wait.
INTERRUPTIONS: dict[str, Callable[[Environment], None]] = {
    "while_deferred": lambda environment: environment.kill_workers(),
    "triggerer": lambda environment: environment.kill_triggerer(),
    "scheduler": lambda environment: environment.restart_scheduler(),
    "network": lambda environment: environment.proxy.down(),
}


@dataclass
class Run:
    """A cell that is running.

    :ivar marker: a file that the task creates before it kills itself.
    :ivar interrupted: whether the interruption of the column took place.
    :ivar cleared_attempt: number of the attempt that was cleared; the result is that of a later attempt.
    """

    cell: Cell
    account: Account
    marker: Path
    interrupted: bool = False
    cleared_attempt: int = 0
    result: Result | None = None

    @property
    def id(self) -> str:
        """The id of the run, and the name of the marker."""
        return self.marker.name


class Phase:
    """The cells of one phase.

    :param folder: the folder of the markers; its name is part of the ids of the runs.
    :param protection: whether the tasks have a task state store that keeps its values.
    :param log: called with each message about the progress.
    """

    def __init__(
        self, environment: Environment, cells: list[Cell], folder: Path, *, protection: bool, log: Callable[[str], None]
    ) -> None:
        self._environment, self._protection, self._log_progress = environment, protection, log
        self._cells, self._folder = cells, folder
        self._runs: list[Run] = []
        self._outage_end = 0.0
        self._holding = False

    def run(self) -> list[Result]:
        """Run all cells; return their results."""
        began = time.monotonic()
        self._prepare()
        runs = [(run.cell.row.dag_id, run.id, {**run.account.conf, **self._conf(run)}) for run in self._runs]
        self._environment.start(runs)
        try:
            wait_until(
                self._poll, what="the end of the phase", timeout=TIMEOUT, check=self._environment.check, interval=1.0
            )
        except WaitTimeoutError as error:
            self._log_progress(str(error))
        finally:
            self._end_outage(immediately=True)
        self._log_progress(f"{len(self._runs)} cells took {time.monotonic() - began:.0f} s")
        return [run.result or self._measure_unfinished(run) for run in self._runs]

    def _prepare(self) -> None:
        datarobot = self._environment.datarobot
        datarobot.reset()
        self._holding = not all(cell.column.in_task for cell in self._cells)
        for number, cell in enumerate(self._cells):
            name = f"{cell.id}-{self._folder.name}-{number}"
            self._runs.append(Run(cell, Account(datarobot, cell.row, name), self._folder / name))
        starting = [cell for cell in self._cells if cell.row.kind and not cell.row.joins]
        held = Counter(cell.row.kind for cell in starting)
        # A cleared task starts a second job, possibly before another task has started its first.
        held.update(cell.row.kind for cell in starting if cell.column.name == "cleared_running")
        if self._holding:
            for kind, times in held.items():
                datarobot.outcome(kind, "succeeded", seconds=HOLD, times=times)

    def _conf(self, run: Run) -> Json:
        column = run.cell.column
        kill_point: Json = {}
        if column.in_task:
            # A task returns once, even if it creates several resources.
            occurrence = 1 if column.name == "on_return" else run.cell.row.creates
            kill_point = {
                "point": column.name,
                "marker": str(run.marker),
                "occurrence": occurrence,
                "joins": run.cell.row.joins,
            }
        conn_id = THROUGH_PROXY if column.name == "network" else DIRECT
        return {**kill_point, "conn_id": conn_id, "protection": self._protection}

    def _poll(self) -> bool | None:
        """Poll the runs that have not ended; interrupt them when it is due."""
        open_runs = [run for run in self._runs if run.result is None]
        tasks = self._environment.tasks({run.id for run in open_runs})
        jobs = self._environment.datarobot.jobs()
        for run in open_runs:
            task = tasks.get(run.id, {})
            run.interrupted = run.interrupted or run.marker.exists()
            if task.get("state") in ENDED and task["try_number"] > run.cleared_attempt:
                self._handle_ended(run, task, jobs)
        self._interrupt([run for run in open_runs if run.result is None], tasks, jobs)
        self._end_outage()
        self._end_joined([run for run in open_runs if run.result is None], tasks)
        self._end_jobs([run for run in open_runs if run.result is None])
        return True if all(run.result for run in self._runs) else None

    def _handle_ended(self, run: Run, task: Json, jobs: list[Json]) -> None:
        if run.cell.column.name == "cleared_finished" and not run.interrupted and task["state"] == "success":
            # Airflow can lose a clear while the scheduler is ending the run.
            if self._environment.api.run_state(task["dag_id"], run.id) == "success":
                self._clear(run, task)
        else:
            run.result = self._measure(run, task, jobs)

    def _interrupt(self, runs: list[Run], tasks: dict[str, Json], jobs: list[Json]) -> None:
        due = _due(runs)
        if not due:
            return
        waiting = [run for run in due if tasks.get(run.id, {}).get("state") == "deferred"]
        polled = [run for run in waiting if self._is_polled_by_triggerer(run, jobs)]
        for run in polled:
            if run.cell.column.name == "cleared_running":
                self._clear(run, tasks[run.id])
        for name, interrupt in INTERRUPTIONS.items():
            concerned = [run for run in due if run.cell.column.name == name]
            if concerned and all(run in polled for run in concerned):
                self._log_progress(f"{name}: interrupting {len(concerned)} waiting tasks")
                interrupt(self._environment)
                self._outage_end = time.monotonic() + OUTAGE if name == "network" else 0.0
                for run in concerned:
                    run.interrupted = True

    def _is_polled_by_triggerer(self, run: Run, jobs: list[Json]) -> bool:
        """Return whether the triggerer has polled the job, so that a kill affects its trigger."""
        started = run.account.started(jobs)
        # A worker polls its own job once. It polls a joined job before the request, after the rejection, and once more.
        by_worker = 3 if run.cell.row.joins else 1
        return bool(started) and min(polls(self._environment.datarobot, started).values()) > by_worker

    def _clear(self, run: Run, task: Json) -> None:
        run.interrupted, run.cleared_attempt = True, task["try_number"]
        self._environment.clear(task["dag_id"], run.id)

    def _end_outage(self, *, immediately: bool = False) -> None:
        if self._outage_end and (immediately or time.monotonic() > self._outage_end):
            self._outage_end = 0.0
            self._environment.proxy.up()

    def _end_joined(self, runs: list[Run], tasks: dict[str, Json]) -> None:
        """End the jobs of other runs when all tasks that join them wait, unless all jobs are held."""
        joined = [run for run in runs if run.cell.row.joins]
        states = {tasks.get(run.id, {}).get("state") for run in joined}
        if not self._holding and states == {"deferred"}:
            for run in joined:
                # Only these jobs: another task may have started its job a moment ago, and has to wait for it.
                self._environment.datarobot.finish_jobs(
                    customModelVersionId=run.account.conf["custom_model_version_id"]
                )

    def _end_jobs(self, runs: list[Run]) -> None:
        """End the held jobs when no interruption is due that requires running jobs."""
        if self._holding and not _due(runs) and not self._outage_end:
            # Repeated, because a task that is cleared after its success starts another job.
            self._environment.datarobot.finish_jobs()

    def _measure_unfinished(self, run: Run) -> Result:
        task = self._environment.tasks({run.id}).get(run.id, {})
        return self._measure(run, task, self._environment.datarobot.jobs())

    def _measure(self, run: Run, task: Json, jobs: list[Json]) -> Result:
        started, log = run.account.started(jobs), self._environment.log(task) if task else ""
        return Result(
            row=run.cell.row.name,
            column=run.cell.column.name,
            state=str(task.get("state") or "not ended"),
            attempts=int(task.get("try_number") or 0),
            interrupted=run.interrupted,
            creations=run.account.creations(jobs),
            jobs=len(started),
            running=sum(1 for job in started if job["active"]),
            deletes=len(run.account.deletes(jobs)),
            first_job=started[0]["state"] if started else "",
            advised="on_uncertain_submit" in log,
            airflow_failed=task.get("state") == "failed" and self._environment.failed_by_airflow(task),
            log=log,
        )


def _due(runs: list[Run]) -> list[Run]:
    """Return the runs that must still be interrupted while they wait."""
    return [run for run in runs if not run.interrupted and run.cell.column.waits and not run.cell.column.in_task]


def dumped(results: list[Result]) -> str:
    """Return results as JSON, without their logs."""
    return json.dumps([vars(result.without_log()) for result in results], indent=1)


def loaded(text: str) -> list[Result]:
    """Return results from their JSON."""
    return [Result(**each) for each in json.loads(text)]
