"""Trigger events, and the exceptions for their outcomes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pendulum

from datarobot_provider.client.not_found import GivenId, not_found_message
from datarobot_provider.exceptions import (
    InputError,
    JobCancelledError,
    JobError,
    JobExpiredError,
    JobFailedError,
    JobTimeoutError,
    PollingError,
    PollingRefusedError,
)
from datarobot_provider.jobs.kinds import GONE, KINDS
from datarobot_provider.jobs.messages import headline
from datarobot_provider.jobs.model import JobRef, Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST_TEXT = 2000
#: Maximum length of a result in an event, in characters of JSON. A longer result is requested by the task.
_LONGEST_FOUND = 16_384

_ERRORS: dict[Outcome, tuple[type[JobError], str]] = {
    Outcome.FAILED: (JobFailedError, "correct the cause named above, then clear the task."),
    Outcome.CANCELLED: (JobCancelledError, "clear the task to start it again."),
    Outcome.EXPIRED: (JobExpiredError, "clear the task to start it again."),
    Outcome.TIMED_OUT: (JobTimeoutError, "check the job in DataRobot, or increase 'timeout'."),
    Outcome.POLLING_ERROR: (
        PollingError,
        "correct the cause named above. The job was not cancelled. A retry resumes the wait if its id was stored.",
    ),
    Outcome.POLLING_REFUSED: (
        PollingRefusedError,
        "correct the connection, then clear the task. The job was not cancelled.",
    ),
}


@dataclass(frozen=True)
class JobEvent:
    """Result of a wait. It is sent from the triggerer to the task.

    :param ref: the job.
    :param verdict: the result.
    """

    ref: JobRef
    verdict: Verdict

    def dump(self) -> dict[str, Any]:
        """Return the event as JSON types."""
        return {
            "ref": self.ref.dumps(),
            "outcome": self.verdict.outcome.value,
            "state": self.verdict.state,
            "message": (self.verdict.message or "")[:_LONGEST_TEXT] or None,
            "result": self.verdict.result,
            "found": self._found_if_small(),
        }

    def _found_if_small(self) -> dict[str, Any] | None:
        found = self.verdict.found
        return dict(found) if found is not None and len(json.dumps(found)) <= _LONGEST_FOUND else None

    @classmethod
    def load(cls, event: object, *kinds: str) -> JobEvent:
        """Parse an event.

        :param event: the event of the trigger.
        :param kinds: kinds of jobs that the task waits for.
        :raises InputError: if there is no event, or it is not the result of a wait for such a job.
        """
        if not isinstance(event, dict):
            raise InputError(f"The trigger returned no valid event: {event!r}.")
        ref = JobRef.loads(str(event.get("ref")))
        if ref.kind not in kinds:
            raise InputError(
                f"The event of the trigger is about a {ref.kind}, but the task waits for a {' or '.join(kinds)}."
            )
        outcome = str(event.get("outcome"))
        if outcome != Outcome.SUCCEEDED and outcome not in _ERRORS:
            raise InputError(
                f"The event of the trigger has the outcome {outcome!r}, which is not the result of a wait."
            )
        found = event.get("found")
        return cls(
            ref,
            Verdict(
                Outcome(outcome),
                event.get("state"),
                event.get("message"),
                event.get("result"),
                found if isinstance(found, dict) else None,
            ),
        )


def job_error(
    event: JobEvent, *, details: Sequence[str] = (), log_tail: Sequence[str] = (), url: str | None = None
) -> JobError:
    """Build the exception for a job that did not succeed.

    :param event: the event.
    :param details: more lines for the text.
    :param log_tail: last lines of the log of the job.
    :param url: page of the job.
    """
    error, advice = _ERRORS[event.verdict.outcome]
    kind = KINDS[event.ref.kind]
    return error(
        headline(kind, event.verdict),
        state=event.verdict.state,
        message=event.verdict.message,
        details=[*details, *_ids(event)],
        log_tail=log_tail,
        url=url,
        advice=advice,
        retryable=kind.repeatable if event.verdict.outcome is Outcome.FAILED else None,
    )


def _ids(event: JobEvent) -> list[str]:
    """Return the ids of the job, one per line: the log viewer of Airflow does not wrap lines."""
    ids = sorted(event.ref.ids.items())
    if event.verdict.outcome is Outcome.EXPIRED and event.verdict.state == GONE and ids:
        return [not_found_message([GivenId(name, value) for name, value in ids])]
    return ["Ids:", *(f"  {name} {value}" for name, value in ids)]


def format_duration(seconds: float) -> str:
    """Return a duration in words, such as ``1 hour 30 minutes``."""
    if seconds < 1:
        return f"{seconds:g} seconds"
    return pendulum.duration(seconds=round(seconds)).in_words(locale="en")
