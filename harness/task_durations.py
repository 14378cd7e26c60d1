"""How long a task occupied a worker, and how long it was deferred: measured, from Airflow's own records.

The task instance itself cannot tell: its ``start_date`` and ``end_date`` span everything in between, and a deferral
leaves no trace in it. The audit log can (table ``log``, ``GET /api/v2/eventLogs``): since Airflow 3 the api-server
writes one row when a worker reports that it starts a task (``running``) and one with the new state when the worker
hands the task back (``deferred``, ``success``, ``failed``, ``up_for_retry``, ...). Both rows are stamped by the same
clock, at the moment the worker's report arrives, for every try.

So a worker leg lasts from ``running`` to the next row that ends it, and a deferral from ``deferred`` to the next
``running``.

* A leg includes loading the DAG file in the new process, but not the start of that process and its first word to the
  api-server: a twentieth of a second, and two to three seconds for the very first task of a fresh api-server, which
  sets itself up then.
* A deferral includes the second or two in which the triggerer picks the trigger up and, after its event, the scheduler
  puts the task back on a worker: during all that time the task holds no worker.
* Waiting in the queue before the first leg, and between two tries, counts as neither.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

RUNNING = "running"
DEFERRED = "deferred"
LEG_ENDS = frozenset(
    {DEFERRED, "success", "failed", "skipped", "up_for_retry", "up_for_reschedule", "restarting", "awaiting_input"}
)

TaskKey = tuple[str, int]


@dataclass(frozen=True)
class Interval:
    """A stretch of time that one task instance spent on a worker or deferred."""

    kind: str
    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """Return its length."""
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True)
class Legs:
    """The intervals of one task instance, over all its tries, in order."""

    intervals: tuple[Interval, ...] = ()

    @property
    def on_worker(self) -> float:
        """Return the seconds during which a worker was occupied."""
        return sum(each.seconds for each in self.intervals if each.kind == RUNNING)

    @property
    def deferred(self) -> float:
        """Return the seconds during which the task was deferred and no worker was occupied."""
        return sum(each.seconds for each in self.intervals if each.kind == DEFERRED)

    @property
    def was_deferred(self) -> bool:
        """Tell whether the task was deferred at all."""
        return any(each.kind == DEFERRED for each in self.intervals)


def measure(events: Iterable[dict[str, Any]], *, until: datetime) -> dict[TaskKey, Legs]:
    """Return the legs of each task instance, by task id and map index.

    ``events`` are audit log entries as the API gives them, oldest first. What has not ended lasts ``until`` then.
    """
    histories: dict[TaskKey, list[tuple[datetime, str]]] = defaultdict(list)
    for event in events:
        if event["task_id"] is not None and event["event"] in LEG_ENDS | {RUNNING}:
            map_index = event["map_index"] if event["map_index"] is not None else -1
            histories[event["task_id"], map_index].append((moment(event["when"]), event["event"]))
    return {key: Legs(tuple(_intervals(history, until))) for key, history in histories.items()}


def moment(text: str) -> datetime:
    """Return the point in time an API text stands for."""
    return datetime.fromisoformat(text)


def _intervals(history: list[tuple[datetime, str]], until: datetime) -> list[Interval]:
    """Return the stretches between one state change and the next that were spent running or deferred."""
    ends = [when for when, _ in history[1:]] + [until]
    return [
        Interval(state, start, max(start, end))
        for (start, state), end in zip(history, ends, strict=True)
        if state in (RUNNING, DEFERRED)
    ]
