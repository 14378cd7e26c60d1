"""Cleared tasks: resources are created again, running jobs are cancelled if the API can cancel them."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from datarobot_provider.core.submission import superseded
from datarobot_provider.version_compat import AirflowFailException
from tests.pairwise import pairwise
from tests.parity.runs import record_of
from tests.parity.submit_run import SubmitRun, during_the_wait
from tests.parity.submitter import CREATED_AGAIN, REJECTED, UNCHANGED, Submitter
from tests.parity.submitters import CREATES, JOBS, MODES, SUBMITTERS, axis_of, each

if TYPE_CHECKING:
    import pytest

    from tests.parity.runs import Outcome
    from tests.support.emulator import EmulatorClient

_CANCELLABLE = [each for each in JOBS if each.cancel]
#: Jobs that DataRobot runs in parallel.
_PARALLEL = [each for each in JOBS if not each.cancel and each.again == CREATED_AGAIN and each.name != "assignment"]
#: Jobs that DataRobot does not run in parallel: a second request returns the first job, or is rejected.
_EXCLUSIVE = [each for each in JOBS if each.name.startswith(("impact", "assignment"))]


def check_created_again(run: SubmitRun, first: Outcome, second: Outcome) -> None:
    """Check that a cleared task created a second resource, if DataRobot allows two."""
    expected = 2 if run.submitter.again == CREATED_AGAIN else 1
    not_sent = run.submitter.name.endswith("-reused") or run.submitter.again == UNCHANGED
    assert (run.created, run.sent, run.stopped) == (expected, 1 if not_sent else 2, [])
    if run.submitter.again == REJECTED:
        assert type(second.error) is AirflowFailException
        assert "DataRobot returned 4" in str(second.error)
        return
    assert second.error is None
    assert second.has_record
    assert record_of(second.stored)["max_tries"] == run.instance.max_tries
    if run.submitter.again == CREATED_AGAIN:
        assert (
            second.xcoms[:1] == first.xcoms[:1] if run.submitter.name in _SAME_HANDLE else second.xcoms != first.xcoms
        )


#: Submitters that push the same id the second time, or none.
_SAME_HANDLE = ("assignment", "revalidation", "request", "challenger")


@each(*SUBMITTERS)
def test_a_task_cleared_after_success_creates_again(datarobot: EmulatorClient, submitter: Submitter) -> None:
    run = SubmitRun(datarobot, submitter)
    first = run.finish()
    assert first.error is None
    run.clear()
    check_created_again(run, first, run.finish())


@each(*[each for each in SUBMITTERS if each.again == CREATED_AGAIN])
def test_a_retry_after_a_clear_reuses_the_newer_resource(datarobot: EmulatorClient, submitter: Submitter) -> None:
    run = SubmitRun(datarobot, submitter)
    run.finish()
    run.clear()
    second = run.finish()
    run.next_attempt()
    third = run.finish()
    assert (run.created, run.sent) == (2, 2)
    assert (third.value, third.xcoms) == (second.value, second.xcoms)


@each(*[each for each in SUBMITTERS if each.again == CREATED_AGAIN and each.decidable[1]])
def test_a_response_that_is_lost_after_a_clear_is_found_again(datarobot: EmulatorClient, submitter: Submitter) -> None:
    run = SubmitRun(datarobot, submitter)
    first = run.finish()
    run.clear()
    run.lose_response()
    run.await_end()
    run.next_attempt()
    third = run.finish()
    assert third.error is None
    assert (run.created, run.sent) == (2, 2)
    if submitter.name not in _SAME_HANDLE:
        assert third.xcoms[0] != first.xcoms[0], "a resource that was created before the clear must not be reused"


@each(*CREATES)
def test_a_clear_after_a_lost_response_creates_again(datarobot: EmulatorClient, submitter: Submitter) -> None:
    """The error asks the user to check in DataRobot before clearing the task."""
    run = SubmitRun(datarobot, submitter)
    run.lose_response()
    run.clear()
    run.finish()
    reused = submitter.name.endswith("-reused")
    assert (run.created, run.sent) == (2 if submitter.again == CREATED_AGAIN else 1, 1 if reused else 2)


def _clear_while_it_runs(run: SubmitRun, outcome: str, **more: float) -> None:
    run.set_outcome(outcome, **more)
    if run.deferrable:
        run.defer()
    else:
        run.run_killed(during_the_wait)
    assert run.created == 1
    run.clear()


@pairwise(submitter=axis_of(_CANCELLABLE), deferrable=MODES)
def test_a_clear_cancels_the_running_job_once_and_starts_another(
    datarobot: EmulatorClient, submitter: Submitter, deferrable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In deferrable mode, the task first waits for its trigger to cancel the job; here, no trigger runs.
    monkeypatch.setattr(superseded, "TRIGGER_TIMEOUT", 0.1)
    run = SubmitRun(datarobot, submitter, deferrable=deferrable)
    _clear_while_it_runs(run, "stuck")
    outcome = run.finish()
    _check_cancelled(run, outcome)


@each(*_CANCELLABLE)
def test_a_job_cancelled_by_its_trigger_is_not_cancelled_again(datarobot: EmulatorClient, submitter: Submitter) -> None:
    run = SubmitRun(datarobot, submitter, deferrable=True)
    run.set_outcome("stuck")
    trigger = run.rebuild_trigger(run.defer())
    run.clear()
    asyncio.run(trigger.on_kill())
    outcome = run.finish()
    _check_cancelled(run, outcome)


def _check_cancelled(run: SubmitRun, outcome: Outcome) -> None:
    assert outcome.error is None
    (stopped,) = run.stopped
    assert re.search(str(run.submitter.cancel), stopped)
    assert (run.created, run.sent) == (2, 2)
    kind = str(run.submitter.kind)
    assert [job["active"] for job in run.datarobot.jobs(kind)] == [False, False]
    methods = [row["method"] for row in run.datarobot.requests() if row["method"] != "GET"]
    assert methods == ["POST", "DELETE", "POST"], "the job must be cancelled before another is started"


@pairwise(submitter=axis_of(_CANCELLABLE), deferrable=MODES)
def test_a_clear_does_not_cancel_the_job_without_cancel_on_kill(
    datarobot: EmulatorClient, submitter: Submitter, deferrable: bool
) -> None:
    run = SubmitRun(datarobot, submitter, deferrable=deferrable, cancel_on_kill=False)
    _clear_while_it_runs(run, "succeeded", seconds=0.5)
    run.finish()
    assert run.stopped == []
    assert run.sent == 2


@pairwise(submitter=axis_of(_PARALLEL), deferrable=MODES)
def test_a_job_that_cannot_be_cancelled_keeps_running(
    datarobot: EmulatorClient, submitter: Submitter, deferrable: bool
) -> None:
    run = SubmitRun(datarobot, submitter, deferrable=deferrable)
    _clear_while_it_runs(run, "stuck")
    outcome = run.finish()
    assert outcome.error is None
    assert (run.created, run.sent, run.stopped) == (2, 2, [])
    assert any(job["active"] for job in datarobot.jobs(str(submitter.kind)))


@pairwise(submitter=axis_of(_EXCLUSIVE), deferrable=MODES)
def test_a_clear_reuses_a_running_computation(
    datarobot: EmulatorClient, submitter: Submitter, deferrable: bool
) -> None:
    run = SubmitRun(datarobot, submitter, deferrable=deferrable)
    _clear_while_it_runs(run, "succeeded", seconds=0.5)
    outcome = run.finish()
    assert outcome.error is None
    assert (run.created, run.sent, run.stopped) == (1, 2, [])
