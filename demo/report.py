"""The table at the end of a demonstration: what each task did and what it made in DataRobot."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from harness.task_durations import Legs, measure

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from harness.airflow_api import AirflowApi

HEADINGS = ("task", "state", "tries", "deferred s", "on worker s", "DataRobot id", "link")
NUMBERS = frozenset({2, 3, 4})


@dataclass(frozen=True)
class Row:
    """One task instance, as it is shown."""

    task: str
    state: str
    tries: int
    deferred: str
    on_worker: str
    datarobot_id: str
    link: str


def collect(api: AirflowApi, dag_id: str, run_id: str) -> list[Row]:
    """Return a row for each task instance of the run."""
    legs = measure(api.events(dag_id, run_id), until=datetime.now(UTC))
    rows = []
    for task in api.task_instances(dag_id, run_id):
        xcoms = api.xcoms(task)
        links = list(api.extra_links(task).values())
        measured = legs.get((task["task_id"], task["map_index"]), Legs())
        rows.append(make_row(task, measured, xcoms, links))
    return rows


def make_row(task: dict[str, Any], legs: Legs, xcoms: dict[str, Any], links: Sequence[str]) -> Row:
    """Put together what is known of one task instance."""
    return Row(
        task=task_name(task),
        state=task["state"] or "not started",
        tries=task["try_number"],
        deferred=f"{legs.deferred:.1f}" if legs.was_deferred else "-",
        on_worker=f"{legs.on_worker:.1f}" if legs.intervals else "-",
        datarobot_id=_datarobot_id(xcoms),
        link=next(iter(links), None) or _pushed_link(xcoms),
    )


def task_name(task: dict[str, Any]) -> str:
    """Return a task instance's id, with its map index if it has one."""
    index = task["map_index"]
    return f"{task['task_id']}[{index}]" if index >= 0 else str(task["task_id"])


def render(rows: Sequence[Row]) -> str:
    """Return the rows as a table in plain text."""
    return table(HEADINGS, [astuple(row) for row in rows], numbers=NUMBERS)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Container[int]) -> str:
    """Return a table in plain text, with the columns that hold ``numbers`` to the right."""
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
    """Return the id a task pushed under ``datarobot_id``, or else the id it returned."""
    returned = xcoms.get("return_value")
    if isinstance(returned, dict):
        returned = returned.get("id")
    found = xcoms.get("datarobot_id") or returned
    return found if isinstance(found, str) else "-"


def _pushed_link(xcoms: dict[str, Any]) -> str:
    """Return the address of the first link a task pushed by itself."""
    return next((value for key, value in sorted(xcoms.items()) if key.startswith("_link_") and value), "-")
