"""Who holds a worker slot while DataRobot works: looked at again and again during a run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from demo.legs import moment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

Json = dict[str, Any]
#: The task that waits for each kind of job.
WAITS = {
    "training_data": "create_version",
    "dependency_build": "build_dependencies",
    "model_test": "test_version",
    "feature_impact": "feature_impact",
}
#: Seconds in which a task that has started its job has to hand its slot back; from then on it waits.
HANDOVER = 5.0


class Slots:
    """What the looks have seen so far.

    ``waiting``: most jobs that ran at the same time, ``deferred``: most tasks that were deferred, ``busy``: most slots
    that were held at all, ``held``: most slots that were held by tasks whose job ran.
    """

    def __init__(self) -> None:
        self.looks = self.waiting = self.deferred = self.busy = self.held = 0

    def look(self, tasks: Iterable[Json], waits: Mapping[tuple[str, int], datetime], dead: Collection[str]) -> None:
        """Count slots now. ``waits`` says since when each task has a job that runs; ``dead`` workers have no slots."""
        now = datetime.now(UTC)
        tasks = list(tasks)
        running = [each for each in tasks if each["state"] == "running" and each["hostname"] not in dead]
        self.looks += 1
        self.waiting = max(self.waiting, len(waits))
        self.deferred = max(self.deferred, sum(each["state"] == "deferred" for each in tasks))
        self.busy = max(self.busy, len(running))
        self.held = max(self.held, sum(_waits(each, waits, now) for each in running))


def waits(jobs: Iterable[Json], models: Mapping[str, int]) -> dict[tuple[str, int], datetime]:
    """Return which tasks have a job that runs, and since when; ``models`` says which map index each model id has."""
    return {
        (WAITS[job["kind"]], models[job["ids"]["customModelId"]]): moment(job["created"])
        for job in jobs
        if job["active"] and job["kind"] in WAITS and job["ids"]["customModelId"] in models
    }


def _waits(task: Json, waits: Mapping[tuple[str, int], datetime], now: datetime) -> bool:
    """Tell whether a running task has done nothing for its job but wait, since its job or its own try began."""
    since = waits.get((task["task_id"].rpartition(".")[2], task["map_index"]))
    return since is not None and (now - max(since, moment(task["start_date"]))).total_seconds() > HANDOVER
