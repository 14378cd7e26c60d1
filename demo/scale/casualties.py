"""The worker and the triggerer that do not live to see the end of the run."""

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
class Loss:
    """What was lost: the share of the tasks that were done by then, what ran on the worker, what the triggerer had."""

    done: float
    running: tuple[str, ...]
    deferred: tuple[str, ...]


class Casualties:
    """Kills one worker and one triggerer once half of the ``expected`` tasks are done and both have something to lose.

    ``look`` returns the run's task instances anew.
    """

    def __init__(self, airflow: DistributedAirflow, expected: int, poll: Callable[[], list[Json]]) -> None:
        self._airflow, self._expected, self._look = airflow, expected, poll
        self.loss: Loss | None = None

    def watch(self, tasks: list[Json]) -> Loss | None:
        """Kill them if it is time; return what was lost by that."""
        if self.loss or self._done(tasks) < 1 / 2 or not (_running(tasks) and self._deferred(tasks)):
            return None
        self._freeze(signal.SIGSTOP)
        tasks = self._look()
        running, deferred = _running(tasks), self._deferred(tasks)
        if not (running and deferred):
            self._freeze(signal.SIGCONT)
            return None
        for name in (WORKER, TRIGGERER):
            self._airflow.stop(name, gently=False)
        self.loss = Loss(self._done(tasks), running, deferred)
        return self.loss

    def _done(self, tasks: list[Json]) -> float:
        return len([each for each in tasks if each["state"] == "success"]) / self._expected

    def _deferred(self, tasks: list[Json]) -> tuple[str, ...]:
        """Return the tasks whose trigger is in the triggerer's hands."""
        ids = {job for job, host in self._airflow.api.living("TriggererJob").items() if host == TRIGGERER}
        waiting = [each for each in tasks if each["state"] == "deferred" and each["trigger"]]
        return tuple(task_name(each) for each in waiting if each["trigger"]["triggerer_id"] in ids)

    def _freeze(self, signum: signal.Signals) -> None:
        """Stop the worker, or let it go on: while it stands still, what it runs cannot come to an end unseen."""
        for pid in session_members(self._airflow.pid(WORKER)):
            with suppress(ProcessLookupError):
                os.kill(pid, signum)


def _running(tasks: list[Json]) -> tuple[str, ...]:
    """Return the tasks that run on the worker."""
    return tuple(task_name(each) for each in tasks if each["state"] == "running" and each["hostname"] == WORKER)
