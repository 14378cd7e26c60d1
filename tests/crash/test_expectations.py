"""The expected results of the matrix, and the page that shows the others in bold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.crash.cells import COLUMN, Cell, Result, cells, problems
from tests.crash.page import page
from tests.crash.phases import dumped, loaded
from tests.crash.rows import ROW

GOOD = Result("build", "stored", "success", 2, interrupted=True, creations=1, jobs=1, first_job="success")
JOINED = replace(GOOD, row="joined_build", column="cleared_running")
TWO = Result("two_models", "unread_response", "success", 2, interrupted=True, creations=2)
CLEARED = replace(GOOD, column="cleared_running", creations=2, jobs=2, deletes=1, first_job="canceled")
UNSURE = Result("explanations", "unread_response", "failed", 2, interrupted=True, creations=1, jobs=1, advised=True)
SENT_AGAIN = replace(UNSURE, row="explanations_resubmit", state="success", creations=2, jobs=2)


def problems_of(result: Result) -> list[str]:
    return problems(Cell(ROW[result.row], COLUMN[result.column]), result)


@pytest.mark.parametrize("result", [GOOD, JOINED, TWO, CLEARED, UNSURE, SENT_AGAIN, replace(UNSURE, state="success")])
def test_expected_results_are_accepted(result: Result) -> None:
    assert problems_of(result) == []


@pytest.mark.parametrize(
    ("result", "changes"),
    [
        (GOOD, {"interrupted": False}),
        (GOOD, {"state": "failed"}),
        (GOOD, {"creations": 2}),
        (GOOD, {"creations": 0}),
        (GOOD, {"jobs": 2}),
        (GOOD, {"running": 1}),
        (GOOD, {"deletes": 1}),
        (JOINED, {"deletes": 1, "first_job": "canceled"}),
        (JOINED, {"creations": 2, "jobs": 2}),
        (TWO, {"creations": 1}),
        (TWO, {"creations": 3}),
        (CLEARED, {"creations": 1, "jobs": 1}),
        (CLEARED, {"running": 1}),
        (CLEARED, {"deletes": 0}),
        (CLEARED, {"deletes": 2}),
        (CLEARED, {"first_job": "success"}),
        (UNSURE, {"creations": 2}),
        (UNSURE, {"advised": False}),
        (UNSURE, {"state": "success", "creations": 0}),
        (SENT_AGAIN, {"creations": 3}),
        (SENT_AGAIN, {"state": "failed"}),
    ],
)
def test_unexpected_results_are_reported(result: Result, changes: dict[str, Any]) -> None:
    assert problems_of(replace(result, **changes)) != []


def test_the_short_form_has_all_columns_and_no_cell_twice() -> None:
    short, full = cells(short=True), cells(short=False)
    assert {cell.column for cell in short} == {cell.column for cell in full} == set(COLUMN.values())
    assert len({cell.id for cell in full}) == len(full)
    assert {cell.id for cell in short} < {cell.id for cell in full}


def test_the_page_shows_unexpected_results() -> None:
    kill = {"row": "build", "deferrable": True, "limited": False, "deletes": 1, "in_time": True}
    good, bad = loaded(dumped([GOOD, UNSURE])), [replace(GOOD, creations=2)]
    text = page(good, bad, [kill])
    assert "| success 1/1/0 |" in text
    assert "| **success 2/1/0** |" in text
    assert "2 cells: 2 as they should be, 0 not, 0 of them with too much created." in text
    assert "1 cells: 0 as they should be, 1 not, 1 of them with too much created." in text
