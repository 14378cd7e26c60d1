from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from demo.report import Row, make_row, render, render_links, table, task_name
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


LINK = "http://127.0.0.1:40123/registry/custom-model-workshop/65a0000000000000000000a1"
ROWS = [
    Row("create", "success", 1, "-", "0.4", "65a0", LINK),
    Row("build_dependencies", "failed", 12, "101.5", "0.4", "-", "-"),
]


def test_table_aligns_numbers_to_the_right() -> None:
    heading, rule, *lines = render(ROWS).splitlines()
    assert heading == "task                 state     attempts   deferred s   on worker s   DataRobot id"
    assert set(rule) == {"─"}
    assert lines == [
        "create               success          1            -           0.4   65a0",
        "build_dependencies   failed          12        101.5           0.4   -",
    ]


def test_table_without_rows_has_headings() -> None:
    assert render([]).startswith("task   state   attempts")


def test_table_with_long_names_fits_one_hundred_columns() -> None:
    name = "life_cycle.validate_the_vector_database_of_the_product_handbook[12]"
    lines = render([Row(name, "upstream_failed", 1, "1.0", "0.4", "65a0000000000000000000a1", "-")]).splitlines()
    assert max(map(len, lines)) == 100
    assert "".join(line[:20].strip() for line in lines[2:]) == name


def test_square_brackets_are_no_markup() -> None:
    assert "build[red]" in table(["task"], [["build[red]"]], numbers=())


def test_links_are_listed_once_and_in_one_piece() -> None:
    names = [f"a_task_with_a_long_name_{number}" for number in range(4)]
    rows = [*ROWS, *(Row(name, "success", 1, "-", "0.4", "-", LINK * 2) for name in names)]
    assert render_links(rows).splitlines() == [
        "create",
        f"    {LINK}",
        ", ".join(names[:3]) + ",",
        names[3],
        f"    {LINK * 2}",
    ]
    assert render_links(ROWS[1:]) == "no links"
