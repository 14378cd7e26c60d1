"""Waiting for a job: one function that reads a state, one generator that decides what to do next, no I/O in either.

``wait`` and, on an event loop, ``async_wait`` only carry out what the generator says; ``poll_once`` stops at the first
pause. So a worker, a triggerer, a sensor's poke and a resumed task read the same responses in the same way.
"""

from __future__ import annotations

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
from datarobot_provider.jobs.model import JobKind, JobRef, Outcome, Probe, Verdict

#: So many polls have to fail in a row before a wait gives up, however long the pause between them.
FAILED_POLLS = 5
RECORD_LAG_SECONDS = 30.0
FIRST_PAUSE = 1.0
_GROWTH = 1.5
_RELOCATED = 307
_DONE = 303
_OK = 200
#: A state word goes into logs and events, so what a broken server sends as one must not be longer than any word is.
_LONGEST_STATE = 100
_GONE = (404, 410)


@dataclass(frozen=True)
class Get:
    """Ask for this path; send in the response, or the error that came instead."""

    path: str


@dataclass(frozen=True)
class Sleep:
    """Wait so many seconds."""

    seconds: float


@dataclass(frozen=True)
class LogMessage:
    """Tell the reader of the task log.

    :param text: what.
    :param warning: whether it is unusual.
    """

    text: str
    warning: bool = False


@dataclass(frozen=True)
class FailedPoll(LogMessage):
    """Tell the reader that a poll failed."""


Step = Get | Sleep | LogMessage
Ending = tuple[JobRef, Verdict]
Steps = Generator[Step, Response | DataRobotError | None, Ending]
Report = Callable[[LogMessage], None]


def decide(probe: Probe, response: Response) -> Verdict:
    """Read the state of a job out of a response. The only function that does; pure.

    :param probe: how this response is to be read.
    :param response: what a look came back with.
    :returns: the verdict; a state that the table does not list is ``UNKNOWN``, which means: go on waiting.
    :raises MalformedResponseError: if the response is not JSON.
    """
    if response.status == _DONE and probe.done_on_303:
        return Verdict(Outcome.SUCCEEDED, SUCCEEDED, result=api_path(response.location or ""))
    named = probe.http_states.get(response.status)
    if named is not None:
        return Verdict(probe.outcome_of(named), named)
    if response.status in _GONE:
        return Verdict(Outcome.EXPIRED, GONE)
    if response.status != _OK:
        return Verdict(Outcome.UNKNOWN, f"HTTP {response.status}")
    body = response.object()
    state = _state(probe, body)
    message = next((str(text) for place in probe.messages if (text := _dig(body, place))), None)
    return Verdict(probe.outcome_of(state), state, message, found=body)


def _state(probe: Probe, body: Mapping[str, Any]) -> str:
    if not probe.flags:
        return str(_dig(body, probe.state))[:_LONGEST_STATE]
    for place, expected, name in probe.flags:
        value = _dig(body, place)
        if (value is None) if expected is None else bool(value) is expected:
            return name
    return probe.unflagged


def _dig(body: Mapping[str, Any], place: str) -> Any:
    value: Any = body
    for key in place.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


