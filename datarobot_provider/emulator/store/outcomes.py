"""Outcomes that the control API sets for future jobs."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.jobs import PlannedOutcome


class Outcomes:
    """A queue of planned outcomes for each kind of job."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[PlannedOutcome]] = defaultdict(deque)
        # States and messages that the control API injects and that an enumeration of the contract may not contain.
        self.injected_values: set[str] = set()

    def plan(self, kind: str, planned: PlannedOutcome, times: int) -> None:
        """Set the outcome of the next jobs of a kind.

        :param kind: the kind of the jobs.
        :param planned: their outcome.
        :param times: the number of jobs.
        """
        self._queues[kind].extend([replace(planned, forced=True)] * times)
        self.injected_values.update(text for text in (planned.state, planned.message) if text)

    def take(self, kind: str, default: PlannedOutcome) -> PlannedOutcome:
        """Return the outcome of a new job.

        :param kind: the kind of the job.
        :param default: the outcome that the inputs of the job determine, used if none was set.
        """
        queue = self._queues[kind]
        return queue.popleft() if queue else default
