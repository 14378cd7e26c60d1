"""Whenever the worker is killed, an operator creates its resource once, and returns the same as without a kill."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pendulum
from airflow.providers.common.compat.sdk import AirflowException

from tests.pairwise import pairwise
from tests.parity.runs import Outcome, normalised, record_of
from tests.parity.submit_run import (
    SubmitRun,
    after_the_response,
    before_it_is_written_down,
    before_the_request,
    while_it_waits,
    without_store,
)
from tests.parity.submitters import JOBS, MODES, SUBMITTERS, Submitter, axis_of, each

if TYPE_CHECKING:
    from tests.support.emulator import EmulatorClient

#: Those whose submission can be found after the end of the job.
DECIDABLE = [each for each in SUBMITTERS if each.decidable[1]]
#: Those whose submission can be found while the job runs.
DECIDABLE_WHILE_RUNNING = [each for each in JOBS if each.decidable[0]]
_KILLS = {kill.__name__: kill for kill in (after_the_response, before_it_is_written_down)}
_LOST: dict[str, dict[str, Any]] = {
    "cut": {"cut": "after"},
    "half": {"cut": "inside"},
    "gateway": {"status": 502, "apply": True, "body": "<html>Bad Gateway</html>"},
}
#: Their responses have no body that could be cut in two.
_BODILESS = ("assignment", "repository", "repository-latest")
#: What later tasks see of each submitter without a kill.
_UNDISTURBED: dict[str, dict[str, Any]] = {}


def seen_by_later_tasks(outcome: Outcome) -> dict[str, Any]:
    """Return what later tasks see of a task, without what cannot be the same in two runs."""
    return normalised({"value": outcome.value, "xcoms": outcome.xcoms})


def seen_after_recovery(submitter: Submitter, outcome: Outcome) -> dict[str, Any]:
    """Return the same for a task that recovered its resource: it has no id of a status record."""
    if submitter.name.startswith("repository"):
        handle, *links = outcome.xcoms
        assert handle == ("datarobot_id", outcome.value)
        outcome.xcoms = [("datarobot_id", "00000000-0000-0000-0000-000000000000"), *links]
    return seen_by_later_tasks(outcome)


def undisturbed(datarobot: EmulatorClient, submitter: Submitter) -> dict[str, Any]:
    """Return what later tasks see without a kill; each submitter is run once for all tests."""
    if submitter.name not in _UNDISTURBED:
        run = SubmitRun(datarobot, submitter)
        outcome = run.finish()
        assert outcome.error is None
        assert (run.made, run.sent, run.stopped) == (1, 1, [])
        assert outcome.remembers
        _UNDISTURBED[submitter.name] = seen_by_later_tasks(outcome)
    return _UNDISTURBED[submitter.name]


def check_once(run: SubmitRun, outcome: Outcome, *, sent: int = 1) -> None:
    """Check that a task succeeded, created one resource, and still has its record."""
    assert outcome.error is None
    assert (run.made, run.sent, run.stopped) == (1, sent, [])
    assert outcome.remembers
    assert run.instance.try_number > 1


@pairwise(
    lambda submitter, loss: loss != _LOST["half"] or submitter.name not in _BODILESS,
    submitter=axis_of(DECIDABLE),
    loss=_LOST,
)
def test_a_lost_response_is_found_again(datarobot: EmulatorClient, submitter: Submitter, loss: dict[str, Any]) -> None:
    expected = undisturbed(datarobot, submitter)
    run = SubmitRun(datarobot, submitter)
    first = run.lose_response(**loss)
    assert type(first.error) is AirflowException, "a retry may help"
    assert first.xcoms == []
    assert record_of(first.stored).keys() & {"before", "ref", "done"} == {"before"}
    run.await_end()
    run.next_try()
    outcome = run.finish()
    # What DataRobot refuses a second time is asked for by sending it again.
    check_once(run, outcome, sent=2 if submitter.again == "reused" and submitter.kind else 1)
    assert seen_after_recovery(submitter, outcome) == expected


@pairwise(submitter=axis_of(DECIDABLE_WHILE_RUNNING), deferrable=MODES)
def test_a_lost_response_is_found_again_while_the_job_runs(
    datarobot: EmulatorClient, submitter: Submitter, deferrable: bool
) -> None:
    expected = undisturbed(datarobot, submitter)
    run = SubmitRun(datarobot, submitter)
    run.order("succeeded", seconds=0.5)
    run.lose_response()
    run.deferrable = run.arguments["deferrable"] = deferrable
    run.next_try()
    outcome = run.finish()
    check_once(run, outcome, sent=2 if submitter.again == "reused" else 1)
    assert seen_by_later_tasks(outcome) == expected


@each(*DECIDABLE)
def test_a_worker_killed_before_the_request_has_created_nothing(
    datarobot: EmulatorClient, submitter: Submitter
) -> None:
    expected = undisturbed(datarobot, submitter)
    run = SubmitRun(datarobot, submitter)
    run.die(before_the_request)
    assert (run.made, run.sent) == (0, 0)
    assert record_of(run.store.values).keys() & {"before", "ref", "done"} == {"before"}
    run.next_try()
    if submitter.name.startswith("repository"):
        # A version that is not there may be in the making: that nothing was sent, only the worker knew.
        run.arguments["on_uncertain_submit"] = "resubmit"
    outcome = run.finish()
    check_once(run, outcome)
    assert seen_by_later_tasks(outcome) == expected


@pairwise(submitter=axis_of(DECIDABLE), kill=_KILLS)
def test_a_worker_killed_after_the_response_has_created_it(
    datarobot: EmulatorClient, submitter: Submitter, kill: Any
) -> None:
    expected = undisturbed(datarobot, submitter)
    run = SubmitRun(datarobot, submitter)
    run.die(kill)
    assert (run.made, run.sent) == (1, 1)
    run.await_end()
    run.next_try()
    outcome = run.finish()
    check_once(run, outcome, sent=2 if submitter.again == "reused" and submitter.kind else 1)
    assert seen_after_recovery(submitter, outcome) == expected


@each(*JOBS)
def test_a_retry_reuses_the_job_of_a_worker_killed_while_waiting(
    datarobot: EmulatorClient, submitter: Submitter
) -> None:
    expected = undisturbed(datarobot, submitter)
    run = SubmitRun(datarobot, submitter)
    run.die(while_it_waits)
    run.next_try()
    outcome = run.finish()
    check_once(run, outcome)
    assert seen_by_later_tasks(outcome) == expected


@pairwise(
    lambda submitter, deferrable: submitter in JOBS or not deferrable,
    submitter=axis_of(SUBMITTERS),
    deferrable=MODES,
)
def test_a_retry_after_success_creates_nothing(
    datarobot: EmulatorClient, submitter: Submitter, deferrable: bool
) -> None:
    run = SubmitRun(datarobot, submitter, deferrable=deferrable)
    first = run.finish()
    assert first.error is None
    for _ in range(2):
        run.next_try()
        again = run.finish()
        check_once(run, again)
        assert (again.value, again.xcoms) == (first.value, first.xcoms)


@each(*DECIDABLE)
def test_below_airflow_3_3_a_lost_response_is_found_by_start_date(
    datarobot: EmulatorClient, submitter: Submitter
) -> None:
    expected = undisturbed(datarobot, submitter)
    run = SubmitRun(datarobot, submitter)
    with without_store(run, pendulum.now("UTC")):
        first = run.lose_response()
        assert type(first.error) is AirflowException
        run.await_end()
        run.next_try()
        outcome = run.finish()
    assert outcome.error is None
    assert outcome.stored == {}
    assert (run.made, run.sent) == (1, 2 if submitter.again == "reused" and submitter.kind else 1)
    assert seen_after_recovery(submitter, outcome) == expected


@each(*[each for each in DECIDABLE if each.again == "created again" and not each.name.startswith("repository")])
def test_below_airflow_3_3_older_resources_are_not_reused(datarobot: EmulatorClient, submitter: Submitter) -> None:
    run = SubmitRun(datarobot, submitter)
    with without_store(run, pendulum.now("UTC") + timedelta(hours=1)):
        run.lose_response()
        run.await_end()
        run.next_try()
        outcome = run.finish()
    assert outcome.error is None
    # The model tells what data it has, and not since when.
    assert run.made == (1 if submitter.name == "assignment" else 2)


@each(*[each for each in JOBS if each.again == "created again" and each.decidable == (True, True)])
def test_below_airflow_3_3_a_failed_job_is_not_reused(datarobot: EmulatorClient, submitter: Submitter) -> None:
    run = SubmitRun(datarobot, submitter)
    run.order("failed", message="A word from DataRobot.")
    with without_store(run, pendulum.now("UTC")):
        first = run.finish()
        assert first.error is not None
        run.next_try()
        outcome = run.finish()
    assert outcome.error is None
    assert (run.made, run.sent) == (2, 2)
