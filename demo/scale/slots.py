"""Who holds a worker slot while DataRobot works: looked at again and again during a run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from harness.task_durations import moment

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
    that were held at all, ``held``: most slots that were held by tasks whose job ran, ``handing_over``: most slots that
    were held by such tasks in the ``HANDOVER`` seconds that they have for it.
    """

    def __init__(self) -> None:
        self.polls = self.waiting = self.deferred = self.busy = self.held = self.handing_over = 0

    def poll(self, tasks: Iterable[Json], waits: Mapping[tuple[str, int], datetime], dead: Collection[str]) -> None:
        """Count slots now. ``waits`` says since when each task has a job that runs; ``dead`` workers have no slots."""
        now = datetime.now(UTC)
        tasks = list(tasks)
        running = [each for each in tasks if each["state"] == "running" and each["hostname"] not in dead]
        self.polls += 1
        self.waiting = max(self.waiting, len(waits))
        self.deferred = max(self.deferred, sum(each["state"] == "deferred" for each in tasks))
        self.busy = max(self.busy, len(running))
        waited = [_waited(each, waits, now) for each in running]
        self.held = max(self.held, sum(seconds > HANDOVER for seconds in waited))
        self.handing_over = max(self.handing_over, sum(0 < seconds <= HANDOVER for seconds in waited))


def waits(jobs: Iterable[Json], models: Mapping[str, int]) -> dict[tuple[str, int], datetime]:
    """Return which tasks have a job that runs, and since when; ``models`` says which map index each model id has."""
    return {
        (WAITS[job["kind"]], models[job["ids"]["customModelId"]]): moment(job["created"])
        for job in jobs
        if job["active"] and job["kind"] in WAITS and job["ids"]["customModelId"] in models
    }


def _waited(task: Json, waits: Mapping[tuple[str, int], datetime], now: datetime) -> float:
    """Return for how many seconds a running task's job has run, counted from its own try on; 0 without a job."""
    since = waits.get((task["task_id"].rpartition(".")[2], task["map_index"]))
    return (now - max(since, moment(task["start_date"]))).total_seconds() if since else 0.0
