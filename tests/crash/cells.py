"""The columns of the matrix, its cells, what came of each, and what should have come of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.crash.rows import ROWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.crash.rows import Row


@dataclass(frozen=True)
class Column:
    """One way to be killed.

    :param name: what it is called in test ids, and the point that the run's conf names.
    :param title: what it means.
    :param phase: the columns of a phase are run side by side.
    :param waits: whether it is about a task that waits, so that only jobs have it.
    :param in_task: whether the task dies by itself, at a point of its code.
    """

    name: str
    title: str
    phase: str
    waits: bool = False
    in_task: bool = False


POINTS = (
    ("before_post", "the worker is killed when it is about to send the request"),
    ("unread_response", "the worker is killed when the request was handled and its response is unread"),
    ("unstored_response", "the worker is killed when the response was read and its id is not stored"),
    ("stored", "the worker is killed right after the id was stored"),
    ("on_resume", "the worker is killed when the task comes back from its wait"),
    ("on_return", "the worker is killed after the task returned, before Airflow heard of it"),
)
COLUMNS = (
    *(Column(name, title, "points", waits=name == "on_resume", in_task=True) for name, title in POINTS),
    Column("while_deferred", "all workers and their scheduler are killed while the task waits", "workers", waits=True),
    Column("triggerer", "the triggerer is killed while the task waits", "triggerer", waits=True),
    Column("scheduler", "the scheduler is restarted while the task waits", "scheduler", waits=True),
    Column("network", "DataRobot cannot be reached for 20 seconds while the task waits", "users", waits=True),
    Column("cleared_running", "a user clears the task while its job runs", "users", waits=True),
    Column("cleared_finished", "a user clears the task after its success", "users"),
)
COLUMN = {column.name: column for column in COLUMNS}
BEFORE_STORED = ("before_post", "unread_response", "unstored_response")
CLEARED = ("cleared_running", "cleared_finished")
#: Rows whose second request DataRobot treats as the first, or rejects.
SAME_AGAIN, REFUSED_AGAIN = ("build", "joined_build", "impact"), ("model_own_id", "guard")


@dataclass(frozen=True)
class Cell:
    """One logical task, and one way in which it is killed."""

    row: Row
    column: Column

    @property
    def id(self) -> str:
        """Return what the test is called."""
        return f"{self.row.name}-{self.column.name}"

    @property
    def undecidable(self) -> bool:
        """Return whether the API leaves no way to know what became of the request."""
        return self.row.uncertain is not None and self.column.name in BEFORE_STORED


def cells(*, short: bool) -> list[Cell]:
    """Return the cells of the matrix, or those of its main rows."""
    chosen = [row for row in ROWS if row.main or not short]
    return [Cell(row, column) for column in COLUMNS for row in chosen if _meet(row, column)]


def _meet(row: Row, column: Column) -> bool:
    if row.uncertain == "resubmit":
        return column.name in BEFORE_STORED
    return row.kind is not None or not column.waits


@dataclass(frozen=True)
class Result:
    """What came of a cell.

    :param state: how the task ended, in Airflow's word.
    :param tries: how many tries it took.
    :param struck: whether what was to happen did happen.
    :param creations: how many things the task made in DataRobot.
    :param jobs: how many jobs it started there.
    :param running: how many of them still ran when the task had ended.
    :param deletes: how many requests to cancel a job there were.
    :param first_job: how the first of its jobs ended, in the emulator's word.
    :param advised: whether the task's log says what to do where nobody can know.
    :param spoilt: whether Airflow failed the task because of its own database, so that the cell says nothing.
    :param log: the end of the task's log.
    """

    row: str
    column: str
    state: str = "not started"
    tries: int = 0
    struck: bool = False
    creations: int = 0
    jobs: int = 0
    running: int = 0
    deletes: int = 0
    first_job: str = ""
    advised: bool = False
    spoilt: bool = False
    log: str = ""

    def without_log(self) -> Result:
        """Return the result alone, as it goes into tables."""
        return replace(self, log="")

    def __str__(self) -> str:
        died = "" if self.struck else ", and nothing struck"
        cancelled = f", {self.deletes} cancelled" if self.deletes else ""
        return (
            f"{self.state} after {self.tries} tries, {self.creations} created, {self.jobs} jobs{cancelled}, "
            f"{self.running} still running{died}"
        )


def complaints(cell: Cell, result: Result) -> list[str]:
    """Return what is wrong with a result."""
    wrong = [] if result.struck else ["what the column is about never happened"]
    if cell.undecidable:
        return wrong + _undecidable_complaints(cell, result)
    state, creations = _expected(cell)
    creations *= cell.row.makes
    if result.state != state:
        wrong.append(f"the task ended as {result.state}, not as {state}")
    if result.creations != creations:
        wrong.append(f"{result.creations} were created, not {creations}")
    if cell.row.kind and result.jobs != creations:
        wrong.append(f"{result.jobs} jobs were started, not {creations}")
    if result.running > _may_run(cell):
        wrong.append(f"{result.running} jobs still ran")
    if cell.column.name == "cleared_running" and cell.row.cancellable:
        if (result.deletes, result.first_job) != (1, "canceled"):
            wrong.append(f"the first job ended as {result.first_job} after {result.deletes} requests to cancel it")
    elif result.deletes:
        wrong.append(f"{result.deletes} requests to cancel a job that nobody wanted cancelled")
    return wrong


def _expected(cell: Cell) -> tuple[str, int]:
    """Return the expected state of the task, and the expected number of resources."""
    name, column = cell.row.name, cell.column.name
    if column not in CLEARED:
        return "success", 1
    if column == "cleared_running":
        # What cannot be cancelled and cannot be asked for twice is taken up again.
        return "success", 1 if name in ("joined_build", "impact", "assignment") else 2
    if name in REFUSED_AGAIN:
        return "failed", 1
    return "success", 1 if name in SAME_AGAIN else 2


def _may_run(cell: Cell) -> int:
    """Return how many jobs may go on: the one that was cleared, where the API has no way to cancel it."""
    goes_on = not cell.row.cancellable and not cell.row.joins
    return 1 if cell.column.name == "cleared_running" and goes_on else 0


def _undecidable_complaints(cell: Cell, result: Result) -> list[str]:
    if cell.row.uncertain == "resubmit":
        good = result.state == "success" and 1 <= result.creations <= 2
        return [] if good else [f"sent again on request, yet {result}"]
    if (result.state, result.creations) == ("success", 1):
        # It was lucky, and found what the earlier try had made.
        return []
    wrong = []
    if result.creations > 1:
        wrong.append(f"{result.creations} were created, although nobody asked to take that risk")
    if result.state != "failed":
        wrong.append(f"the task ended as {result.state}, neither well with one created nor as failed")
    elif not result.advised:
        wrong.append("the log does not say what can be done")
    return wrong


def summary(pairs: Sequence[tuple[Cell, Result]]) -> str:
    """Return how many cells are as they should be."""
    bad = [cell for cell, result in pairs if complaints(cell, result)]
    more = sum(1 for cell, result in pairs if result.creations > _most(cell))
    good = len(pairs) - len(bad)
    return f"{len(pairs)} cells: {good} as they should be, {len(bad)} not, {more} of them with too much created."


def _most(cell: Cell) -> int:
    if cell.undecidable:
        return 2 if cell.row.uncertain == "resubmit" else 1
    return _expected(cell)[1] * cell.row.makes
