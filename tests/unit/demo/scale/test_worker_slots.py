from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from demo.scale.worker_slots import RELEASE_SECONDS, SlotUsage, running_jobs

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL = "65a00000000000000000000a"


def ago(seconds: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)


def job(**changes: Any) -> dict[str, Any]:
    ids = {"customModelId": MODEL}
    return {"kind": "model_test", "ids": ids, "active": True, "created": ago(9).isoformat(), **changes}


def task(state: str, *, started: float, host: str = "worker-1") -> dict[str, Any]:
    return {
        "task_id": "pipeline.life_cycle.test_version",
        "map_index": 3,
        "state": state,
        "hostname": host,
        "start_date": ago(started).isoformat(),
    }


def test_running_job_belongs_to_its_waiting_task() -> None:
    assert list(running_jobs([job()], {MODEL: 3})) == [("test_version", 3)]


@pytest.mark.parametrize("other", [job(active=False), job(kind="conversion"), job(ids={"customModelId": "another"})])
def test_other_jobs_are_ignored(other: dict[str, Any]) -> None:
    assert running_jobs([other], {MODEL: 3}) == {}


@pytest.mark.parametrize(
    ("seen", "job_seconds", "waiting"),
    [
        (partial(task, "running", started=20), RELEASE_SECONDS + 1, 1),
        (partial(task, "running", started=20), RELEASE_SECONDS - 2, 0),
        (partial(task, "running", started=1), RELEASE_SECONDS + 20, 0),
        (partial(task, "deferred", started=20), RELEASE_SECONDS + 1, 0),
        (partial(task, "running", started=20, host="dead"), RELEASE_SECONDS + 1, 0),
    ],
    ids=[
        "waits on a worker",
        "has just submitted",
        "retry attempt resumes the job",
        "deferred",
        "worker is dead",
    ],
)
def test_slot_counts_as_waiting_while_task_and_job_are_running(
    seen: Callable[[], dict[str, Any]], job_seconds: float, waiting: int
) -> None:
    slots = SlotUsage()
    slots.sample([seen()], {("test_version", 3): ago(job_seconds)}, {"dead"})
    assert slots.waiting == waiting


def test_task_that_has_just_submitted_is_counted_separately() -> None:
    slots = SlotUsage()
    slots.sample([task("running", started=20)], {("test_version", 3): ago(RELEASE_SECONDS - 2)}, set())
    assert (slots.waiting, slots.releasing) == (0, 1)


def test_maximum_of_each_number_is_kept() -> None:
    slots = SlotUsage()
    slots.sample([task("deferred", started=20)] * 3, {("test_version", 3): ago(9)}, set())
    slots.sample([task("running", started=1)] * 2, {}, set())
    slots.sample([], {}, set())
    assert (slots.samples, slots.jobs, slots.deferred, slots.occupied, slots.waiting) == (3, 1, 3, 2, 0)