@dataclass
class _Watch:
    """What one wait remembers from look to look."""

    deadline: float
    poll_interval: float
    clock: Callable[[], float]
    jitter: Callable[[], float]
    failure_timeout: float
    confirmed: bool
    pause: float = FIRST_PAUSE
    failures: int = 0
    failing_since: float = 0.0
    warned: bool = False
    told: set[str] = field(default_factory=set)

    def next_pause(self, seen: Response | DataRobotError | None) -> float:
        """Return the seconds to wait: growing, spread out, as long as the server asks, never beyond the deadline."""
        asked = retry_after(seen) if isinstance(seen, Response) else None
        seconds = asked if asked is not None else min(self.pause, self.poll_interval) * (0.8 + 0.2 * self.jitter())
        self.pause = min(self.pause * _GROWTH, self.poll_interval)
        return min(seconds, max(0.0, self.deadline - self.clock()))

    def gave_up(self, error: DataRobotError) -> Verdict | None:
        """Count a failed poll; return a verdict when polls have failed for too long, or the first one was refused."""
        if not self.confirmed and not error.retryable:
            return Verdict(Outcome.POLLING_REFUSED, message=str(error))
        self.failing_since = self.failing_since if self.failures else self.clock()
        self.failures += 1
        if self.failures >= FAILED_POLLS and self.clock() - self.failing_since >= self.failure_timeout:
            return Verdict(Outcome.POLLING_ERROR, message=str(error))
        return None

    def trouble(self, title: str, error: DataRobotError) -> tuple[LogMessage, ...]:
        """Return a note for a failed poll, once for each cause."""
        cause = f"{type(error).__name__} {getattr(error, 'status', '')}"
        if cause in self.told:
            return ()
        self.told.add(cause)
        self.warned = True
        return (FailedPoll(f"The {title} cannot be polled at present; that says nothing about the job. {error}", True),)

    def recovered(self, title: str) -> tuple[LogMessage, ...]:
        """Take note that a poll worked; return a note if a failed one was reported."""
        warned, self.warned, self.failures, self.confirmed = self.warned, False, 0, True
        return (LogMessage(f"The {title} can be polled again."),) if warned else ()

    def news(self, kind: JobKind, verdict: Verdict) -> tuple[LogMessage, ...]:
        """Return a note for a state of a job that goes on, if it was not logged before."""
        line = running_message(kind, verdict)
        if line in self.told:
            return ()
        self.told.add(line)
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
) -> Steps:
    """Decide, look by look, what a wait for ``ref`` does next. No I/O.

    One more look is always taken after the deadline.

    :param ref: the job.
    :param deadline: when to give up, in seconds since the epoch.
    :param poll_interval: longest pause between two looks, in seconds.
    :param failure_timeout: how long polls may fail in a row before the wait gives up, in seconds; default 900.
    :param confirmed: whether DataRobot is known to have the job, so that a refused poll says nothing about it; default
        ``True``. Otherwise a refusal of the first poll ends the wait.
    :param clock: gives the seconds since the epoch.
    :param jitter: gives a number from 0 to 1.
    :returns: the reference, with what was learnt on the way, and the verdict.
    """
    ref, verdict = yield from _walk(ref, _Watch(deadline, poll_interval, clock, jitter, failure_timeout, confirmed))
    if line := end_message(KINDS[ref.kind], verdict):
        yield LogMessage(line)
    return ref, verdict


def _walk(ref: JobRef, watch: _Watch) -> Steps:
    """Follow the probes of a job, one after the other, to the verdict that counts."""
    kind = KINDS[ref.kind]
    earlier: Verdict | None = None
    stuck: Probe | None = None
    deadline = watch.deadline
    *before, resource = kind.probes
    probes = [*(probe for probe in before if ref.has_ids_for(probe.path)), resource]
    for place, probe in enumerate(probes, start=1):
        following = probes[place] if place < len(probes) else None
        onward = following is not None and ref.has_ids_for(following.path)
        verdict = yield from _follow(probe, ref, watch, kind, last=not onward)
        if following is None and verdict.outcome is Outcome.EXPIRED and stuck is not None:
            # The resource knows nothing of the job: the record was only slow.
            verdict = yield from _follow(stuck, ref, watch, kind, last=True)
        if following is None:
            settled = verdict.outcome not in (Outcome.TIMED_OUT, Outcome.EXPIRED)
            return ref.with_ids_from(
                kind.result or "", verdict.result
            ), verdict if earlier is None or settled else earlier
        if verdict.outcome is Outcome.SUCCEEDED:
            ref = ref.with_ids_from(following.path, verdict.result)
            if probe.success_is_final or not ref.has_ids_for(following.path):
                return ref, verdict
        elif not onward:
            return ref, verdict
        elif verdict.outcome in (Outcome.FAILED, Outcome.CANCELLED) and not probe.failure_is_final:
            earlier = verdict
            watch.deadline = min(deadline, watch.clock() + RECORD_LAG_SECONDS)
        elif verdict.outcome is Outcome.PENDING:
            stuck = probe
        elif verdict.outcome is not Outcome.EXPIRED:
            return ref, verdict
    raise AssertionError(f"{ref.kind} has no probes")


