"""Polling of jobs.

:func:`decide` reads the state in a response, and :func:`steps` decides what a wait does next. Neither does I/O.
:func:`wait` and, on an event loop, ``wait_async`` execute the steps; :func:`poll_once` stops at the first pause. So a
worker, the triggerer, a sensor and a resumed task read responses in the same way.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from datarobot_provider.client.endpoint import api_path
from datarobot_provider.client.request import Response
from datarobot_provider.client.retry import POLL_FAILURE_TIMEOUT, retry_after
from datarobot_provider.exceptions import DataRobotError, MalformedResponseError
from datarobot_provider.jobs.kinds import GONE, KINDS, SUCCEEDED
from datarobot_provider.jobs.messages import end_message, running_message
from datarobot_provider.jobs.model import JobKind, JobRef, ListEntry, Outcome, Probe, Verdict
from datarobot_provider.jobs.wait_steps import (
    FIRST_PAUSE,
    FailedPoll,
    Get,
    ListedResponse,
    LogMessage,
    Report,
    Sleep,
    Step,
    WaitResult,
    WaitSteps,
)

#: Minimum number of polls that must fail in a row before a wait ends.
FAILED_POLLS = 5
RECORD_LAG_SECONDS = 30.0
#: A wait that has lasted for some time pauses for this share of it.
_PAUSE_SHARE = 0.25
_TEMPORARY_REDIRECT = 307
_SEE_OTHER = 303
_OK = 200
#: Maximum length of a state. It is part of logs and events, and a broken server can send a long one.
_LONGEST_STATE = 100
_NOT_FOUND = (404, 410)


def decide(probe: Probe, response: Response) -> Verdict:
    """Return the state of a job according to a response. Pure, and the only function that reads states.

    :param probe: how to read the response.
    :param response: the response to a poll.
    :returns: the verdict. A state that is not in the table is ``UNKNOWN``: the wait continues.
    :raises MalformedResponseError: if the response is not JSON.
    """
    if response.status == _SEE_OTHER and probe.done_on_303:
        return Verdict(Outcome.SUCCEEDED, SUCCEEDED, result=api_path(response.location or ""))
    state = probe.http_states.get(response.status)
    if state is not None:
        return Verdict(probe.outcome_of(state), state)
    if response.status in _NOT_FOUND:
        return Verdict(Outcome.EXPIRED, GONE)
    if response.status != _OK:
        return Verdict(Outcome.UNKNOWN, f"HTTP {response.status}")
    body = response.object()
    state = _state(probe, body)
    message = next((str(text) for path in probe.messages if (text := _field(body, path))), None)
    return Verdict(probe.outcome_of(state), state, message, found=body)


def _state(probe: Probe, body: Mapping[str, Any]) -> str:
    if not probe.flags:
        value = _field(body, probe.state)
        return str(value if value is not None else probe.unflagged or None)[:_LONGEST_STATE]
    for path, expected, name in probe.flags:
        value = _field(body, path)
        if (value is None) if expected is None else bool(value) is expected:
            return name
    return probe.unflagged


def _field(body: Mapping[str, Any], path: str) -> Any:
    value: Any = body
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


@dataclass
class _WaitState:
    """State of one wait."""

    deadline: float
    poll_interval: float
    clock: Callable[[], float]
    jitter: Callable[[], float]
    failure_timeout: float
    confirmed: bool
    started: float
    failures: int = 0
    failing_since: float = 0.0
    warned: bool = False
    logged: list[str] = field(default_factory=list)

    def next_pause(self, response: Response | DataRobotError | None) -> float:
        """Return the next pause in seconds: by age with jitter, or ``Retry-After``; limited by the deadline."""
        requested = retry_after(response) if isinstance(response, Response) else None
        seconds = self._pause_by_age() * (0.8 + 0.2 * self.jitter()) if requested is None else requested
        return min(seconds, max(0.0, self.deadline - self.clock()))

    def average_pause(self) -> float:
        """Return the average pause of a wait of this age, in seconds."""
        return self._pause_by_age() * 0.9

    def _pause_by_age(self) -> float:
        """Return a quarter of the age of the wait, within the limits."""
        return min(max(FIRST_PAUSE, (self.clock() - self.started) * _PAUSE_SHARE), self.poll_interval)

    def count_failure(self, error: DataRobotError) -> Verdict | None:
        """Count a failed poll. Return a verdict if polls have failed for too long, or if the first one was refused."""
        if not self.confirmed and not error.retryable:
            return Verdict(Outcome.POLLING_REFUSED, message=str(error))
        self.failing_since = self.failing_since if self.failures else self.clock()
        self.failures += 1
        if self.failures >= FAILED_POLLS and self.clock() - self.failing_since >= self.failure_timeout:
            return Verdict(Outcome.POLLING_ERROR, message=str(error))
        return None

    def failure_messages(self, title: str, error: DataRobotError) -> tuple[LogMessage, ...]:
        """Return a message about a failed poll, once for each cause."""
        cause = f"{type(error).__name__} {getattr(error, 'status', '')}"
        if cause in self.logged:
            return ()
        self.logged.append(cause)
        self.warned = True
        text = (
            f"The {title} cannot be polled at present. The job itself may be running, and the wait continues. {error}"
        )
        return (FailedPoll(text, warning=True),)

    def recovery_messages(self, title: str) -> tuple[LogMessage, ...]:
        """Reset the failures after a successful poll. Return a message if a failed poll was logged."""
        warned, self.warned, self.failures, self.confirmed = self.warned, False, 0, True
        return (LogMessage(f"The {title} can be polled again."),) if warned else ()

    def state_messages(self, kind: JobKind, verdict: Verdict) -> tuple[LogMessage, ...]:
        """Return a message about the state of a running job, unless it was already logged."""
        line = running_message(kind, verdict)
        if line in self.logged:
            return ()
        self.logged.append(line)
        return (LogMessage(line, verdict.outcome is Outcome.UNKNOWN),)


def steps(
    ref: JobRef,
    *,
    deadline: float,
    poll_interval: float,
    failure_timeout: float = POLL_FAILURE_TIMEOUT,
    confirmed: bool = True,
    clock: Callable[[], float] = time.time,
    jitter: Callable[[], float] = random.random,
) -> WaitSteps:
    """Decide step by step what a wait for ``ref`` does. No I/O.

    The job is always polled once more after the deadline.

    :param ref: the job.
    :param deadline: end of the wait, in seconds since the epoch.
    :param poll_interval: longest pause between two polls, in seconds.
    :param failure_timeout: seconds for which polls may fail in a row, default 900.
    :param confirmed: whether it is certain that the job exists, default ``True``. If not, a non-retryable error of the
        first poll ends the wait.
    :param clock: returns the seconds since the epoch.
    :param jitter: returns a number from 0 to 1.
    :returns: the reference, with ids from the responses added, and the verdict.
    """
    ref, verdict = yield from _follow_probes(
        ref, _WaitState(deadline, poll_interval, clock, jitter, failure_timeout, confirmed, clock())
    )
    if line := end_message(KINDS[ref.kind], verdict):
        yield LogMessage(line)
    return ref, verdict


def _follow_probes(ref: JobRef, state: _WaitState) -> WaitSteps:
    """Poll the probes of a job in order, until one of them is decisive."""
    kind = KINDS[ref.kind]
    earlier: Verdict | None = None
    stuck: Probe | None = None
    deadline = state.deadline
    *before, resource = kind.probes
    probes = [*(probe for probe in before if ref.has_ids_for(probe.path)), resource]
    for number, probe in enumerate(probes, start=1):
        following = probes[number] if number < len(probes) else None
        has_next = following is not None and ref.has_ids_for(following.path)
        verdict = yield from _poll_probe(probe, ref, state, kind, last=not has_next)
        if following is None and verdict.outcome is Outcome.EXPIRED and stuck is not None:
            # The resource does not exist yet, so the status record was only slow.
            verdict = yield from _poll_probe(stuck, ref, state, kind, last=True)
        if following is None:
            is_decisive = verdict.outcome not in (Outcome.TIMED_OUT, Outcome.EXPIRED)
            return ref.with_ids_from(
                kind.result or "", verdict.result
            ), verdict if earlier is None or is_decisive else earlier
        if verdict.outcome is Outcome.SUCCEEDED:
            ref = ref.with_ids_from(following.path, verdict.result)
            if probe.success_is_final or not ref.has_ids_for(following.path):
                return ref, verdict
        elif not has_next:
            return ref, verdict
        elif verdict.outcome in (Outcome.FAILED, Outcome.CANCELLED) and not probe.failure_is_final:
            earlier = verdict
            state.deadline = min(deadline, state.clock() + RECORD_LAG_SECONDS)
        elif verdict.outcome is Outcome.PENDING:
            stuck = probe
        elif verdict.outcome is not Outcome.EXPIRED:
            return ref, verdict
    raise AssertionError(f"{ref.kind} has no probes")


def _poll_probe(
    probe: Probe, ref: JobRef, state: _WaitState, kind: JobKind, *, last: bool
) -> Generator[Step, Response | DataRobotError | None, Verdict]:
    """Poll one probe until the job has ended. ``PENDING`` means that the probe is stuck and the next one is used."""
    path, entry, since = ref.path(probe.path), probe.entry_of(ref), state.clock()
    latest, previous = Verdict(Outcome.PENDING), None
    while True:
        is_last_poll = state.clock() >= state.deadline
        path, response = yield from _request(probe, path, entry if state.confirmed and not is_last_poll else None)
        verdict = latest if _is_unchanged(response, previous) else _read(probe, response)
        if isinstance(verdict, DataRobotError):
            if final := state.count_failure(verdict):
                return final
            yield from state.failure_messages(kind.title, verdict)
        else:
            yield from state.recovery_messages(kind.title)
            if verdict.outcome not in (Outcome.PENDING, Outcome.UNKNOWN):
                return verdict if probe.path == kind.result else replace(verdict, found=None)
            if verdict is not latest:
                yield from state.state_messages(kind, verdict)
            if not last and _is_stuck(probe, verdict, state.clock() - since):
                return Verdict(Outcome.PENDING, verdict.state)
            if verdict is not latest:
                # Only what is needed is kept, because thousands of waits may wait for a long time.
                latest = verdict = replace(verdict, found=None)
                previous = None if isinstance(response, ListedResponse) else response
        if is_last_poll:
            message = str(verdict) if isinstance(verdict, DataRobotError) else latest.message
            return Verdict(Outcome.TIMED_OUT, latest.state, message)
        changes_at = since + probe.stuck[1] if probe.stuck and not last else math.inf
        pause, response = state.next_pause(response), None
        yield Sleep(pause, state.average_pause, min(state.deadline, changes_at))


def _request(
    probe: Probe, path: str, entry: ListEntry | None
) -> Generator[Step, Response | DataRobotError | None, tuple[str, Response | DataRobotError | None]]:
    """Request the state of a job. Return the path at which it is found from now on, and the response.

    An entry of a list only shows that the job is running. Its end is read from the response to its own request.
    """
    response = yield Get(path, entry)
    if isinstance(response, ListedResponse):
        verdict = _read(probe, response)
        if isinstance(verdict, Verdict) and verdict.outcome is Outcome.PENDING:
            return path, response
        response = yield Get(path)
    if target := _redirect_path(response):
        path = target
        response = yield Get(path)
    return path, response


def _read(probe: Probe, response: Response | DataRobotError | None) -> Verdict | DataRobotError:
    if isinstance(response, DataRobotError):
        return response
    if response is None:
        raise TypeError("a Get step requires a response or an error")
    try:
        return decide(probe, response)
    except MalformedResponseError as error:
        return error


def _is_unchanged(response: Response | DataRobotError | None, previous: Response | DataRobotError | None) -> bool:
    """Return whether two polls have the same response. Most have, and it is read only once.

    This saves 20 % of the CPU time of 3,000 waits (make bench ROWS=waiting).
    """
    if not isinstance(response, Response) or not isinstance(previous, Response):
        return False
    return (response.body, response.status, response.location) == (previous.body, previous.status, previous.location)


def _redirect_path(response: Response | DataRobotError | None) -> str | None:
    if isinstance(response, Response) and response.status == _TEMPORARY_REDIRECT:
        return api_path(response.location or "")
    return None


def _is_stuck(probe: Probe, verdict: Verdict, seconds: float) -> bool:
    return (
        probe.stuck is not None
        and str(verdict.state).casefold() == probe.stuck[0].casefold()
        and (seconds >= probe.stuck[1])
    )


def next_step(loop: WaitSteps, outcome: Response | DataRobotError | None) -> Step | WaitResult:
    """Pass the outcome of the last step to a wait. Return the next step, or the result of the wait."""
    try:
        return loop.send(outcome)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]


def wait(
    loop: WaitSteps, poll: Callable[[str], Response], report: Report, sleep: Callable[[float], None] = time.sleep
) -> WaitResult:
    """Execute the steps of a wait on the current thread.

    :param loop: the generator of :func:`steps`.
    :param poll: sends a GET request to a path; raises a :class:`DataRobotError` if it fails.
    :param report: called with messages for the task log.
    :param sleep: sleeps, in seconds.
    :returns: the reference and the verdict.
    """
    outcome: Response | DataRobotError | None = None
    while not isinstance(step := next_step(loop, outcome), tuple):
        outcome = None
        if isinstance(step, Get):
            try:
                outcome = poll(step.path)
            except DataRobotError as error:
                outcome = error
        elif isinstance(step, Sleep):
            sleep(step.seconds)
        else:
            report(step)
    return step


def poll_once(ref: JobRef, poll: Callable[[str], Response], report: Report, *, confirmed: bool = True) -> WaitResult:
    """Poll a job once, without waiting.

    :param confirmed: whether it is certain that the job exists; see :func:`steps`.
    :returns: the reference and the verdict. It is ``PENDING`` if the job is running, or if the poll failed and may be
        repeated: then ``message`` is the reason.
    """
    failure: str | None = None

    def report_and_keep_failure(message: LogMessage) -> None:
        nonlocal failure
        failure = message.text if isinstance(message, FailedPoll) else failure
        report(message)

    def pause(_: float) -> None:
        raise _PausedError

    try:
        loop = steps(ref, deadline=float("inf"), poll_interval=FIRST_PAUSE, confirmed=confirmed)
        return wait(loop, poll, report_and_keep_failure, pause)
    except _PausedError:
        return ref, Verdict(Outcome.PENDING, message=failure)


class _PausedError(Exception):
    """Raised instead of a pause by :func:`poll_once`."""
