"""The table at the end of a demonstration: the tasks, their durations, and the DataRobot resources they created."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from harness.task_durations import TaskDurations, measure

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from harness.airflow_api import AirflowApi

HEADINGS = ("task", "state", "attempts", "deferred s", "on worker s", "DataRobot id", "link")
NUMBERS = frozenset({2, 3, 4})


@dataclass(frozen=True)
class Row:
    """A row of the table: one task instance."""

    task: str
    state: str
    attempts: int
    deferred: str
    on_worker: str
    datarobot_id: str
    link: str


def collect(api: AirflowApi, dag_id: str, run_id: str) -> list[Row]:
    """Return the rows of all task instances of the run."""
    durations = measure(api.events(dag_id, run_id), until=datetime.now(UTC))
    rows = []
    for task in api.task_instances(dag_id, run_id):
        xcoms = api.xcoms(task)
        links = list(api.extra_links(task).values())
        measured = durations.get((task["task_id"], task["map_index"]), TaskDurations())
        rows.append(make_row(task, measured, xcoms, links))
    return rows


def make_row(task: dict[str, Any], durations: TaskDurations, xcoms: dict[str, Any], links: Sequence[str]) -> Row:
    """Return the row of a task instance."""
    return Row(
        task=task_name(task),
        state=task["state"] or "not started",
        attempts=task["try_number"],
        deferred=f"{durations.deferred:.1f}" if durations.was_deferred else "-",
        on_worker=f"{durations.on_worker:.1f}" if durations.intervals else "-",
        datarobot_id=_datarobot_id(xcoms),
        link=next(iter(links), None) or _pushed_link(xcoms),
    )


def task_name(task: dict[str, Any]) -> str:
    """Return the task id of a task instance, with the map index if it has one."""
    index = task["map_index"]
    return f"{task['task_id']}[{index}]" if index >= 0 else str(task["task_id"])


def render(rows: Sequence[Row]) -> str:
    """Return the rows as a plain-text table."""
    return table(HEADINGS, [astuple(row) for row in rows], numbers=NUMBERS)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Container[int]) -> str:
    """Return a plain-text table.

    :param headings: the headings of the columns.
    :param rows: the cells of each row.
    :param numbers: indexes of the columns to align to the right.
    """
    cells = [tuple(headings), *(tuple(str(cell) for cell in row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(headings))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(_line(line, widths, numbers) for line in (cells[0], rule, *cells[1:]))


def _line(line: Sequence[str], widths: Sequence[int], numbers: Container[int]) -> str:
    padded = (
        cell.rjust(width) if column in numbers else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(line, widths, strict=True))
    )
    return "  ".join(padded).rstrip()


def _datarobot_id(xcoms: dict[str, Any]) -> str:
    """Return the id that a task pushed as ``datarobot_id``, otherwise the id that it returned."""
    returned = xcoms.get("return_value")
    if isinstance(returned, dict):
        returned = returned.get("id")
    found = xcoms.get("datarobot_id") or returned
    return found if isinstance(found, str) else "-"


def _pushed_link(xcoms: dict[str, Any]) -> str:
    """Return the address of the first link that a task pushed."""
    return next((value for key, value in sorted(xcoms.items()) if key.startswith("_link_") and value), "-")