def _follow(
    probe: Probe, ref: JobRef, watch: _Watch, kind: JobKind, *, last: bool
) -> Generator[Step, Response | DataRobotError | None, Verdict]:
    """Follow one probe to its end; ``PENDING`` means: it is stuck, ask the next one."""
    path, since = ref.path(probe.path), watch.clock()
    latest, before = Verdict(Outcome.PENDING), None
    while True:
        final_poll = watch.clock() >= watch.deadline
        seen = yield Get(path)
        if moved := _relocation(seen):
            path = moved
            seen = yield Get(path)
        verdict = latest if _say_the_same(seen, before) else _read(probe, seen)
        if isinstance(verdict, DataRobotError):
            if refused := watch.gave_up(verdict):
                return refused
            yield from watch.trouble(kind.title, verdict)
        else:
            yield from watch.recovered(kind.title)
            if verdict.outcome not in (Outcome.PENDING, Outcome.UNKNOWN):
                return verdict if probe.path == kind.result else replace(verdict, found=None)
            if verdict is not latest:
                yield from watch.news(kind, verdict)
            if not last and _is_stuck(probe, verdict, watch.clock() - since):
                return Verdict(Outcome.PENDING, verdict.state)
            if verdict is not latest:
                latest, before = verdict, seen
        if final_poll:
            message = str(verdict) if isinstance(verdict, DataRobotError) else latest.message
            return Verdict(Outcome.TIMED_OUT, latest.state, message)
        # What a wait keeps while it sleeps, a thousand waits keep.
        seconds, seen = watch.next_pause(seen), None
        yield Sleep(seconds)


def _read(probe: Probe, seen: Response | DataRobotError | None) -> Verdict | DataRobotError:
    if isinstance(seen, DataRobotError):
        return seen
    if seen is None:
        raise TypeError("a Get wants a response or an error")
    try:
        return decide(probe, seen)
    except MalformedResponseError as error:
        return error


def _say_the_same(seen: Response | DataRobotError | None, before: Response | DataRobotError | None) -> bool:
    """Return whether two looks came back with the same: almost all do, and need not be read again."""
    if not isinstance(seen, Response) or not isinstance(before, Response):
        return False
    return (seen.body, seen.status, seen.location) == (before.body, before.status, before.location)


def _relocation(seen: Response | DataRobotError | None) -> str | None:
    if isinstance(seen, Response) and seen.status == _RELOCATED:
        return api_path(seen.location or "")
    return None


def _is_stuck(probe: Probe, verdict: Verdict, seconds: float) -> bool:
    return (
        probe.stuck is not None
        and str(verdict.state).casefold() == probe.stuck[0].casefold()
        and (seconds >= probe.stuck[1])
    )


def advance(loop: Steps, answer: Response | DataRobotError | None) -> Step | Ending:
    """Send what the last step came to into a wait, and return the next step, or how the wait ended."""
    try:
        return loop.send(answer)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]


def wait(
    loop: Steps, poll: Callable[[str], Response], report: Report, sleep: Callable[[float], None] = time.sleep
) -> Ending:
    """Carry out a wait on this thread.

    :param loop: what :func:`steps` gave.
    :param look: gets a path, or raises a :class:`DataRobotError`.
    :param tell: takes what the reader of the log should know.
    :param sleep: waits so many seconds.
    :returns: the reference and the verdict.
    """
    answer: Response | DataRobotError | None = None
    while not isinstance(step := advance(loop, answer), tuple):
        answer = None
        if isinstance(step, Get):
            try:
                answer = poll(step.path)
            except DataRobotError as error:
                answer = error
        elif isinstance(step, Sleep):
            sleep(step.seconds)
        else:
            report(step)
    return step


def poll_once(ref: JobRef, poll: Callable[[str], Response], report: Report, *, confirmed: bool = True) -> Ending:
    """Look at a job once, without waiting.

    :param confirmed: whether DataRobot is known to have the job; see :func:`steps`.
    :returns: the reference and the verdict; ``PENDING`` while the job goes on, or when the poll failed for now: then
        the message says why.
    """
    failure: str | None = None

    def report_and_keep_failure(note: LogMessage) -> None:
        nonlocal failure
        failure = note.text if isinstance(note, FailedPoll) else failure
        report(note)

    def pause(_: float) -> None:
        raise _PausedError

    try:
        loop = steps(ref, deadline=float("inf"), poll_interval=FIRST_PAUSE, confirmed=confirmed)
        return wait(loop, poll, report_and_keep_failure, pause)
    except _PausedError:
        return ref, Verdict(Outcome.PENDING, message=failure)


class _PausedError(Exception):
    """Polling once does not wait."""
