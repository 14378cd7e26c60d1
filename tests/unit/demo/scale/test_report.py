from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from demo.scale.kills import KilledWork
from demo.scale.report import CREATED, ModelRow, Outcome, model_rows, render_models, render_routes
from demo.scale.worker_slots import SlotUsage
from harness.emulator_client import Created
from harness.task_durations import Interval, TaskDurations

START = datetime(2026, 3, 29, tzinfo=UTC)
ONCE = Counter(dict.fromkeys(CREATED, 1))
ROW = ModelRow("model-01", 60.25, 4.0, 50.0, 1, 30, ONCE)


def interval(kind: str, start: float, end: float) -> Interval:
    return Interval(kind, START + timedelta(seconds=start), START + timedelta(seconds=end))


def outcome() -> Outcome:
    slots = SlotUsage()
    slots.samples = 9
    killed = KilledWork(0.5, ("a",), ("b",))
    return Outcome("success", 60.0, [ROW], {"GET /x": 31}, 1, 4, [], slots, killed)


def test_row_sums_the_mapped_tasks_of_a_model() -> None:
    durations = {
        ("create", 0): TaskDurations((interval("running", 0, 2),)),
        ("test", 0): TaskDurations(
            (interval("running", 3, 4), interval("deferred", 4, 10), interval("running", 10, 11))
        ),
        ("each_model", -1): TaskDurations((interval("running", -50, -40),)),
    }
    tasks = [{"map_index": 0, "try_number": 1}, {"map_index": 0, "try_number": 3}, {"map_index": 1, "try_number": 0}]
    first, second = model_rows(["one", "two"], tasks, durations, {"one": Created({"one"}, ONCE)}, {"one": 7})
    assert first == ModelRow("one", 11.0, 4.0, 6.0, 2, 7, ONCE)
    assert second == ModelRow("two", 0.0, 0.0, 0.0, 0, 0, Counter())


@pytest.mark.parametrize("column", CREATED)
@pytest.mark.parametrize("count", [0, 2])
def test_created_once_is_false_when_something_is_missing_or_duplicated(column: str, count: int) -> None:
    assert ROW.created_once
    assert not replace(ROW, created=Counter({**ONCE, column: count})).created_once


def test_table_of_models_ends_with_medians_and_totals() -> None:
    lines = render_models([ROW, replace(ROW, name="model-02", seconds=70.25, requests=40)]).splitlines()
    assert lines[2].split() == ["model-01", "60.2", "4.0", "50.0", "1", "30", "each", "once"]
    assert lines[4].split() == ["median", "65.2", "4.0", "50.0", "1.0", "35.0"]
    assert lines[5].split() == ["total", "8", "100", "2", "70"]


def test_table_of_models_lists_what_was_not_created_once() -> None:
    lines = render_models([replace(ROW, created=ONCE + Counter(tests=1) - Counter(builds=1))]).splitlines()
    assert lines[2].endswith(" 0 builds, 2 tests")


def test_tables_fit_one_hundred_columns() -> None:
    route = "GET /api/v2/customModels/ID/versions/ID/" + "a" * 80
    result = replace(outcome(), rows=[replace(ROW, name="model-" + "n" * 90, created=Counter())], routes={route: 1})
    assert max(map(len, result.render().splitlines())) == 100


def test_routes_are_sorted_by_number_of_requests() -> None:
    lines = render_routes({"GET /a": 3, "GET /b": 6}, 3).splitlines()
    assert [line.split()[1:] for line in lines[2:]] == [["/b", "6", "2.0"], ["/a", "3", "1.0"]]


def test_all_checks_pass() -> None:
    assert all(outcome().checks().values())
    assert "31 requests, 31.0 per model" in outcome().render()
    assert f"created: {', '.join(f'1 {column}' for column in CREATED)}\n" in outcome().render()


def with_an_occupied_slot() -> Outcome:
    bad = outcome()
    bad.slots.waiting = 1
    return bad


@pytest.mark.parametrize(
    "bad",
    [
        replace(outcome(), state="failed"),
        replace(outcome(), killed=None),
        replace(outcome(), slots=SlotUsage()),
        with_an_occupied_slot(),
        replace(outcome(), objects_read=0),
        replace(outcome(), rows=[replace(ROW, created=Counter())]),
    ],
    ids=["run failed", "nothing killed", "never sampled", "slot occupied", "nothing read", "nothing created"],
)
def test_each_failed_check_is_reported(bad: Outcome) -> None:
    assert list(bad.checks().values()).count(False) == 1
