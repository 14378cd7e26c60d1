"""How long a task occupied a worker and how long it was deferred, computed from Airflow's audit log.

The ``start_date`` and ``end_date`` of a task instance include deferrals. The audit log (table ``log``,
``GET /api/v2/eventLogs``) separates them: since Airflow 3, the api-server adds an entry when a worker starts a task
(``running``) and another one when the worker ends or releases it (``deferred``, ``success``, ``failed``,
``up_for_retry``, ...), for every attempt. All entries have the time of the api-server.

The time on a worker is the time between ``running`` and the next end event; a deferral is the time between ``deferred``
and the next ``running``.

* Time on a worker includes parsing the DAG file. It excludes the start of the process until its first request to the
  api-server: a twentieth of a second, or two to three seconds for the first task of a new api-server.
* A deferral includes the second or two in which the triggerer starts the trigger and the scheduler resumes the task; no
  worker is occupied during this time.
* Time in the queue and the pause before a retry attempt count as neither.
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
END_EVENTS = frozenset(
    {DEFERRED, "success", "failed", "skipped", "up_for_retry", "up_for_reschedule", "restarting", "awaiting_input"}
)

TaskKey = tuple[str, int]


@dataclass(frozen=True)
class Interval:
    """A period in which a task instance was on a worker (``running``) or deferred (``deferred``)."""

    kind: str
    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """Return the duration in seconds."""
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True)
class TaskDurations:
    """The intervals of a task instance over all attempts, in order."""

    intervals: tuple[Interval, ...] = ()

    @property
    def on_worker(self) -> float:
        """Return the seconds on a worker."""
        return sum(each.seconds for each in self.intervals if each.kind == RUNNING)

    @property
    def deferred(self) -> float:
        """Return the seconds in which the task was deferred."""
        return sum(each.seconds for each in self.intervals if each.kind == DEFERRED)

    @property
    def was_deferred(self) -> bool:
        """Return whether the task was deferred."""
        return any(each.kind == DEFERRED for each in self.intervals)


def measure(events: Iterable[dict[str, Any]], *, until: datetime) -> dict[TaskKey, TaskDurations]:
    """Return the durations of each task instance, by task id and map index.

    :param events: audit log entries of the API, oldest first.
    :param until: the end of intervals that have not ended.
    """
    histories: dict[TaskKey, list[tuple[datetime, str]]] = defaultdict(list)
    for event in events:
        if event["task_id"] is not None and event["event"] in END_EVENTS | {RUNNING}:
            map_index = event["map_index"] if event["map_index"] is not None else -1
            histories[event["task_id"], map_index].append((parse_time(event["when"]), event["event"]))
    return {key: TaskDurations(tuple(_intervals(history, until))) for key, history in histories.items()}


def parse_time(value: str) -> datetime:
    """Return the time that a string of the API represents."""
    return datetime.fromisoformat(value)


def _intervals(history: list[tuple[datetime, str]], until: datetime) -> list[Interval]:
    """Return the intervals between two events in which the task was running or deferred."""
    ends = [when for when, _ in history[1:]] + [until]
    return [
        Interval(state, start, max(start, end))
        for (start, state), end in zip(history, ends, strict=True)
        if state in (RUNNING, DEFERRED)
    ]
