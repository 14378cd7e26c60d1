"""Timed jobs: every long-running thing the API does, as a pure function of a monotonic clock.

A job is looked at, never run: its state is computed from the time that has passed since it was created. `KINDS` says
how long each kind takes (at time scale 1), through which running states it goes and how its ends are called.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SUCCEEDED, WARNING, FAILED, CANCELLED, EXPIRED = "succeeded", "warning", "failed", "cancelled", "expired"
UNKNOWN, STUCK = "unknown", "stuck"
_LARGEST_SCALE = 1_000_000
OUTCOMES = frozenset({SUCCEEDED, WARNING, FAILED, CANCELLED, EXPIRED, UNKNOWN, STUCK})


def checked_scale(scale: float) -> float:
    """Return the time scale. Raises ValueError for one that makes no durations: negative, endless or absurdly long."""
    if not 0 <= scale <= _LARGEST_SCALE:
        msg = f"the time scale has to be between 0 and {_LARGEST_SCALE:,}"
        raise ValueError(msg)
    return scale


@dataclass(frozen=True)
class Kind:
    """What is common to all jobs of a kind.

    `seconds` is the duration at time scale 1; `running` lists the states before the end with the share of the duration
    after which each is left; `ends` names the final states.
    """

    seconds: float
    running: tuple[tuple[str, float], ...]
    ends: Mapping[str, str]


def _ends(succeeded: str, failed: str, cancelled: str, warning: str | None = None) -> dict[str, str]:
    return {SUCCEEDED: succeeded, WARNING: warning or succeeded, FAILED: failed, CANCELLED: cancelled, EXPIRED: "gone"}


_RECORD_RUNNING = (("INITIALIZED", 0.25), ("RUNNING", 1.0))
_RECORD_ENDS = _ends("COMPLETED", "ERROR", "ABORTED")
_FLAG_RUNNING = (("in_progress", 1.0),)
_FLAG_ENDS = _ends("succeeded", "failed", "canceled")

KINDS: Mapping[str, Kind] = {
    "dataset_upload": Kind(4, (("REGISTERING", 0.25), ("RUNNING", 1.0)), _ends("COMPLETED", "ERROR", "ERROR")),
    "training_data": Kind(10, _FLAG_RUNNING, _FLAG_ENDS),
    "dependency_build": Kind(14, (("submitted", 0.25), ("processing", 1.0)), _ends("success", "failed", "canceled")),
    "model_test": Kind(
        16,
        (("not_tested", 0.05), ("queued", 0.25), ("in_progress", 1.0)),
        _ends("succeeded", "failed", "canceled", "warning"),
    ),
    "feature_impact": Kind(12, _RECORD_RUNNING, _RECORD_ENDS),
    "prediction_explanations": Kind(10, _RECORD_RUNNING, _RECORD_ENDS),
    "conversion": Kind(10, _FLAG_RUNNING, _FLAG_ENDS),
    "vector_database_validation": Kind(12, (("TESTING", 1.0),), _ends("PASSED", "FAILED", "CANCELLED")),
    "version_from_repository": Kind(10, _RECORD_RUNNING, _RECORD_ENDS),
}


@dataclass(frozen=True)
class Fate:
    """How a job will end, decided when it is created: by the inputs, or by an outcome set through the control API."""

    outcome: str = SUCCEEDED
    message: str | None = None
    state: str | None = None
    seconds: float | None = None
    checks: Mapping[str, str] = field(default_factory=dict)
    forced: bool = False


@dataclass
class Job:
    """One job. `started` and every `now` passed in are readings of the same monotonic clock."""

    kind: str
    ids: dict[str, str]
    fate: Fate
    started: float
    seconds: float
    created: datetime
    cancelled: bool = False
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def endless(self) -> bool:
        """Whether the job never ends by itself."""
        return self.fate.outcome in {UNKNOWN, STUCK} and not self.cancelled

    def result(self, now: float) -> str | None:
        """Return how the job ended, or None while it runs."""
        if self.endless or now < self.started + self.seconds:
            return None
        return CANCELLED if self.cancelled else self.fate.outcome

    def active(self, now: float) -> bool:
        """Return whether the job still runs."""
        return self.result(now) is None

    def gone(self, now: float) -> bool:
        """Return whether the job's record has expired."""
        return self.result(now) == EXPIRED

    def progress(self, now: float) -> float:
        """Return the share of the duration that has passed, 0 to 1."""
        if self.fate.outcome == STUCK and not self.cancelled:
            return 0.0
        return min(1.0, (now - self.started) / self.seconds) if self.seconds > 0 else 1.0

    def word(self, now: float) -> str:
        """Return the state in the API's own word for this kind."""
        kind = KINDS[self.kind]
        result = self.result(now)
        if result is not None:
            return kind.ends[result]
        if self.fate.outcome == UNKNOWN and self.fate.state:
            return self.fate.state
        progress = self.progress(now)
        return next((word for word, until in kind.running if progress < until), kind.running[-1][0])

    def finished_at(self) -> datetime:
        """Return the wall-clock time at which the job ends or ended."""
        return self.created + timedelta(seconds=self.seconds)

    def finish(self, now: float) -> None:
        """End the job now, if it runs, as it was going to end."""
        if not self.endless:
            self.seconds = min(self.seconds, max(0.0, now - self.started))

    def cancel(self, now: float) -> None:
        """End the job now, as cancelled."""
        self.cancelled = True
        self.seconds = max(0.0, now - self.started)
