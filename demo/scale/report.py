"""The report of a run at scale: the tables of models and routes, the summary and the checks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from demo.report import table, task_name
from demo.scale.worker_slots import RELEASE_SECONDS
from harness.emulator_client import JOBS, RESOURCES, Created

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from demo.scale.kills import KilledWork
    from demo.scale.worker_slots import SlotUsage
    from harness.task_durations import TaskDurations, TaskKey

Json = dict[str, Any]
CREATED = (*RESOURCES, *JOBS)
HEADINGS = ("model", "seconds", "on worker s", "deferred s", "retries", "requests", "created")


@dataclass(frozen=True)
class ModelRow:
    """A row of the table of models.

    :param name: the name of the model.
    :param seconds: seconds from the start of its first task to the end of its last one.
    :param on_worker: seconds of its tasks on workers.
    :param deferred: seconds of its tasks in deferrals.
    :param retries: retry attempts of its tasks.
    :param requests: requests related to the model.
    :param created: the number of resources and jobs of each type.
    """

    name: str
    seconds: float
    on_worker: float
    deferred: float
    retries: int
    requests: int
    created: Counter[str]

    @property
    def created_once(self) -> bool:
        """Return whether exactly one resource or job of each type was created."""
        return all(self.created[column] == 1 for column in CREATED)

    def cells(self) -> tuple[object, ...]:
        """Return the cells of the row."""
        seconds = (f"{each:.1f}" for each in (self.seconds, self.on_worker, self.deferred))
        others = ", ".join(f"{self.created[column]} {column}" for column in CREATED if self.created[column] != 1)
        return self.name, *seconds, self.retries, self.requests, others or "each once"


def model_rows(
    names: Sequence[str],
    tasks: Iterable[Json],
    durations: Mapping[TaskKey, TaskDurations],
    created: Mapping[str, Created],
    requests: Mapping[str, int],
) -> list[ModelRow]:
    """Return the rows of all models; the index of a name is the map index of its tasks."""
    retries: Counter[int] = Counter()
    for task in tasks:
        retries[task["map_index"]] += max(task["try_number"] - 1, 0)
    rows = []
    for index, name in enumerate(names):
        own = [each for (_, map_index), each in durations.items() if map_index == index]
        intervals = [interval for each in own for interval in each.intervals]
        span = max(each.end for each in intervals) - min(each.start for each in intervals) if intervals else None
        rows.append(
            ModelRow(
                name,
                span.total_seconds() if span else 0.0,
                sum(each.on_worker for each in own),
                sum(each.deferred for each in own),
                retries[index],
                requests.get(name, 0),
                created[name].counts if name in created else Counter(),
            )
        )
    return rows


def render_models(rows: Sequence[ModelRow]) -> str:
    """Return the table of the models, with medians and totals."""
    numbers = range(1, len(HEADINGS) - 1)
    columns = [(row.seconds, row.on_worker, row.deferred, row.retries, row.requests) for row in rows]
    medians = [f"{median(column):.1f}" for column in zip(*columns, strict=True)]
    sums = [f"{sum(column):.0f}" for column in zip(*columns, strict=True)]
    foot = [("median", *medians, ""), ("total", "", *sums[1:], "")]
    return table(HEADINGS, [*(row.cells() for row in rows), *foot], numbers=numbers)


def render_routes(routes: Mapping[str, int], models: int) -> str:
    """Return the table of the routes and their number of requests."""
    ordered = sorted(routes.items(), key=lambda item: (-item[1], item[0]))
    lines = [(route, count, f"{count / models:.1f}") for route, count in ordered]
    return table(("route", "requests", "per model"), lines, numbers={1, 2})


def retried_tasks(tasks: Iterable[Json]) -> list[str]:
    """Return the tasks with more than one attempt."""
    return [f"{task_name(each)} ({each['try_number']} attempts)" for each in tasks if each["try_number"] > 1]


@dataclass(frozen=True)
class Outcome:
    """The measurements of a run.

    :param state: the final state of the run.
    :param seconds: the duration of the run.
    :param rows: the rows of the models.
    :param routes: the number of requests of each route.
    :param unrelated_requests: the number of requests that are not related to a single model.
    :param objects_read: the number of reads from the object storage.
    :param retried: the tasks with more than one attempt.
    :param slots: the usage of worker slots.
    :param killed: the interrupted work; ``None`` if no process was killed.
    """

    state: str
    seconds: float
    rows: list[ModelRow]
    routes: Mapping[str, int]
    unrelated_requests: int
    objects_read: int
    retried: list[str]
    slots: SlotUsage
    killed: KilledWork | None

    def render(self) -> str:
        """Return the tables and the summary."""
        models, slots = len(self.rows), self.slots
        requests = sum(self.routes.values())
        created = (f"{sum(row.created[column] for row in self.rows)} {column}" for column in CREATED)
        lines = [
            f"{self.seconds:.0f} s for {models} models, {self.seconds / models:.1f} s per model",
            f"{requests} requests, {requests / models:.1f} per model; {self.unrelated_requests} not related to a model",
            f"created: {', '.join(created)}",
            f"{self.objects_read} objects read from the object storage, {self.objects_read / models:.1f} per model",
            f"worker slots occupied while waiting for DataRobot: {slots.waiting}, in {slots.samples} samples",
            f"worker slots occupied in the first {RELEASE_SECONDS:.0f} s of a job: at most {slots.releasing} at once",
            f"maximum at once: {slots.jobs} jobs, {slots.deferred} deferred tasks, {slots.occupied} occupied slots",
            f"retried: {', '.join(self.retried) or 'none'}",
        ]
        return "\n\n".join((render_models(self.rows), render_routes(self.routes, models), "\n".join(lines)))

    def checks(self) -> dict[str, bool]:
        """Return the checks and their results."""
        return {
            "the run succeeded": self.state == "success",
            "a worker and a triggerer were killed while they had work": self.killed is not None,
            "no worker slot was occupied while waiting for DataRobot": self.slots.samples > 0
            and self.slots.waiting == 0,
            "the model was read from the object storage": self.objects_read >= len(self.rows),
            "everything was created exactly once for each model": all(row.created_once for row in self.rows),
        }
