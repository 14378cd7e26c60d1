"""Every job operator, killed by a user on the worker and in the triggerer: one DELETE, if the API has one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest

from datarobot_provider.version_compat import AirflowFailException
from tests.parity.cases import CASES, Case, each_case
from tests.parity.runs import TIMEOUT, Outcome, Run, log_lines, normalize, polls_of
from tests.support.emulator import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from datarobot_provider.triggers.job import DataRobotJobTrigger
    from tests.support.emulator import EmulatorClient

_CANCELLABLE = [pytest.param(case, id=case.name) for case in CASES if case.cancel]


class SigkillError(BaseException):
    """Simulates the SIGKILL that the supervisor sends to a task that keeps running after SIGTERM."""


@contextlib.contextmanager
def killed(on_term: Callable[[], None], when: Callable[[], Any]) -> Iterator[None]:
    """Send this process a signal once ``when`` is true, and handle it as Airflow's task runner handles SIGTERM.

    Its handler calls the operator's ``on_kill`` in the main thread, between two byte codes of ``execute``.
    """
    before = signal.signal(signal.SIGUSR1, lambda *_: on_term())

    def kill() -> None:
        until(when, "the moment to kill")
        os.kill(os.getpid(), signal.SIGUSR1)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield
    finally:
        killer.join()
        signal.signal(signal.SIGUSR1, before)


def _kill_on_worker(run: Run, when: Callable[[], Any], *, continues: bool) -> tuple[Outcome, list[str]]:
    """Kill the task while it waits on a worker.

    :param continues: whether ``execute`` continues after ``on_kill``, as it does until the supervisor sends SIGKILL.
    """
    operator, outcome = run.operator(), Outcome(xcoms=run.instance.xcoms)

    def on_term() -> None:
        operator.on_kill()
        if not continues:
            raise SigkillError

    # A poll may also come from the check for a running job, before the operator has started its own.
    with log_lines(type(operator)) as lines, killed(on_term, lambda: operator._running and when()):
        try:
            outcome.value = operator.execute(run.context())
        except (Exception, SigkillError) as error:  # noqa: BLE001 - the tests check its type
            outcome.error = error
    assert continues or isinstance(outcome.error, SigkillError)
    return outcome, lines


def _kill_in_trigger(run: Run, when: Callable[[], Any]) -> tuple[Outcome, list[str]]:
    """Kill the deferred task like the triggerer: cancel the trigger."""
    trigger = run.rebuild_trigger(run.defer())

    async def triggerer() -> None:
        task = asyncio.create_task(_run_trigger(trigger))
        await asyncio.to_thread(until, when, "the moment to kill")
        task.cancel("user action")
        with pytest.raises(asyncio.CancelledError):
            await task

    with log_lines(type(trigger)) as lines:
        asyncio.run(triggerer())
    return Outcome(xcoms=run.instance.xcoms), lines


async def _run_trigger(trigger: DataRobotJobTrigger) -> None:
    """Do what ``TriggerRunner.run_trigger`` does around a trigger (Airflow 3.3)."""
    try:
        async for event in trigger.run():
            pytest.fail(f"an event of a killed trigger: {event}")
    except asyncio.CancelledError:
        await asyncio.wait_for(trigger.on_kill(), timeout=30)
        raise
    finally:
        await trigger.cleanup()


def _polled(run: Run) -> Callable[[], Any]:
    # The worker polls the job once before the task defers.
    polls = 2 if run.deferrable else 1
    return lambda: len(list(polls_of(run.case, run.datarobot))) >= polls


def _kill_messages(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("The task was killed")]


@each_case
def test_a_kill_cancels_the_job_if_the_api_can(datarobot: EmulatorClient, case: Case) -> None:
    def run_mode(deferrable: bool) -> tuple[Any, list[str], Outcome]:
        run = Run(datarobot, case, deferrable=deferrable)
        datarobot.outcome(case.kind, "stuck")
        if deferrable:
            outcome, lines = _kill_in_trigger(run, _polled(run))
        else:
            # If the job can be cancelled, the wait ends by itself before the supervisor sends SIGKILL.
            outcome, lines = _kill_on_worker(run, _polled(run), continues=case.cancel is not None)
        run.check_requests(deletes=1 if case.cancel else 0)
        # If the API cannot cancel the job, it is still running, and the log says so.
        run.check_job(active=case.cancel is None)
        return normalize(outcome.xcoms), _kill_messages(lines), outcome

    xcoms, messages, sync = run_mode(deferrable=False)
    assert run_mode(deferrable=True)[:2] == (xcoms, messages)
    result = (
        f"The {case.title} was cancelled in DataRobot."
        if case.cancel
        else f"DataRobot cannot cancel a {case.title}. It is still running."
    )
    assert messages == [f"The task was killed. {result}"]
    if case.cancel:
        assert type(sync.error) is AirflowFailException
        assert re.match(f"The {case.title} was cancelled in DataRobot", sync.text)


@each_case
def test_a_kill_does_not_cancel_the_job_without_cancel_on_kill(datarobot: EmulatorClient, case: Case) -> None:
    for deferrable in (False, True):
        run = Run(datarobot, case, deferrable=deferrable, cancel_on_kill=False)
        datarobot.outcome(case.kind, "stuck")
        if deferrable:
            _, lines = _kill_in_trigger(run, _polled(run))
        else:
            _, lines = _kill_on_worker(run, _polled(run), continues=False)
        run.check_requests(deletes=0)
        run.check_job(active=True)
        assert _kill_messages(lines) == []


@pytest.mark.parametrize("case", _CANCELLABLE)
def test_a_kill_after_the_job_ended_is_logged(datarobot: EmulatorClient, case: Case) -> None:
    def run_mode(deferrable: bool) -> list[str]:
        # The second poll is sent after 0.8 s at the earliest; the job has ended by then.
        run = Run(datarobot, case, deferrable=deferrable, poll_interval=1.0)
        datarobot.outcome(case.kind, "succeeded", seconds=0.2)

        def ended() -> bool:
            return any(polls_of(case, datarobot)) and not datarobot.jobs(case.kind)[0]["active"]

        if deferrable:
            _, lines = _kill_in_trigger(run, ended)
        else:
            outcome, lines = _kill_on_worker(run, ended, continues=True)
            assert case.value(outcome.value, run.check_job())
        run.check_requests(deletes=1)
        run.check_job()
        return _kill_messages(lines)

    assert (
        run_mode(False)
        == run_mode(True)
        == [f"The task was killed. The {case.title} had already ended when DataRobot received the cancellation."]
    )


@each_case
def test_a_kill_after_the_end_does_nothing(datarobot: EmulatorClient, case: Case) -> None:
    run = Run(datarobot, case, deferrable=False)
    operator = run.operator()
    with log_lines(type(operator)) as lines:
        operator.execute(run.context())
        operator.on_kill()
    run.check_requests(deletes=0)
    assert lines != []
    assert _kill_messages(lines) == []

    run = Run(datarobot, case, deferrable=True)
    datarobot.outcome(case.kind, "succeeded", seconds=TIMEOUT)
    trigger = run.rebuild_trigger(run.defer())
    datarobot.finish_jobs()

    async def triggerer() -> None:
        # Airflow 3.3 also calls on_kill of a trigger after it has received its event.
        assert [event async for event in trigger.run()]
        await trigger.on_kill()

    with log_lines(type(trigger)) as lines:
        asyncio.run(triggerer())
    run.check_requests(deletes=0)
    assert lines == []
