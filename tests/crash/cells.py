"""The columns and the cells of the matrix, and the actual and expected result of each cell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.crash.rows import ROWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.crash.rows import Row


@dataclass(frozen=True)
class Column:
    """A way in which a task is interrupted.

    :param name: the name in test ids; for kill points, also the name in the run's conf.
    :param title: the description.
    :param phase: the phase; the columns of a phase run in parallel.
    :param waits: whether the task is interrupted while it waits for a job; rows without a job have no such cell.
    :param in_task: whether the task kills itself, at a point in its code.
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
#: Rows whose second request returns the resource of the first, or is rejected.
SAME_AGAIN, REFUSED_AGAIN = ("build", "joined_build", "impact", "replacement"), ("model_own_id", "guard")
#: States of a job that was cancelled.
_CANCELLED = ("canceled", "ABORTED")


@dataclass(frozen=True)
class Cell:
    """A logical task, and a way in which it is interrupted."""

    row: Row
    column: Column

    @property
    def id(self) -> str:
        """The name in test ids."""
        return f"{self.row.name}-{self.column.name}"

    @property
    def undecidable(self) -> bool:
        """Whether the API does not show if the request was processed."""
        return self.row.uncertain is not None and self.column.name in BEFORE_STORED


def cells(*, short: bool) -> list[Cell]:
    """Return the cells of the matrix, or those of its main rows."""
    chosen = [row for row in ROWS if row.main or not short]
    return [Cell(row, column) for column in COLUMNS for row in chosen if _exists(row, column)]


def _exists(row: Row, column: Column) -> bool:
    if row.uncertain == "resubmit":
        return column.name in BEFORE_STORED
    return row.kind is not None or not column.waits


@dataclass(frozen=True)
class Result:
    """The result of a cell.

    :param state: the final state of the task in Airflow.
    :param attempts: number of attempts of the task.
    :param interrupted: whether the interruption of the column took place.
    :param creations: number of resources that the task created in DataRobot.
    :param jobs: number of jobs that it started.
    :param running: number of its jobs that were still running after its end.
    :param deletes: number of requests to cancel one of its jobs.
    :param first_job: final state of its first job in the emulator.
    :param advised: whether the task's log says what to do about an uncertain submission.
    :param airflow_failed: whether Airflow failed the task because of its own database; the cell has no result then.
    :param log: the end of the task's log.
    """

    row: str
    column: str
    state: str = "not started"
    attempts: int = 0
    interrupted: bool = False
    creations: int = 0
    jobs: int = 0
    running: int = 0
    deletes: int = 0
    first_job: str = ""
    advised: bool = False
    airflow_failed: bool = False
    log: str = ""

    def without_log(self) -> Result:
        """Return the result without the log, for the tables."""
        return replace(self, log="")

    def __str__(self) -> str:
        missed = "" if self.interrupted else ", not interrupted"
        cancelled = f", {self.deletes} cancelled" if self.deletes else ""
        return (
            f"{self.state} after {self.attempts} attempts, {self.creations} created, {self.jobs} jobs{cancelled}, "
            f"{self.running} still running{missed}"
        )


def problems(cell: Cell, result: Result) -> list[str]:
    """Return the differences between the expected and the actual result."""
    wrong = [] if result.interrupted else ["the task was not interrupted"]
    if cell.undecidable:
        return wrong + _undecidable_problems(cell, result)
    state, creations = _expected(cell)
    creations *= cell.row.creates
    if result.state != state:
        wrong.append(f"the task ended as {result.state}, not as {state}")
    if result.creations != creations:
        wrong.append(f"{result.creations} were created, not {creations}")
    if cell.row.kind and result.jobs != creations:
        wrong.append(f"{result.jobs} jobs were started, not {creations}")
    if result.running > _running_allowed(cell):
        wrong.append(f"{result.running} jobs were still running")
    if cell.column.name == "cleared_running" and cell.row.cancellable:
        if result.deletes != 1 or result.first_job not in _CANCELLED:
            wrong.append(f"the first job ended as {result.first_job} after {result.deletes} requests to cancel it")
    elif result.deletes:
        wrong.append(f"{result.deletes} requests to cancel a job that must not be cancelled")
    return wrong


def _expected(cell: Cell) -> tuple[str, int]:
    """Return the expected state of the task, and the expected number of resources."""
    name, column = cell.row.name, cell.column.name
    if column not in CLEARED:
        return "success", 1
    if column == "cleared_running":
        # A job that can neither be cancelled nor started twice is resumed.
        return "success", 1 if name in ("joined_build", "impact", "assignment", "replacement") else 2
    if name in REFUSED_AGAIN:
        return "failed", 1
    return "success", 1 if name in SAME_AGAIN else 2


def _running_allowed(cell: Cell) -> int:
    """Return the allowed number of running jobs: one if a cleared task has a job that the API cannot cancel."""
    uncancellable = not cell.row.cancellable and not cell.row.joins
    return 1 if cell.column.name == "cleared_running" and uncancellable else 0


def _undecidable_problems(cell: Cell, result: Result) -> list[str]:
    if cell.row.uncertain == "resubmit":
        good = result.state == "success" and 1 <= result.creations <= 2
        return [] if good else [f"the request was sent again, but the result is: {result}"]
    if (result.state, result.creations) == ("success", 1):
        # The attempt found the resource of the previous attempt.
        return []
    wrong = []
    if result.creations > 1:
        wrong.append(f"{result.creations} were created, although on_uncertain_submit is 'fail'")
    if result.state != "failed":
        wrong.append(f"the task ended as {result.state}, neither as success with one resource nor as failed")
    elif not result.advised:
        wrong.append("the log does not say what to do")
    return wrong


def summary(pairs: Sequence[tuple[Cell, Result]]) -> str:
    """Return the number of cells with the expected result, and of those without it."""
    bad = [cell for cell, result in pairs if problems(cell, result)]
    more = sum(1 for cell, result in pairs if result.creations > _creations_allowed(cell))
    good = len(pairs) - len(bad)
    return f"{len(pairs)} cells: {good} as they should be, {len(bad)} not, {more} of them with too much created."


def _creations_allowed(cell: Cell) -> int:
    if cell.undecidable:
        return 2 if cell.row.uncertain == "resubmit" else 1
    return _expected(cell)[1] * cell.row.creates
