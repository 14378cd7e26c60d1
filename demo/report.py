"""The table at the end of a demonstration: the tasks, their durations, and the DataRobot resources they created."""

from __future__ import annotations

import textwrap
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from io import StringIO
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.task_durations import TaskDurations, measure

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from harness.airflow_api import AirflowApi

HEADINGS = ("task", "state", "attempts", "deferred s", "on worker s", "DataRobot id")
NUMBERS = frozenset({2, 3, 4})
#: The largest number of columns of a table.
WIDTH = 100
NONE = "-"


@dataclass(frozen=True)
class Row:
    """A row of the table: one task instance. The link is printed below the table."""

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
        deferred=f"{durations.deferred:.1f}" if durations.was_deferred else NONE,
        on_worker=f"{durations.on_worker:.1f}" if durations.intervals else NONE,
        datarobot_id=_datarobot_id(xcoms),
        link=next(iter(links), None) or _pushed_link(xcoms),
    )


def task_name(task: dict[str, Any]) -> str:
    """Return the task id of a task instance, with the map index if it has one."""
    index = task["map_index"]
    return f"{task['task_id']}[{index}]" if index >= 0 else str(task["task_id"])


def render(rows: Sequence[Row]) -> str:
    """Return the rows as a plain-text table."""
    return table(HEADINGS, [astuple(row)[: len(HEADINGS)] for row in rows], numbers=NUMBERS)


def render_links(rows: Sequence[Row]) -> str:
    """Return every link once, with the tasks that have it. A link is not wrapped, so that it can be opened."""
    tasks: dict[str, list[str]] = {}
    for row in rows:
        if row.link != NONE:
            tasks.setdefault(row.link, []).append(row.task)
    links = [f"{textwrap.fill(', '.join(names), WIDTH)}\n    {link}" for link, names in tasks.items()]
    return "\n".join(links or ["no links"])


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Container[int]) -> str:
    """Return a plain-text table of at most ``WIDTH`` columns. Longer cells are wrapped.

    :param headings: the headings of the columns.
    :param rows: the cells of each row.
    :param numbers: indexes of the columns to align to the right.
    """
    grid = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column, heading in enumerate(headings):
        grid.add_column(heading, justify="right" if column in numbers else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(Text(str(cell)) for cell in row))
    output = StringIO()
    Console(file=output, width=WIDTH, color_system=None).print(grid)
    return "\n".join(line.rstrip() for line in output.getvalue().splitlines())


def _datarobot_id(xcoms: dict[str, Any]) -> str:
    """Return the id that a task pushed as ``datarobot_id``, otherwise the id that it returned."""
    returned = xcoms.get("return_value")
    if isinstance(returned, dict):
        returned = returned.get("id")
    found = xcoms.get("datarobot_id") or returned
    return found if isinstance(found, str) else NONE


def _pushed_link(xcoms: dict[str, Any]) -> str:
    """Return the address of the first link that a task pushed."""
    return next((value for key, value in sorted(xcoms.items()) if key.startswith("_link_") and value), NONE)
