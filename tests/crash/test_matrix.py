"""Killed processes: DataRobot has exactly one job or entity for each logical task."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.crash.cells import Cell, cells, problems

if TYPE_CHECKING:
    from tests.crash.cells import Result

# The fixture of the first test runs all cells.
pytestmark = pytest.mark.timeout(1800)

CELLS = cells(short=os.environ.get("CRASH_SHORT", "") not in {"", "0"})


@pytest.mark.parametrize("cell", [pytest.param(cell, id=cell.id) for cell in CELLS])
def test_each_task_creates_exactly_one_resource(cell: Cell, results: dict[str, Result]) -> None:
    result = results[cell.id]
    wrong = problems(cell, result)
    if wrong:
        pytest.fail(f"{cell.column.title}: {'; '.join(wrong)}\n{result}\n{result.log}", pytrace=False)
