"""A killed worker: the operator creates its resource once, and returns the same as without a kill."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pendulum

from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.pairwise import pairwise
from tests.parity.runs import Outcome, normalize, record_of
from tests.parity.submit_run import (
    SubmitRun,
    after_the_response,
    airflow_without_store,
    before_the_record_is_stored,
    before_the_request,
    during_the_wait,
)
from tests.parity.submitters import JOBS, MODES, SUBMITTERS, axis_of, each

if TYPE_CHECKING:
    from tests.parity.submitter import Submitter
    from tests.support.emulator import EmulatorClient

#: Submitters whose resource can be found after the end of the job.
DECIDABLE = [each for each in SUBMITTERS if each.decidable[1]]
#: Submitters whose job can be found while it runs.
#: Those whose resources have a time of creation.
_DATED = [each for each in DECIDABLE if each.name != "challenger"]
DECIDABLE_WHILE_RUNNING = [each for each in JOBS if each.decidable[0]]
_KILLS = {kill.__name__: kill for kill in (after_the_response, before_the_record_is_stored)}
_LOST_RESPONSES: dict[str, dict[str, Any]] = {
    "cut": {"cut": "after"},
    "half": {"cut": "inside"},
    "gateway": {"status": 502, "apply": True, "body": "<html>Bad Gateway</html>"},
}
#: Submitters whose response has no body that could be cut.
_WITHOUT_RESPONSE_BODY = ("assignment", "repository", "repository-latest", "challenger")
#: What later tasks receive from each submitter without a kill.
_WITHOUT_KILL: dict[str, dict[str, Any]] = {}


def seen_by_later_tasks(outcome: Outcome) -> dict[str, Any]:
    """Return the values that a task passes to later tasks, without those that differ in every run."""
    return normalize({"value": outcome.value, "xcoms": outcome.xcoms})


def seen_after_recovery(submitter: Submitter, outcome: Outcome) -> dict[str, Any]:
    """Return the same for a task that recovered its resource and does not know the id of the status record."""
    if submitter.name.startswith("repository"):
        handle, *links = outcome.xcoms
        assert handle == ("datarobot_id", outcome.value)
        outcome.xcoms = [("datarobot_id", "00000000-0000-0000-0000-000000000000"), *links]
    return seen_by_later_tasks(outcome)


def result_without_kill(datarobot: EmulatorClient, submitter: Submitter) -> dict[str, Any]:
    """Return the values that later tasks receive without a kill; each submitter runs once for all tests."""
    if submitter.name not in _WITHOUT_KILL:
        run = SubmitRun(datarobot, submitter)
        outcome = run.finish()
        assert outcome.error is None
        assert (run.created, run.sent, run.stopped) == (1, 1, [])
        assert outcome.has_record
        _WITHOUT_KILL[submitter.name] = seen_by_later_tasks(outcome)
    return _WITHOUT_KILL[submitter.name]


def check_once(run: SubmitRun, outcome: Outcome, *, sent: int = 1) -> None:
    """Check that a task succeeded, created one resource, and still has its record."""
    assert outcome.error is None
    assert (run.created, run.sent, run.stopped) == (1, sent, [])
    assert outcome.has_record
    assert run.instance.try_number > 1


@pairwise(
    lambda submitter, loss: loss != _LOST_RESPONSES["half"] or submitter.name not in _WITHOUT_RESPONSE_BODY,
    submitter=axis_of(DECIDABLE),
    loss=_LOST_RESPONSES,
)
def test_a_lost_response_is_found_again(datarobot: EmulatorClient, submitter: Submitter, loss: dict[str, Any]) -> None:
    expected = result_without_kill(datarobot, submitter)
    run = SubmitRun(datarobot, submitter)
    first = run.lose_response(**loss)
    assert type(first.error) is AirflowException, "Airflow must retry the task"
    assert first.xcoms == []
    assert record_of(first.stored).keys() & {"before", "ref", "done"} == {"before"}
    run.await_end()
    run.next_attempt()
    outcome = run.finish()
    # If DataRobot does not run two such jobs, the operator sends the request again to find the first one.
    check_once(run, outcome, sent=2 if submitter.again == "reused" and submitter.kind else 1)
    assert seen_after_recovery(submitter, outcome) == expected


@pairwise(submitter=axis_of(DECIDABLE_WHILE_RUNNING), deferrable=MODES)
def test_a_lost_response_is_found_again_while_the_job_runs(
    datarobot: EmulatorClient, submitter: Submitter, deferrable: bool
) -> None:
    expected = result_without_kill(datarobot, submitter)
    run = SubmitRun(datarobot, submitter)
    run.set_outcome("succeeded", seconds=1.0)
    run.lose_response()
    run.deferrable = run.arguments["deferrable"] = deferrable
    run.next_attempt()
    outcome = run.finish()
    check_once(run, outcome, sent=2 if submitter.again == "reused" else 1)
    assert seen_by_later_tasks(outcome) == expected


@each(*DECIDABLE)
def test_a_worker_killed_before_the_request_has_created_nothing(
    datarobot: EmulatorClient, submitter: Submitter
) -> None:
    expected = result_without_kill(datarobot, submitter)
    run = SubmitRun(datarobot, submitter)
    run.run_killed(before_the_request)
    assert (run.created, run.sent) == (0, 0)
    assert record_of(run.store.values).keys() & {"before", "ref", "done"} == {"before"}
    run.next_attempt()
    if submitter.name.startswith("repository"):
        # DataRobot may still be creating the version; only the worker knew that it had not sent the request.
        run.arguments["on_uncertain_submit"] = "resubmit"
    outcome = run.finish()
    check_once(run, outcome)
    assert seen_by_later_tasks(outcome) == expected


@pairwise(submitter=axis_of(DECIDABLE), kill=_KILLS)
def test_a_worker_killed_after_the_response_has_created_it(
    datarobot: EmulatorClient, submitter: Submitter, kill: Any
) -> None:
    expected = result_without_kill(datarobot, submitter)
    run = SubmitRun(datarobot, submitter)
    run.run_killed(kill)
    assert (run.created, run.sent) == (1, 1)
    run.await_end()
    run.next_attempt()
    outcome = run.finish()
    check_once(run, outcome, sent=2 if submitter.again == "reused" and submitter.kind else 1)
    assert seen_after_recovery(submitter, outcome) == expected


@each(*JOBS)
def test_a_retry_reuses_the_job_of_a_worker_killed_while_waiting(
    datarobot: EmulatorClient, submitter: Submitter
) -> None:
    expected = result_without_kill(datarobot, submitter)
    run = SubmitRun(datarobot, submitter)
    run.run_killed(during_the_wait)
    run.next_attempt()
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
        run.next_attempt()
        again = run.finish()
        check_once(run, again)
        assert (again.value, again.xcoms) == (first.value, first.xcoms)


@each(*_DATED)
def test_below_airflow_3_3_a_lost_response_is_found_by_start_date(
    datarobot: EmulatorClient, submitter: Submitter
) -> None:
    expected = result_without_kill(datarobot, submitter)
    run = SubmitRun(datarobot, submitter)
    with airflow_without_store(run, pendulum.now("UTC")):
        first = run.lose_response()
        assert type(first.error) is AirflowException
        run.await_end()
        run.next_attempt()
        outcome = run.finish()
    assert outcome.error is None
    assert outcome.stored == {}
    assert (run.created, run.sent) == (1, 2 if submitter.again == "reused" and submitter.kind else 1)
    assert seen_after_recovery(submitter, outcome) == expected


@each(*[each for each in _DATED if each.again == "created again" and not each.name.startswith("repository")])
def test_below_airflow_3_3_older_resources_are_not_reused(datarobot: EmulatorClient, submitter: Submitter) -> None:
    run = SubmitRun(datarobot, submitter)
    with airflow_without_store(run, pendulum.now("UTC") + timedelta(hours=1)):
        run.lose_response()
        run.await_end()
        run.next_attempt()
        outcome = run.finish()
    assert outcome.error is None
    # The model contains its training data, but not the time of the assignment.
    assert run.created == (1 if submitter.name == "assignment" else 2)


@each(*[each for each in JOBS if each.name == "challenger"])
def test_below_airflow_3_3_a_resource_without_a_time_is_uncertain(
    datarobot: EmulatorClient, submitter: Submitter
) -> None:
    run = SubmitRun(datarobot, submitter)
    with airflow_without_store(run, pendulum.now("UTC")):
        run.lose_response()
        run.await_end()
        run.next_attempt()
        outcome = run.finish()
    assert type(outcome.error) is AirflowFailException
    assert "Challengers have no time of creation." in str(outcome.error)
    assert (run.created, run.sent) == (1, 1)


@each(*[each for each in _DATED if each in JOBS and each.again == "created again" and each.decidable[0]])
def test_below_airflow_3_3_a_failed_job_is_not_reused(datarobot: EmulatorClient, submitter: Submitter) -> None:
    run = SubmitRun(datarobot, submitter)
    run.set_outcome("failed", message="A message from DataRobot.")
    with airflow_without_store(run, pendulum.now("UTC")):
        first = run.finish()
        assert first.error is not None
        run.next_attempt()
        outcome = run.finish()
    assert outcome.error is None
    assert (run.created, run.sent) == (2, 2)
