"""What a run at scale has cost, for each model and in all, and what must hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from demo.report import table, task_name
from demo.scale.account import ENTITIES, JOBS, Made
from demo.scale.slots import HANDOVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from demo.scale.casualties import Loss
    from demo.scale.slots import Slots
    from harness.task_durations import Legs, TaskKey

Json = dict[str, Any]
MADE = (*ENTITIES, *JOBS)
HEADINGS = ("model", "seconds", "on worker s", "deferred s", "extra tries", "requests", *MADE)


@dataclass(frozen=True)
class ModelRow:
    """One model: seconds from its first task's start to its last one's end, and of what they consist.

    ``extra_tries`` counts the tries beyond the first one of each task, ``requests`` those that name the model.
    """

    name: str
    seconds: float
    on_worker: float
    deferred: float
    extra_tries: int
    requests: int
    made: Counter[str]

    @property
    def made_once(self) -> bool:
        """Tell whether exactly one of each was made."""
        return all(self.made[column] == 1 for column in MADE)

    def cells(self) -> tuple[object, ...]:
        """Return the line of the table."""
        seconds = (f"{each:.1f}" for each in (self.seconds, self.on_worker, self.deferred))
        return self.name, *seconds, self.extra_tries, self.requests, *(self.made[column] for column in MADE)


def model_rows(
    names: Sequence[str],
    tasks: Iterable[Json],
    legs: Mapping[TaskKey, Legs],
    made: Mapping[str, Made],
    requests: Mapping[str, int],
) -> list[ModelRow]:
    """Return a row for each model; the place of its name is the map index of its tasks."""
    tries: Counter[int] = Counter()
    for task in tasks:
        tries[task["map_index"]] += max(task["try_number"] - 1, 0)
    rows = []
    for index, name in enumerate(names):
        mine = [each for (_, map_index), each in legs.items() if map_index == index]
        intervals = [each for leg in mine for each in leg.intervals]
        span = max(each.end for each in intervals) - min(each.start for each in intervals) if intervals else None
        rows.append(
            ModelRow(
                name,
                span.total_seconds() if span else 0.0,
                sum(each.on_worker for each in mine),
                sum(each.deferred for each in mine),
                tries[index],
                requests.get(name, 0),
                made[name].counts if name in made else Counter(),
            )
        )
    return rows


def render_models(rows: Sequence[ModelRow]) -> str:
    """Return the table of the models, with the medians and the totals below."""
    numbers = range(1, len(HEADINGS))
    columns = [(row.seconds, row.on_worker, row.deferred, row.extra_tries, row.requests) for row in rows]
    middle = [f"{median(column):.1f}" for column in zip(*columns, strict=True)]
    sums = [f"{sum(column):.0f}" for column in zip(*columns, strict=True)]
    totals = [sum(row.made[column] for row in rows) for column in MADE]
    foot = [("median", *middle, *("" for _ in MADE)), ("all", "", *sums[1:], *totals)]
    return table(HEADINGS, [*(row.cells() for row in rows), *foot], numbers=numbers)


def render_routes(routes: Mapping[str, int], models: int) -> str:
    """Return the table of the routes, and how often each was called."""
    ordered = sorted(routes.items(), key=lambda item: (-item[1], item[0]))
    lines = [(route, count, f"{count / models:.1f}") for route, count in ordered]
    return table(("route", "requests", "per model"), lines, numbers={1, 2})


def tried_again(tasks: Iterable[Json]) -> list[str]:
    """Return the tasks that needed more than one try."""
    return [f"{task_name(each)} ({each['try_number']} tries)" for each in tasks if each["try_number"] > 1]


@dataclass(frozen=True)
class Outcome:
    """All that was measured of one run.

    ``unnamed_requests`` are those that name no model, ``objects_read`` the objects that were read from the storage.
    """

    state: str
    seconds: float
    rows: list[ModelRow]
    routes: Mapping[str, int]
    unnamed_requests: int
    objects_read: int
    tried_again: list[str]
    slots: Slots
    loss: Loss | None

    def render(self) -> str:
        """Return both tables and the summary."""
        models, slots = len(self.rows), self.slots
        requests = sum(self.routes.values())
        lines = [
            f"{self.seconds:.0f} s for {models} models, {self.seconds / models:.1f} s per model",
            f"{requests} requests, {requests / models:.1f} per model; {self.unnamed_requests} of them name no model",
            f"{self.objects_read} objects read from the object storage, {self.objects_read / models:.1f} per model",
            f"worker slots held while waiting for DataRobot: {slots.held}, in {slots.polls} looks",
            f"worker slots held in the {HANDOVER:.0f} s after a job was started: at most {slots.handing_over} at once",
            f"at most at once: {slots.waiting} jobs, {slots.deferred} deferred tasks, {slots.busy} busy worker slots",
            f"tried again: {', '.join(self.tried_again) or 'none'}",
        ]
        return "\n\n".join((render_models(self.rows), render_routes(self.routes, models), "\n".join(lines)))

    def checks(self) -> dict[str, bool]:
        """Return what must hold, and whether it does."""
        return {
            "the run ended in success": self.state == "success",
            "a worker and a triggerer were killed while they had work": self.loss is not None,
            "no worker slot was held while waiting for DataRobot": self.slots.polls > 0 and self.slots.held == 0,
            "the model was read from the object storage": self.objects_read >= len(self.rows),
            "each thing was made exactly once for each model": all(row.made_once for row in self.rows),
        }
