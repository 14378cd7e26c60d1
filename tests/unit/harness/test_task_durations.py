from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from harness.task_durations import TaskDurations, measure

START = datetime(2026, 3, 29, 0, 59, 58, tzinfo=UTC)


def event(seconds: float, name: str, *, task: str | None = "build", map_index: int | None = -1) -> dict[str, Any]:
    """Return an audit log entry in the form that GET /api/v2/eventLogs gives."""
    when = (START + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
    return {"when": when, "event": name, "task_id": task, "map_index": map_index, "try_number": 1}


def durations_of(*events: dict[str, Any], until: float = 1000) -> TaskDurations:
    return measure(events, until=START + timedelta(seconds=until))["build", -1]


def test_deferred_task_has_two_intervals_on_a_worker() -> None:
    durations = durations_of(
        event(0, "running"), event(0.25, "deferred"), event(60.75, "running"), event(61, "success")
    )
    assert durations.on_worker == pytest.approx(0.5)
    assert durations.deferred == pytest.approx(60.5)
    assert [each.kind for each in durations.intervals] == ["running", "deferred", "running"]


def test_task_without_deferral_has_no_deferred_time() -> None:
    durations = durations_of(event(0, "running"), event(2, "success"))
    assert (durations.on_worker, durations.deferred, durations.was_deferred) == (2.0, 0.0, False)


def test_all_attempts_count_but_not_the_pause_between_them() -> None:
    durations = durations_of(event(0, "running"), event(1, "up_for_retry"), event(31, "running"), event(34, "failed"))
    assert durations.on_worker == 4.0
    assert durations.deferred == 0.0


def test_time_between_two_pokes_does_not_count() -> None:
    durations = durations_of(
        event(0, "running"), event(1, "up_for_reschedule"), event(61, "running"), event(62, "success")
    )
    assert (durations.on_worker, durations.deferred) == (2.0, 0.0)


def test_unfinished_interval_ends_at_the_given_time() -> None:
    assert durations_of(event(0, "running"), event(1, "deferred"), until=11).deferred == 10.0
    assert durations_of(event(0, "running"), until=7).on_worker == 7.0


def test_several_deferrals_are_summed() -> None:
    names = ["running", "deferred", "running", "deferred", "running", "success"]
    durations = durations_of(*(event(index * 10, name) for index, name in enumerate(names)))
    assert (durations.on_worker, durations.deferred) == (30.0, 20.0)


def test_task_instances_are_separate_and_other_events_ignored() -> None:
    events = [
        event(0, "trigger_dag_run", task=None, map_index=None),
        event(0, "running", map_index=0),
        event(1, "running", map_index=1),
        event(2, "success", map_index=0),
        event(3, "state mismatch", map_index=1),
        event(4, "running", task="other", map_index=None),
        event(5, "success", map_index=1),
        event(6, "success", task="other", map_index=None),
    ]
    measured = measure(events, until=START)
    assert {key: durations.on_worker for key, durations in measured.items()} == {
        ("build", 0): 2.0,
        ("build", 1): 4.0,
        ("other", -1): 2.0,
    }


def test_clock_that_moves_back_gives_no_negative_time() -> None:
    assert durations_of(event(5, "running"), event(4, "success")).on_worker == 0.0
