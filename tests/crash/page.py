"""Creates the page ``docs/reliability.md`` from the results of the matrix."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.crash.cells import COLUMN, COLUMNS, Cell, Result, problems, summary
from tests.crash.rows import ROW, ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Pairs = list[tuple[Cell, Result]]

TEMPLATE = Path(__file__).parent / "reliability_template.md"


def page(on: Sequence[Result], off: Sequence[Result], kills: Sequence[dict[str, Any]]) -> str:
    """Return the page."""
    with_store, without = _pairs(on), _pairs(off)
    return TEMPLATE.read_text(encoding="utf-8").format(
        columns=_table(("column", "what happens"), ((f"`{each.name}`", each.title) for each in COLUMNS)),
        matrix=_matrix(with_store, "see below"),
        summary=summary(with_store),
        undecidable=_undecidable(with_store),
        cancellable=_listed(row.title for row in ROWS if row.cancellable),
        uncancellable=_listed(
            row.title for row in ROWS if row.kind and not (row.cancellable or row.joins) and row.uncertain != "resubmit"
        ),
        kills=_kills(kills),
        matrix_off=_matrix(without),
        summary_off=summary(without),
    )


def _pairs(results: Iterable[Result]) -> Pairs:
    return [(Cell(ROW[result.row], COLUMN[result.column]), result) for result in results]


def _matrix(pairs: Pairs, reference: str | None = None) -> str:
    """Return the table of the matrix.

    :param reference: the content of the cells that have a separate table.
    """
    found = {(cell.row.name, cell.column.name): _shown(cell, result, reference) for cell, result in pairs}
    lines = (
        (f"`{row.title}`", *(found.get((row.name, column.name), "-") for column in COLUMNS))
        for row in ROWS
        if row.uncertain != "resubmit"
    )
    return _table(("task", *(f"`{column.name}`" for column in COLUMNS)), lines)


def _shown(cell: Cell, result: Result, reference: str | None) -> str:
    return reference if reference and cell.undecidable else _text(cell, result)


def _text(cell: Cell, result: Result) -> str:
    jobs = f"{result.jobs}" if cell.row.kind else "-"
    running = f"{result.running}" if cell.row.kind else "-"
    text = f"{result.state} {result.creations}/{jobs}/{running}"
    return f"**{text}**" if problems(cell, result) else text


def _undecidable(pairs: Pairs) -> str:
    lines = (
        (f"`{ROW[cell.row.base].title}`", f"`{cell.column.name}`", f"`{cell.row.uncertain}`", _text(cell, result))
        for cell, result in sorted(pairs, key=lambda pair: ROWS.index(pair[0].row))
        if cell.undecidable
    )
    return _table(("task", "column", "`on_uncertain_submit`", "what came of it"), lines)


def _kills(kills: Sequence[dict[str, Any]]) -> str:
    lines = (
        (
            f"`{ROW[each['row']].title}`",
            "in the triggerer" if each["deferrable"] else "on a worker",
            "by the run's `dagrun_timeout`" if each["limited"] else "by a user who marks the task failed",
            f"{each['deletes']}",
            "yes" if each["in_time"] else "**no**",
        )
        for each in kills
    )
    return _table(("task", "where it waits", "how it is ended", "DELETEs", "cancelled within 10 s"), lines)


def _listed(names: Iterable[str]) -> str:
    *most, last = dict.fromkeys(f"`{name.partition(',')[0]}`" for name in names)
    return f"{', '.join(most)} and {last}"


def _table(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = (headings, ["---"] * len(headings), *lines)
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
