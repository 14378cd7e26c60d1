"""A trigger's event, out and in, and the exception that fits each outcome."""

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
#: A finished thing that is longer than this, in characters of JSON, does not ride in an event; it is fetched instead.
_LONGEST_FOUND = 16_384

_ERRORS: dict[Outcome, tuple[type[JobError], str]] = {
    Outcome.FAILED: (JobFailedError, "mend the cause named above, then clear the task."),
    Outcome.CANCELLED: (JobCancelledError, "clear the task to start it again."),
    Outcome.EXPIRED: (JobExpiredError, "clear the task to start it again."),
    Outcome.TIMED_OUT: (JobTimeoutError, "look at it in DataRobot, or raise 'timeout'."),
    Outcome.POLLING_ERROR: (
        PollingError,
        "correct the cause named above. The job goes on; a retry or a clear takes it up where Airflow keeps its id.",
    ),
    Outcome.POLLING_REFUSED: (
        PollingRefusedError,
        "correct the connection, then clear the task; the job was left alone.",
    ),
}


@dataclass(frozen=True)
class JobEvent:
    """How a wait ended, as it travels from the triggerer back to the worker.

    :param ref: the job.
    :param verdict: how it ended.
    """

    ref: JobRef
    verdict: Verdict

    def dump(self) -> dict[str, Any]:
        """Return it as JSON primitives."""
        return {
            "ref": self.ref.dumps(),
            "outcome": self.verdict.outcome.value,
            "state": self.verdict.state,
            "message": (self.verdict.message or "")[:_LONGEST_TEXT] or None,
            "result": self.verdict.result,
            "found": self._small_find(),
        }

    def _small_find(self) -> dict[str, Any] | None:
        found = self.verdict.found
        return dict(found) if found is not None and len(json.dumps(found)) <= _LONGEST_FOUND else None

    @classmethod
    def load(cls, event: object, *kinds: str) -> JobEvent:
        """Read an event.

        :param event: what the trigger sent.
        :param kinds: the kinds of job that the task may wait for.
        :raises InputError: if there is none, or it is not the end of such a job.
        """
        if not isinstance(event, dict):
            raise InputError(f"The trigger came back without an event ({event!r}).")
        ref = JobRef.loads(str(event.get("ref")))
        if ref.kind not in kinds:
            raise InputError(f"The trigger's event is about a {ref.kind}, the task waits for a {' or '.join(kinds)}.")
        outcome = str(event.get("outcome"))
        if outcome != Outcome.SUCCEEDED and outcome not in _ERRORS:
            raise InputError(f"The trigger's event holds the outcome {outcome!r}, which is not the end of a job.")
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
    """Build the exception for a job that did not end well.

    :param event: how it ended.
    :param details: more lines for the reader.
    :param log_tail: the last lines of its log.
    :param url: the page that shows it.
    """
    error, advice = _ERRORS[event.verdict.outcome]
    kind = KINDS[event.ref.kind]
    return error(
        headline(kind, event.verdict),
        state=event.verdict.state,
        message=event.verdict.message,
        details=[_ids(event), *details],
        log_tail=log_tail,
        url=url,
        advice=advice,
        retryable=kind.repeatable if event.verdict.outcome is Outcome.FAILED else None,
    )


def _ids(event: JobEvent) -> str:
    ids = sorted(event.ref.ids.items())
    if event.verdict.outcome is Outcome.EXPIRED and event.verdict.state == GONE and ids:
        return not_found_message([GivenId(name, value) for name, value in ids])
    return f"Ids: {', '.join(f'{name} {value}' for name, value in ids)}"


def format_duration(seconds: float) -> str:
    """Return a duration as people say it, such as ``1 hour 30 minutes``."""
    if seconds < 1:
        return f"{seconds:g} seconds"
    return pendulum.duration(seconds=round(seconds)).in_words(locale="en")
