"""Jobs, whose state is computed from the time since their creation.

No job executes anything. `KINDS` defines the duration, the running states and the final states of each kind of job.
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
#: The outcome of a rule that only sets the duration: the inputs of the job determine the outcome.
DEFAULT = "default"
OUTCOMES = frozenset({SUCCEEDED, WARNING, FAILED, CANCELLED, EXPIRED, UNKNOWN, STUCK})


def validated_time_scale(scale: float) -> float:
    """Return a time scale after checking it.

    :raises ValueError: if the scale is negative, not a number, infinite or too large.
    """
    if not 0 <= scale <= _LARGEST_SCALE:
        msg = f"the time scale has to be between 0 and {_LARGEST_SCALE:,}"
        raise ValueError(msg)
    return scale


@dataclass(frozen=True)
class JobKind:
    """The properties of all jobs of a kind.

    :param seconds: the duration at time scale 1.
    :param running_states: the running states in order, each with the share of the duration at which it ends.
    :param final_states: the final state for each outcome.
    :param targets: the ids of a job that are known before it starts, so that an outcome can be aimed at them.
    """

    seconds: float
    running_states: tuple[tuple[str, float], ...]
    final_states: Mapping[str, str]
    targets: tuple[str, ...] = ()


def _final_states(succeeded: str, failed: str, cancelled: str, warning: str | None = None) -> dict[str, str]:
    return {SUCCEEDED: succeeded, WARNING: warning or succeeded, FAILED: failed, CANCELLED: cancelled, EXPIRED: "gone"}


_RECORD_RUNNING = (("INITIALIZED", 0.25), ("RUNNING", 1.0))
_RECORD_FINAL = _final_states("COMPLETED", "ERROR", "ABORTED")
_FLAG_RUNNING = (("in_progress", 1.0),)
_FLAG_FINAL = _final_states("succeeded", "failed", "canceled")
# A version that is created by the same request has no id before the job starts.
_MODEL: tuple[str, ...] = ("customModelId",)
_VERSION = (*_MODEL, "customModelVersionId")

KINDS: Mapping[str, JobKind] = {
    "dataset_upload": JobKind(
        4, (("REGISTERING", 0.25), ("RUNNING", 1.0)), _final_states("COMPLETED", "ERROR", "ERROR"), ("datasetId",)
    ),
    "environment_build": JobKind(
        16, (("submitted", 0.25), ("processing", 1.0)), _final_states("success", "failed", "failed"), ("environmentId",)
    ),
    "model_package_build": JobKind(
        6, (("inProgress", 1.0),), _final_states("complete", "failed", "failed"), ("customModelVersionId",)
    ),
    "deployment": JobKind(8, _FLAG_RUNNING, _final_states("active", "errored", "errored")),
    "deployment_status": JobKind(3, _FLAG_RUNNING, _FLAG_FINAL),
    "deployment_settings": JobKind(2, _FLAG_RUNNING, _FLAG_FINAL),
    "model_replacement": JobKind(6, _FLAG_RUNNING, _FLAG_FINAL),
    "challenger": JobKind(4, _FLAG_RUNNING, _FLAG_FINAL),
    "actuals": JobKind(3, _FLAG_RUNNING, _FLAG_FINAL),
    "batch_prediction": JobKind(
        12, (("INITIALIZING", 0.2), ("RUNNING", 1.0)), _final_states("COMPLETED", "FAILED", "ABORTED")
    ),
    "training_data": JobKind(10, _FLAG_RUNNING, _FLAG_FINAL, _MODEL),
    "dependency_build": JobKind(
        14, (("submitted", 0.25), ("processing", 1.0)), _final_states("success", "failed", "canceled"), _VERSION
    ),
    "model_test": JobKind(
        16,
        (("not_tested", 0.05), ("queued", 0.25), ("in_progress", 1.0)),
        _final_states("succeeded", "failed", "canceled", "warning"),
        _VERSION,
    ),
    "feature_impact": JobKind(12, _RECORD_RUNNING, _RECORD_FINAL, _VERSION),
    "prediction_explanations": JobKind(10, _RECORD_RUNNING, _RECORD_FINAL, _VERSION),
    "conversion": JobKind(10, _FLAG_RUNNING, _FLAG_FINAL, _VERSION),
    "vector_database_validation": JobKind(12, (("TESTING", 1.0),), _final_states("PASSED", "FAILED", "CANCELLED")),
    "version_from_repository": JobKind(10, _RECORD_RUNNING, _RECORD_FINAL, _MODEL),
}


@dataclass(frozen=True)
class PlannedOutcome:
    """The outcome of a job, determined when the job is created by its inputs or by the control API.

    :param outcome: one of `OUTCOMES`.
    :param message: the error message, or None for the default one.
    :param state: the state that a job with the outcome ``unknown`` reports.
    :param seconds: the duration regardless of the time scale, or None for the duration of the kind.
    :param checks: the result of single checks of a model test.
    :param forced: whether the outcome was set through the control API.
    """

    outcome: str = SUCCEEDED
    message: str | None = None
    state: str | None = None
    seconds: float | None = None
    checks: Mapping[str, str] = field(default_factory=dict)
    forced: bool = False


@dataclass(frozen=True)
class StatusListSettings:
    """What the list of status records contains.

    :param without: the kinds of jobs whose records it lacks.
    :param late: by how many seconds it is late.
    :param running_only: whether it contains only the records of running jobs.
    """

    without: frozenset[str] = frozenset()
    late: float = 0.0
    running_only: bool = False


@dataclass
class Job:
    """A job. ``started`` and all arguments ``now`` are readings of the same monotonic clock."""

    kind: str
    ids: dict[str, str]
    planned: PlannedOutcome
    started: float
    seconds: float
    created: datetime
    cancelled: bool = False
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def never_ends(self) -> bool:
        """Whether the job ends only when it is cancelled."""
        return self.planned.outcome in {UNKNOWN, STUCK} and not self.cancelled

    def result(self, now: float) -> str | None:
        """Return the outcome of the job, or None while it is running."""
        if self.never_ends or now < self.started + self.seconds:
            return None
        return CANCELLED if self.cancelled else self.planned.outcome

    def active(self, now: float) -> bool:
        """Return whether the job is running."""
        return self.result(now) is None

    def expired(self, now: float) -> bool:
        """Return whether the job's record has expired."""
        return self.result(now) == EXPIRED

    def progress(self, now: float) -> float:
        """Return the share of the duration that has passed, 0 to 1."""
        if self.planned.outcome == STUCK and not self.cancelled:
            return 0.0
        return min(1.0, (now - self.started) / self.seconds) if self.seconds > 0 else 1.0

    def state(self, now: float) -> str:
        """Return the state as the API names it for this kind of job."""
        kind = KINDS[self.kind]
        result = self.result(now)
        if result is not None:
            return kind.final_states[result]
        if self.planned.outcome == UNKNOWN and self.planned.state:
            return self.planned.state
        progress = self.progress(now)
        return next((state for state, until in kind.running_states if progress < until), kind.running_states[-1][0])

    def finished_at(self) -> datetime:
        """Return the time at which the job ends or ended."""
        return self.created + timedelta(seconds=self.seconds)

    def finish(self, now: float) -> None:
        """End the job now with its planned outcome, if it is running and not endless."""
        if not self.never_ends:
            self.seconds = min(self.seconds, max(0.0, now - self.started))

    def cancel(self, now: float) -> None:
        """Cancel the job now."""
        self.cancelled = True
        self.seconds = max(0.0, now - self.started)
