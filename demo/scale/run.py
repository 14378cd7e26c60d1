"""One run of the DAG: watched, disturbed half-way, and measured."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from demo.report import task_name
from demo.scale.account import requests_by_model, requests_by_route
from demo.scale.casualties import TRIGGERER, WORKER, Casualties
from demo.scale.report import Outcome, model_rows, tried_again
from demo.scale.slots import Slots, waits
from harness.processes import tail
from harness.task_durations import measure

if TYPE_CHECKING:
    from demo.runner import Stopwatch
    from demo.scale.account import Account
    from demo.scale.airflow import DistributedAirflow

Json = dict[str, Any]
DAG = "pipeline_over_models"
#: Tasks that are mapped over the models, and tasks before them.
TASKS_EACH, TASKS_ONCE = 6, 1
LOGS_SHOWN = 3
PROGRESS_SECONDS = 5.0


def model_names(count: int) -> list[str]:
    """Return names for so many models."""
    return [f"model-{number:02}" for number in range(1, count + 1)]


class Run:
    """One run over the models ``names``; the place of a name is the map index of its tasks."""

    def __init__(self, airflow: DistributedAirflow, account: Account, names: list[str], stopwatch: Stopwatch) -> None:
        self._airflow, self._api, self._account = airflow, airflow.api, account
        self._names, self._stopwatch = names, stopwatch
        self._run_id, self._seconds, self._said = "", 0.0, 0.0
        self._slots = Slots()
        self._casualties = Casualties(airflow, TASKS_ONCE + TASKS_EACH * len(names), self._tasks)

    def complete(self, model_folder: str, *, timeout: float) -> str:
        """Start the run, wait for its end, return its state; ``model_folder`` is where the workers find the model."""
        self._api.wait_for_dag(DAG)
        self._api.unpause(DAG)
        began = self._stopwatch.seconds
        self._run_id = self._api.submit_form(DAG, {"model_names": self._names, "model_folder": model_folder})
        self._stopwatch.say(f"triggered {DAG} for {len(self._names)} models, their folder is {model_folder}")
        state = self._api.wait_for_run(DAG, self._run_id, timeout=timeout, watch=self._watch)
        self._seconds = self._stopwatch.seconds - began
        self._stopwatch.say(f"the run ended: {state}")
        self._show_failures()
        return state

    def outcome(self, state: str, objects_read: int) -> Outcome:
        """Return what the run has cost, now that it is over in this ``state``."""
        log, made = self._account.requests(), self._account.made()
        named, others = requests_by_model(log, made)
        tasks = self._tasks()
        legs = measure(self._api.events(DAG, self._run_id), until=datetime.now(UTC))
        return Outcome(
            state=state,
            seconds=self._seconds,
            rows=model_rows(self._names, tasks, legs, made, named),
            routes=requests_by_route(log),
            unnamed_requests=others,
            objects_read=objects_read,
            tried_again=tried_again(tasks),
            slots=self._slots,
            loss=self._casualties.loss,
        )

    def _tasks(self) -> list[Json]:
        return self._api.task_instances(DAG, self._run_id)

    def _watch(self, tasks: list[Json]) -> None:
        """Look at the run: count slots, say how far it is, and kill when it is time."""
        places = {name: place for place, name in enumerate(self._names)}
        models = {model_id: places[name] for model_id, name in self._account.models().items() if name in places}
        dead = {WORKER} if self._casualties.loss else set[str]()
        self._slots.poll(tasks, waits(self._account.jobs(), models), dead)
        if self._stopwatch.seconds - self._said >= PROGRESS_SECONDS:
            self._said = self._stopwatch.seconds
            states = Counter(each["state"] or "not started" for each in tasks)
            self._stopwatch.say("  " + ", ".join(f"{count} {state}" for state, count in sorted(states.items())))
        loss = self._casualties.watch(tasks)
        if loss:
            self._stopwatch.say(f"killed with {loss.done:.0%} of the tasks done: {WORKER}, which ran {loss.running},")
            self._stopwatch.say(f"  and {TRIGGERER}, whose deferred tasks were {len(loss.deferred)}")

    def _show_failures(self) -> None:
        """Print the ends of the logs of tasks that failed."""
        failed = [each for each in self._tasks() if each["state"] == "failed"]
        for task in failed[:LOGS_SHOWN]:
            log = self._airflow.task_log(task)
            print(f"The end of the log of {task_name(task)}: {log}\n{tail(log) if log else ''}\n", flush=True)
