from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from demo.scale.account import Made
from demo.scale.casualties import Loss
from demo.scale.report import MADE, ModelRow, Outcome, model_rows, render_models, render_routes
from demo.scale.slots import Slots
from harness.task_durations import Interval, Legs

START = datetime(2026, 3, 29, tzinfo=UTC)
ONCE = Counter(dict.fromkeys(MADE, 1))
ROW = ModelRow("model-01", 60.25, 4.0, 50.0, 1, 30, ONCE)


def interval(kind: str, start: float, end: float) -> Interval:
    return Interval(kind, START + timedelta(seconds=start), START + timedelta(seconds=end))


def outcome() -> Outcome:
    slots = Slots()
    slots.polls = 9
    loss = Loss(0.5, ("a",), ("b",))
    return Outcome("success", 60.0, [ROW], {"GET /x": 31}, 1, 4, [], slots, loss)


def test_a_row_adds_up_what_the_mapped_tasks_of_a_model_did() -> None:
    legs = {
        ("create", 0): Legs((interval("running", 0, 2),)),
        ("test", 0): Legs((interval("running", 3, 4), interval("deferred", 4, 10), interval("running", 10, 11))),
        ("each_model", -1): Legs((interval("running", -50, -40),)),
    }
    tasks = [{"map_index": 0, "try_number": 1}, {"map_index": 0, "try_number": 3}, {"map_index": 1, "try_number": 0}]
    first, second = model_rows(["one", "two"], tasks, legs, {"one": Made({"one"}, ONCE)}, {"one": 7})
    assert first == ModelRow("one", 11.0, 4.0, 6.0, 2, 7, ONCE)
    assert second == ModelRow("two", 0.0, 0.0, 0.0, 0, 0, Counter())


@pytest.mark.parametrize("column", MADE)
@pytest.mark.parametrize("count", [0, 2])
def test_nothing_may_be_missing_or_made_twice(column: str, count: int) -> None:
    assert ROW.made_once
    assert not replace(ROW, made=Counter({**ONCE, column: count})).made_once


def test_the_models_have_medians_and_sums_below() -> None:
    lines = render_models([ROW, replace(ROW, name="model-02", seconds=70.25, requests=40)]).splitlines()
    assert lines[2].split() == ["model-01", "60.2", "4.0", "50.0", "1", "30", *["1"] * len(MADE)]
    assert lines[4].split() == ["median", "65.2", "4.0", "50.0", "1.0", "35.0"]
    assert lines[5].split() == ["all", "8", "100", "2", "70", *["2"] * len(MADE)]


def test_routes_are_shown_most_often_called_first() -> None:
    lines = render_routes({"GET /a": 3, "GET /b": 6}, 3).splitlines()
    assert [line.split()[1:] for line in lines[2:]] == [["/b", "6", "2.0"], ["/a", "3", "1.0"]]


def test_all_holds() -> None:
    assert all(outcome().checks().values())
    assert "31 requests, 31.0 per model" in outcome().render()


def with_a_slot_held() -> Outcome:
    bad = outcome()
    bad.slots.held = 1
    return bad


@pytest.mark.parametrize(
    "bad",
    [
        replace(outcome(), state="failed"),
        replace(outcome(), loss=None),
        replace(outcome(), slots=Slots()),
        with_a_slot_held(),
        replace(outcome(), objects_read=0),
        replace(outcome(), rows=[replace(ROW, made=Counter())]),
    ],
    ids=["run failed", "nothing killed", "never looked", "slot held", "nothing read", "nothing made"],
)
def test_each_thing_that_does_not_hold_is_seen(bad: Outcome) -> None:
    assert list(bad.checks().values()).count(False) == 1
