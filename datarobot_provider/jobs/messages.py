"""Messages about jobs in logs and errors.

They are the same for every kind and in both modes. The state that DataRobot reports is added in parentheses if several
states mean the same outcome.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datarobot_provider.jobs.kinds import FAILED, RUNNING, SUCCEEDED
from datarobot_provider.jobs.model import Outcome

if TYPE_CHECKING:
    from datarobot_provider.jobs.model import JobKind, Probe, Verdict

#: Predicate for each outcome, after the title of the job.
OUTCOME_PHRASES = {
    Outcome.SUCCEEDED: SUCCEEDED,
    Outcome.FAILED: FAILED,
    Outcome.CANCELLED: "was cancelled in DataRobot",
    Outcome.EXPIRED: "no longer exists in DataRobot",
    Outcome.TIMED_OUT: "did not end before the timeout",
    Outcome.POLLING_ERROR: "could not be polled for too long",
    Outcome.POLLING_REFUSED: "cannot be polled with this connection",
}
_ENDED = (Outcome.SUCCEEDED, Outcome.FAILED, Outcome.CANCELLED, Outcome.EXPIRED)


def running_message(kind: JobKind, verdict: Verdict) -> str:
    """Return the line for the log about a job that has not ended.

    :param kind: the kind of the job.
    :param verdict: result of the last poll: running, or an unknown state.
    """
    if verdict.outcome is Outcome.UNKNOWN:
        return (
            f"The {kind.title} is in the state {str(verdict.state)!r}, which is unknown to this version of the "
            "provider. The wait continues."
        )
    return f"The {kind.title} is {RUNNING}{_server_state(kind, Outcome.PENDING, verdict.state)}."


def end_message(kind: JobKind, verdict: Verdict) -> str | None:
    """Return the line for the log about a job that has ended, or ``None`` if only the wait has ended."""
    if verdict.outcome not in _ENDED:
        return None
    state = _server_state(kind, verdict.outcome, verdict.state) if verdict.outcome is Outcome.SUCCEEDED else ""
    return f"The {kind.title} {OUTCOME_PHRASES[verdict.outcome]}{state}."


def headline(kind: JobKind, verdict: Verdict) -> str:
    """Return the first line of the error about a job that did not succeed."""
    line = f"The {kind.title} {OUTCOME_PHRASES[verdict.outcome]}"
    if verdict.state is None or verdict.outcome in _ENDED:
        return f"{line}."
    if _probe_of(kind, Outcome.PENDING, verdict.state) is None:
        return f"{line}; its last known state is {verdict.state!r}, which is unknown to this version of the provider."
    return f"{line}; its last known state is {RUNNING}{_server_state(kind, Outcome.PENDING, verdict.state)}."


def _server_state(kind: JobKind, outcome: Outcome, state: str | None) -> str:
    """Return the state of DataRobot in parentheses, if several states mean the outcome and it differs from ours."""
    probe = _probe_of(kind, outcome, state)
    is_specific = probe is not None and len(probe.states(outcome)) > 1
    own_state = RUNNING if outcome is Outcome.PENDING else outcome.value
    return f" ({state})" if is_specific and str(state).casefold() != own_state else ""


def _probe_of(kind: JobKind, outcome: Outcome, state: str | None) -> Probe | None:
    return next((probe for probe in kind.probes if probe.outcome_of(str(state)) is outcome), None)
