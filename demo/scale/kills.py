"""Kill a worker and a triggerer halfway through the run."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from demo.report import task_name
from demo.scale.airflow import TRIGGERERS, WORKERS
from harness.processes import session_members

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.scale.airflow import DistributedAirflow

Json = dict[str, Any]
WORKER, TRIGGERER = WORKERS[0], TRIGGERERS[0]


@dataclass(frozen=True)
class KilledWork:
    """The work that was interrupted.

    :param progress: the share of tasks that had succeeded, from 0 to 1.
    :param running: the tasks that were running on the worker.
    :param deferred: the deferred tasks of the triggerer.
    """

    progress: float
    running: tuple[str, ...]
    deferred: tuple[str, ...]


class ProcessKiller:
    """Kills one worker and one triggerer when half of the tasks have succeeded and both processes have work.

    :param airflow: the Airflow to which they belong.
    :param task_count: the number of tasks of the run.
    :param get_tasks: returns the current task instances of the run.
    :ivar killed: the interrupted work; ``None`` until the processes are killed.
    """

    def __init__(self, airflow: DistributedAirflow, task_count: int, get_tasks: Callable[[], list[Json]]) -> None:
        self._airflow, self._task_count, self._get_tasks = airflow, task_count, get_tasks
        self.killed: KilledWork | None = None

    def watch(self, tasks: list[Json]) -> KilledWork | None:
        """Kill the processes if the conditions are met; return the interrupted work."""
        if self.killed or self._progress(tasks) < 1 / 2 or not (_running(tasks) and self._deferred(tasks)):
            return None
        # Suspended, so that no task of the worker can end between this check and the kill.
        self._signal_worker(signal.SIGSTOP)
        tasks = self._get_tasks()
        running, deferred = _running(tasks), self._deferred(tasks)
        if not (running and deferred):
            self._signal_worker(signal.SIGCONT)
            return None
        for name in (WORKER, TRIGGERER):
            self._airflow.stop(name, graceful=False)
        self.killed = KilledWork(self._progress(tasks), running, deferred)
        return self.killed

    def _progress(self, tasks: list[Json]) -> float:
        return len([each for each in tasks if each["state"] == "success"]) / self._task_count

    def _deferred(self, tasks: list[Json]) -> tuple[str, ...]:
        """Return the deferred tasks whose trigger runs in the triggerer."""
        ids = {job for job, host in self._airflow.api.alive_components("TriggererJob").items() if host == TRIGGERER}
        waiting = [each for each in tasks if each["state"] == "deferred" and each["trigger"]]
        return tuple(task_name(each) for each in waiting if each["trigger"]["triggerer_id"] in ids)

    def _signal_worker(self, signum: signal.Signals) -> None:
        """Send a signal to all processes of the worker."""
        for pid in session_members(self._airflow.pid(WORKER)):
            with suppress(ProcessLookupError):
                os.kill(pid, signum)


def _running(tasks: list[Json]) -> tuple[str, ...]:
    """Return the tasks that are running on the worker."""
    return tuple(task_name(each) for each in tasks if each["state"] == "running" and each["hostname"] == WORKER)
