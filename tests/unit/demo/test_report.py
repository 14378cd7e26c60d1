from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from demo.report import Row, make_row, render, task_name
from harness.task_durations import Interval, TaskDurations

START = datetime(2026, 3, 29, tzinfo=UTC)
DURATIONS = TaskDurations(
    (
        Interval("running", START, START + timedelta(seconds=0.26)),
        Interval("deferred", START, START + timedelta(seconds=61.04)),
    )
)


def task(**changes: Any) -> dict[str, Any]:
    return {"task_id": "build", "map_index": -1, "state": "success", "try_number": 2, **changes}


def test_row_shows_the_measured_durations() -> None:
    row = make_row(task(), DURATIONS, {"return_value": "65a0"}, ["http://127.0.0.1:8000/models/65a0"])
    assert row == Row("build", "success", 2, "61.0", "0.3", "65a0", "http://127.0.0.1:8000/models/65a0")


def test_task_that_never_ran_has_no_durations() -> None:
    row = make_row(task(state=None, try_number=0), TaskDurations(), {}, [])
    assert row == Row("build", "not started", 0, "-", "-", "-", "-")


@pytest.mark.parametrize(
    ("xcoms", "expected"),
    [
        ({"return_value": "65a1"}, "65a1"),
        ({"return_value": {"id": "65a2", "state": "done"}}, "65a2"),
        ({"return_value": {"state": "done"}}, "-"),
        ({"return_value": [1, 2]}, "-"),
        ({"return_value": {"id": "65a2"}, "datarobot_id": "65a3"}, "65a3"),
        ({"return_value": None}, "-"),
    ],
)
def test_datarobot_id_is_pushed_or_returned(xcoms: dict[str, Any], expected: str) -> None:
    assert make_row(task(), DURATIONS, xcoms, []).datarobot_id == expected


def test_pushed_link_is_used_when_airflow_lists_none() -> None:
    pushed = {"_link_A": "", "_link_B": "http://b", "other": "http://c"}
    assert make_row(task(), DURATIONS, pushed, []).link == "http://b"
    assert make_row(task(), DURATIONS, pushed, ["http://listed"]).link == "http://listed"


def test_name_of_a_mapped_task_has_its_index() -> None:
    assert task_name(task(map_index=3)) == "build[3]"
    assert task_name(task()) == "build"


def test_table_aligns_numbers_to_the_right() -> None:
    rows = [
        Row("create", "success", 1, "-", "0.4", "65a0", "http://x"),
        Row("build_dependencies", "failed", 12, "101.5", "0.4", "-", "-"),
    ]
    assert render(rows).splitlines() == [
        "task                state    attempts  deferred s  on worker s  DataRobot id  link",
        "------------------  -------  --------  ----------  -----------  ------------  --------",
        "create              success         1           -          0.4  65a0          http://x",
        "build_dependencies  failed         12       101.5          0.4  -             -",
    ]


def test_table_without_rows_has_headings() -> None:
    assert render([]).startswith("task  state  attempts")
