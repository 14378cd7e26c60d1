"""How the states of a job are named in logs and errors: in the same words for every kind and in both modes.

A job is running, or it has ended: it succeeded, failed, was cancelled or is gone. DataRobot's own word is added in
parentheses where it says more, which is where the table knows several words for the same outcome.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datarobot_provider.jobs.kinds import FAILED, RUNNING, SUCCEEDED
from datarobot_provider.jobs.model import Outcome

if TYPE_CHECKING:
    from datarobot_provider.jobs.model import JobKind, Probe, Verdict

#: What an error and the last line of a log say of a job.
OUTCOME_PHRASES = {
    Outcome.SUCCEEDED: SUCCEEDED,
    Outcome.FAILED: FAILED,
    Outcome.CANCELLED: "was cancelled in DataRobot",
    Outcome.EXPIRED: "is gone: DataRobot no longer knows it",
    Outcome.TIMED_OUT: "did not end in time",
    Outcome.POLLING_ERROR: "could not be polled for too long",
    Outcome.POLLING_REFUSED: "may not be polled with this connection",
}
_ENDED = (Outcome.SUCCEEDED, Outcome.FAILED, Outcome.CANCELLED, Outcome.EXPIRED)
_UNKNOWN = "a state that this release does not know"


def running_message(kind: JobKind, verdict: Verdict) -> str:
    """Return the line of the log about a job that has not ended.

    :param kind: the kind of the job.
    :param verdict: what the last poll found: running, or a state that the table does not list.
    """
    if verdict.outcome is Outcome.UNKNOWN:
        return f"The {kind.title} is in the state {str(verdict.state)!r}, which this release does not know: waiting on."
    return f"The {kind.title} is {RUNNING}{_server_state(kind, Outcome.PENDING, verdict.state)}."


def end_message(kind: JobKind, verdict: Verdict) -> str | None:
    """Return the line of the log about a job that has ended; ``None`` if only the wait has."""
    if verdict.outcome not in _ENDED:
        return None
    own_word = _server_state(kind, verdict.outcome, verdict.state) if verdict.outcome is Outcome.SUCCEEDED else ""
    return f"The {kind.title} {OUTCOME_PHRASES[verdict.outcome]}{own_word}."


def headline(kind: JobKind, verdict: Verdict) -> str:
    """Return the first line of the error about a job that did not end well, or not in time."""
    line = f"The {kind.title} {OUTCOME_PHRASES[verdict.outcome]}"
    if verdict.state is None or verdict.outcome in _ENDED:
        return f"{line}."
    if _probe_of(kind, Outcome.PENDING, verdict.state) is None:
        return f"{line}; it was last seen as {verdict.state!r}, {_UNKNOWN}."
    return f"{line}; it was last seen as {RUNNING}{_server_state(kind, Outcome.PENDING, verdict.state)}."


def _server_state(kind: JobKind, outcome: Outcome, state: str | None) -> str:
    """Return DataRobot's own word in parentheses, where there are several for the outcome and it is not ours."""
    probe = _probe_of(kind, outcome, state)
    says_more = probe is not None and len(probe.states(outcome)) > 1
    ours = RUNNING if outcome is Outcome.PENDING else outcome.value
    return f" ({state})" if says_more and str(state).casefold() != ours else ""


def _probe_of(kind: JobKind, outcome: Outcome, state: str | None) -> Probe | None:
    return next((probe for probe in kind.probes if probe.outcome_of(str(state)) is outcome), None)
