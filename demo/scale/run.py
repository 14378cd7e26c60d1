"""One run of the DAG: monitor it, kill processes halfway, and measure it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from demo.report import task_name
from demo.scale.kills import TRIGGERER, WORKER, ProcessKiller
from demo.scale.report import Outcome, model_rows, retried_tasks
from demo.scale.worker_slots import SlotUsage, running_jobs
from harness.emulator_client import requests_by_model, requests_by_route
from harness.processes import tail
from harness.task_durations import measure

if TYPE_CHECKING:
    from demo.runner import Stopwatch
    from demo.scale.airflow import DistributedAirflow
    from harness.emulator_client import EmulatorClient

Json = dict[str, Any]
DAG = "pipeline_over_models"
#: The number of tasks of each model, and of unmapped tasks.
MAPPED_TASKS, UNMAPPED_TASKS = 6, 1
LOGS_SHOWN = 3
PROGRESS_SECONDS = 5.0


def model_names(count: int) -> list[str]:
    """Return names for this number of models."""
    return [f"model-{number:02}" for number in range(1, count + 1)]


class Run:
    """One run of the DAG.

    :param airflow: the Airflow that runs it.
    :param emulator: the client of its emulator.
    :param names: the names of the models; the index of a name is the map index of its tasks.
    :param stopwatch: logs the progress.
    """

    def __init__(
        self, airflow: DistributedAirflow, emulator: EmulatorClient, names: list[str], stopwatch: Stopwatch
    ) -> None:
        self._airflow, self._api, self._emulator = airflow, airflow.api, emulator
        self._names, self._stopwatch = names, stopwatch
        self._run_id, self._seconds, self._logged_at = "", 0.0, 0.0
        self._slots = SlotUsage()
        self._killer = ProcessKiller(airflow, UNMAPPED_TASKS + MAPPED_TASKS * len(names), self._tasks)

    def complete(self, model_folder: str, *, timeout: float) -> str:
        """Start the run, wait for its end and return its state.

        :param model_folder: the address of the model files.
        :param timeout: seconds to wait.
        """
        self._api.wait_for_dag(DAG)
        self._api.unpause(DAG)
        began = self._stopwatch.seconds
        self._run_id = self._api.submit_form(DAG, {"model_names": self._names, "model_folder": model_folder})
        self._stopwatch.log(f"Triggered {DAG} for {len(self._names)} models with the files in {model_folder}")
        state = self._api.wait_for_run(DAG, self._run_id, timeout=timeout, watch=self._watch)
        self._seconds = self._stopwatch.seconds - began
        self._stopwatch.log(f"The run has ended: {state}")
        self._show_failures()
        return state

    def outcome(self, state: str, objects_read: int) -> Outcome:
        """Return the measurements of the run after its end."""
        log, created = self._emulator.provider_requests(), self._emulator.created()
        related, unrelated = requests_by_model(log, created)
        tasks = self._tasks()
        durations = measure(self._api.events(DAG, self._run_id), until=datetime.now(UTC))
        return Outcome(
            state=state,
            seconds=self._seconds,
            rows=model_rows(self._names, tasks, durations, created, related),
            routes=requests_by_route(log),
            unrelated_requests=unrelated,
            objects_read=objects_read,
            retried=retried_tasks(tasks),
            slots=self._slots,
            killed=self._killer.killed,
        )

    def _tasks(self) -> list[Json]:
        return self._api.task_instances(DAG, self._run_id)

    def _watch(self, tasks: list[Json]) -> None:
        """Sample the worker slots, log the progress, and kill processes when the conditions are met."""
        indexes = {name: index for index, name in enumerate(self._names)}
        models = {model_id: indexes[name] for model_id, name in self._emulator.models().items() if name in indexes}
        dead = {WORKER} if self._killer.killed else set[str]()
        self._slots.sample(tasks, running_jobs(self._emulator.jobs(), models), dead)
        if self._stopwatch.seconds - self._logged_at >= PROGRESS_SECONDS:
            self._logged_at = self._stopwatch.seconds
            states = Counter(each["state"] or "not started" for each in tasks)
            self._stopwatch.log("  " + ", ".join(f"{count} {state}" for state, count in sorted(states.items())))
        killed = self._killer.watch(tasks)
        if killed:
            self._stopwatch.log(f"Killed two processes after {killed.progress:.0%} of the tasks:")
            self._stopwatch.log(f"  {WORKER}, which was running {', '.join(killed.running)}")
            self._stopwatch.log(f"  {TRIGGERER}, which had {len(killed.deferred)} deferred tasks")

    def _show_failures(self) -> None:
        """Print the end of the logs of failed tasks."""
        failed = [each for each in self._tasks() if each["state"] == "failed"]
        for task in failed[:LOGS_SHOWN]:
            log = self._airflow.task_log(task)
            print(f"End of the log of {task_name(task)}: {log}\n{tail(log) if log else ''}\n", flush=True)
