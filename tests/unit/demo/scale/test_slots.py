from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from demo.scale.slots import HANDOVER, Slots, waits

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


def test_a_job_that_runs_is_waited_for_by_its_task() -> None:
    assert list(waits([job()], {MODEL: 3})) == [("test_version", 3)]


@pytest.mark.parametrize("other", [job(active=False), job(kind="conversion"), job(ids={"customModelId": "another"})])
def test_other_jobs_are_not_waited_for(other: dict[str, Any]) -> None:
    assert waits([other], {MODEL: 3}) == {}


@pytest.mark.parametrize(
    ("seen", "job_seconds", "held"),
    [
        (partial(task, "running", started=20), HANDOVER + 1, 1),
        (partial(task, "running", started=20), HANDOVER - 2, 0),
        (partial(task, "running", started=1), HANDOVER + 20, 0),
        (partial(task, "deferred", started=20), HANDOVER + 1, 0),
        (partial(task, "running", started=20, host="dead"), HANDOVER + 1, 0),
    ],
    ids=["waits on a worker", "has just submitted", "next try takes the job up", "deferred", "worker is dead"],
)
def test_a_slot_is_held_by_a_task_that_runs_on_while_its_job_does(
    seen: Callable[[], dict[str, Any]], job_seconds: float, held: int
) -> None:
    slots = Slots()
    slots.poll([seen()], {("test_version", 3): ago(job_seconds)}, {"dead"})
    assert slots.held == held


def test_a_task_that_hands_its_slot_over_is_counted_apart() -> None:
    slots = Slots()
    slots.poll([task("running", started=20)], {("test_version", 3): ago(HANDOVER - 2)}, set())
    assert (slots.held, slots.handing_over) == (0, 1)


def test_the_highest_numbers_are_kept() -> None:
    slots = Slots()
    slots.poll([task("deferred", started=20)] * 3, {("test_version", 3): ago(9)}, set())
    slots.poll([task("running", started=1)] * 2, {}, set())
    slots.poll([], {}, set())
    assert (slots.polls, slots.waiting, slots.deferred, slots.busy, slots.held) == (3, 1, 3, 2, 0)
