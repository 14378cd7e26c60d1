"""Submissions whose outcome the API does not show: ``on_uncertain_submit`` fails or sends the request again."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pendulum
import pytest

from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.parity.runs import record_of
from tests.parity.submit_run import (
    SubmitRun,
    after_the_response,
    airflow_without_store,
    before_the_record_is_stored,
    before_the_request,
)
from tests.parity.submitter import Submitter, send_again
from tests.parity.submitters import JOBS, SUBMITTERS, each

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.parity.runs import Outcome
    from tests.support.emulator import EmulatorClient

_UNDECIDABLE = [each for each in SUBMITTERS if not each.decidable[1]]
_UNDECIDABLE_WHILE_RUNNING = [each for each in JOBS if not each.decidable[0]]
_DUPLICATED = [each for each in SUBMITTERS if each.name in ("model", "copy", "conversion", "validation")]
_REASONS = {
    "revalidation": "The DataRobot API has no way to find out.",
    "explanations": "The DataRobot API has no way to find out.",
    "model-from-template": "The DataRobot API has no way to find out.",
    "request": "The DataRobot API has no way to find out.",
    "request-of-a-job": "The DataRobot API has no way to find out.",
    "repository": "There is no new version, but DataRobot may still be creating it.",
    "repository-latest": "There is no new version, but DataRobot may still be creating it.",
}
_ADVICE = (
    "What to do: check in DataRobot whether the request was processed. If not, clear the task to send it again. "
    "on_uncertain_submit='resubmit' always sends it again, which may do the work twice."
)
_KILLS = [before_the_request, after_the_response, before_the_record_is_stored]
each_kill = pytest.mark.parametrize("kill", _KILLS, ids=lambda kill: kill.__name__)


def check_uncertain(run: SubmitRun, outcome: Outcome, reason: str) -> None:
    """Check that a task failed permanently with the advice, and sent no further request."""
    assert type(outcome.error) is AirflowFailException
    assert outcome.error.__cause__ is None
    assert str(outcome.error).splitlines() == [
        f"An earlier attempt of this task may have been processed: its response was lost. {reason}",
        _ADVICE,
    ]
    assert (outcome.value, outcome.xcoms) == (None, [])
    assert (run.sent, run.stopped) == (run.created, [])


@each(*_UNDECIDABLE)
def test_an_uncertain_submission_fails_until_the_task_is_cleared(
    datarobot: EmulatorClient, submitter: Submitter
) -> None:
    run = SubmitRun(datarobot, submitter)
    first = run.lose_response()
    assert type(first.error) is AirflowException
    run.await_end()
    run.next_attempt()
    check_uncertain(run, run.finish(), _REASONS[submitter.name])
    assert (run.created, run.sent) == (1, 1)
    run.clear()
    assert run.finish().error is None
    assert (run.created, run.sent) == (2, 2)


@each(*_UNDECIDABLE)
def test_resubmit_sends_the_request_again(datarobot: EmulatorClient, submitter: Submitter) -> None:
    run = SubmitRun(datarobot, submitter, on_uncertain_submit="resubmit")
    run.lose_response()
    run.await_end()
    run.next_attempt()
    outcome = run.finish()
    assert outcome.error is None
    assert outcome.has_record
    assert (run.created, run.sent) == (2, 2)
    run.next_attempt()
    assert run.finish().value == outcome.value
    assert (run.created, run.sent) == (2, 2)


@each_kill
@each(*_UNDECIDABLE)
def test_a_killed_worker_leaves_an_uncertain_submission(
    datarobot: EmulatorClient, submitter: Submitter, kill: Callable[[SubmitRun, pytest.MonkeyPatch], None]
) -> None:
    run = SubmitRun(datarobot, submitter)
    run.run_killed(kill)
    run.await_end()
    run.next_attempt()
    check_uncertain(run, run.finish(), _REASONS[submitter.name])
    assert run.created == (0 if kill is before_the_request else 1)


@each(*_UNDECIDABLE_WHILE_RUNNING)
def test_the_submission_of_a_running_job_is_uncertain(datarobot: EmulatorClient, submitter: Submitter) -> None:
    run = SubmitRun(datarobot, submitter)
    run.set_outcome("stuck")
    run.lose_response()
    run.next_attempt()
    check_uncertain(run, run.finish(), _REASONS[submitter.name])
    assert record_of(run.store.values).keys() & {"before", "ref", "done"} == {"before"}, (
        "the submission must remain uncertain"
    )
    run.next_attempt()
    check_uncertain(run, run.finish(), _REASONS[submitter.name])
    assert (run.created, run.sent) == (1, 1)


def test_a_running_revalidation_is_reused(datarobot: EmulatorClient) -> None:
    (submitter,) = [each for each in JOBS if each.name == "revalidation"]
    run = SubmitRun(datarobot, submitter)
    run.set_outcome("succeeded", seconds=0.5)
    run.lose_response()
    run.next_attempt()
    outcome = run.finish()
    assert outcome.error is None
    assert outcome.value["validationStatus"] == "PASSED"
    assert (run.created, run.sent) == (1, 1)


@pytest.mark.parametrize("lost", [True, False], ids=["lost", "killed"])
def test_a_change_whose_response_was_lost_is_sent_again(datarobot: EmulatorClient, lost: bool) -> None:
    """A repeated PATCH has the same result; only a repeated POST creates a second resource."""
    (base,) = [each for each in SUBMITTERS if each.name == "request"]
    change = {"method": "PATCH", "json": {"description": "changed"}}
    submitter = replace(base, send=("PATCH", "/customModels/[^/]+/$"), prepare=_named, fixed=change)
    run = SubmitRun(datarobot, submitter)
    if lost:
        run.lose_response()
    else:
        run.run_killed(after_the_response)
    run.next_attempt()
    outcome = run.finish()
    assert outcome.error is None
    assert outcome.value["description"] == "changed"
    assert (run.created, run.sent) == (0, 2)
    run.next_attempt()
    assert run.finish().value == outcome.value
    assert run.sent == 2


def _named(datarobot: EmulatorClient) -> dict[str, str]:
    return {"path": f"customModels/{datarobot.create_model()}/"}


@each(*_DUPLICATED)
def test_two_matching_resources_are_an_uncertain_submission(datarobot: EmulatorClient, submitter: Submitter) -> None:
    run = SubmitRun(datarobot, submitter)
    run.lose_response()
    run.await_end()
    send_again(submitter, run.arguments)
    run.await_end()
    run.next_attempt()
    outcome = run.finish()
    assert type(outcome.error) is AirflowFailException
    ids = r"[0-9a-f]{24}"
    assert re.search(f"its response was lost. Several resources match: {ids}, {ids}\\.\n", str(outcome.error))
    assert (run.created, run.sent) == (2, 2)
    run.arguments["on_uncertain_submit"] = "resubmit"
    run.next_attempt()
    assert run.finish().error is None
    assert (run.created, run.sent) == (3, 3)


@each(*_UNDECIDABLE)
def test_below_airflow_3_3_every_retry_is_uncertain(datarobot: EmulatorClient, submitter: Submitter) -> None:
    run = SubmitRun(datarobot, submitter)
    with airflow_without_store(run, pendulum.now("UTC") - timedelta(minutes=1)):
        run.lose_response()
        run.await_end()
        run.next_attempt()
        check_uncertain(run, run.finish(), _REASONS[submitter.name])
        run.arguments["on_uncertain_submit"] = "resubmit"
        run.next_attempt()
        assert run.finish().error is None
    assert (run.created, run.sent) == (2, 2)


@each(*_UNDECIDABLE)
def test_below_airflow_3_3_a_first_attempt_and_a_clear_are_certain(
    datarobot: EmulatorClient, submitter: Submitter
) -> None:
    run = SubmitRun(datarobot, submitter)
    with airflow_without_store(run, pendulum.now("UTC") - timedelta(minutes=1)):
        assert run.finish().error is None
        run.clear()
        assert run.finish().error is None
    assert (run.created, run.sent) == (2, 2)


@each(*SUBMITTERS)
def test_a_rejected_request_is_not_an_uncertain_submission(datarobot: EmulatorClient, submitter: Submitter) -> None:
    """DataRobot has not processed a rejected request: the next attempt sends it without a search."""
    method, path = submitter.send
    run = SubmitRun(datarobot, submitter, on_uncertain_submit="fail")
    datarobot.fault(method, path, times=1, status=429, body={"message": "too many"})
    first = run.finish()
    assert type(first.error) is AirflowException
    assert first.stored == {}
    datarobot.fault(method, path, times=1, status=403, body={"message": "no"})
    run.next_attempt()
    second = run.finish()
    assert type(second.error) is AirflowFailException
    assert second.stored == {}
    run.next_attempt()
    third = run.finish()
    assert third.error is None
    assert third.has_record
    assert run.created == 1
