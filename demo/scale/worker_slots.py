"""The number of worker slots that tasks occupy while DataRobot works, sampled during a run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from harness.task_durations import parse_time

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

Json = dict[str, Any]
#: The task that waits for each kind of job.
WAITING_TASKS = {
    "training_data": "create_version",
    "dependency_build": "build_dependencies",
    "model_test": "test_version",
    "feature_impact": "feature_impact",
}
#: Seconds in which a task has to release its slot after it has started its job.
RELEASE_SECONDS = 5.0


class SlotUsage:
    """The maximum of each number over all samples.

    :ivar samples: number of samples.
    :ivar jobs: jobs that were running at the same time.
    :ivar deferred: deferred tasks.
    :ivar occupied: occupied worker slots.
    :ivar waiting: slots of tasks whose job had been running for more than ``RELEASE_SECONDS``.
    :ivar releasing: slots of tasks whose job had been running for less than that.
    """

    def __init__(self) -> None:
        self.samples = self.jobs = self.deferred = self.occupied = self.waiting = self.releasing = 0

    def sample(self, tasks: Iterable[Json], jobs: Mapping[tuple[str, int], datetime], dead: Collection[str]) -> None:
        """Add a sample.

        :param tasks: the task instances of the run.
        :param jobs: the tasks with a running job, and its start; see :func:`running_jobs`.
        :param dead: host names of dead workers, which have no slots.
        """
        now = datetime.now(UTC)
        tasks = list(tasks)
        running = [each for each in tasks if each["state"] == "running" and each["hostname"] not in dead]
        self.samples += 1
        self.jobs = max(self.jobs, len(jobs))
        self.deferred = max(self.deferred, sum(each["state"] == "deferred" for each in tasks))
        self.occupied = max(self.occupied, len(running))
        waits = [_seconds_waited(each, jobs, now) for each in running]
        self.waiting = max(self.waiting, sum(seconds > RELEASE_SECONDS for seconds in waits))
        self.releasing = max(self.releasing, sum(0 < seconds <= RELEASE_SECONDS for seconds in waits))


def running_jobs(jobs: Iterable[Json], models: Mapping[str, int]) -> dict[tuple[str, int], datetime]:
    """Return the tasks that have a running job, as task id and map index, and the start of the job.

    :param jobs: the jobs of the emulator.
    :param models: the map index of each model id.
    """
    return {
        (WAITING_TASKS[job["kind"]], models[job["ids"]["customModelId"]]): parse_time(job["created"])
        for job in jobs
        if job["active"] and job["kind"] in WAITING_TASKS and job["ids"]["customModelId"] in models
    }


def _seconds_waited(task: Json, jobs: Mapping[tuple[str, int], datetime], now: datetime) -> float:
    """Return the seconds for which the job of a task has been running during this attempt; 0 without a job."""
    since = jobs.get((task["task_id"].rpartition(".")[2], task["map_index"]))
    return (now - max(since, parse_time(task["start_date"]))).total_seconds() if since else 0.0
