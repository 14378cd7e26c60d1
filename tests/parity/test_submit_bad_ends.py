"""Failed jobs: a retry repeats a job that may succeed, and otherwise reports the same failure again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from datarobot_provider.jobs.kinds import KINDS
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.pairwise import pairwise
from tests.parity.submit_run import SubmitRun, during_the_wait
from tests.parity.submitter import CREATED_AGAIN, Submitter, send_again
from tests.parity.submitters import JOBS, MODES, axis_of, each

if TYPE_CHECKING:
    from tests.support.emulator import EmulatorClient

_REASON = "A message from DataRobot."


def _repeatable(submitter: Submitter) -> bool:
    return KINDS[submitter.operator.kind].repeatable


_REPEATABLE = [each for each in JOBS if _repeatable(each)]
_NOT_REPEATABLE = [each for each in JOBS if not _repeatable(each)]
(_TEST,) = [each for each in JOBS if each.name == "test"]
(_REPOSITORY,) = [each for each in JOBS if each.name == "repository"]


@pairwise(submitter=axis_of([each for each in _REPEATABLE if each.again == CREATED_AGAIN]), deferrable=MODES)
def test_a_retry_starts_another_job_after_a_failed_one(
    datarobot: EmulatorClient, submitter: Submitter, deferrable: bool
) -> None:
    run = SubmitRun(datarobot, submitter, deferrable=deferrable)
    run.set_outcome("failed", message=_REASON)
    first = run.finish()
    assert type(first.error) is AirflowException
    assert first.stored == {}, "the next attempt must not search for the failed job"
    run.next_attempt()
    outcome = run.finish()
    assert outcome.error is None
    assert outcome.has_record
    assert (run.created, run.sent) == (2, 2)


@each(*_REPEATABLE)
def test_a_retry_starts_another_job_after_an_unseen_failure(datarobot: EmulatorClient, submitter: Submitter) -> None:
    run = SubmitRun(datarobot, submitter)
    run.set_outcome("failed", message=_REASON)
    run.run_killed(during_the_wait)
    run.await_end()
    run.next_attempt()
    outcome = run.finish()
    assert outcome.error is None
    assert (run.created, run.sent) == (2, 2)


@each(*_NOT_REPEATABLE)
def test_a_retry_reports_a_result_that_was_not_seen(datarobot: EmulatorClient, submitter: Submitter) -> None:
    run = SubmitRun(datarobot, submitter)
    run.set_outcome("failed", message=_REASON)
    run.run_killed(during_the_wait)
    run.await_end()
    run.next_attempt()
    outcome = run.finish()
    assert type(outcome.error) is AirflowFailException
    assert (run.created, run.sent) == (1, 1)


@pytest.mark.parametrize("arguments", [{}, {"raise_on_failure": False}], ids=["raised", "returned"])
def test_a_retry_reports_a_result_that_airflow_did_not_store(
    datarobot: EmulatorClient, arguments: dict[str, Any]
) -> None:
    run = SubmitRun(datarobot, _TEST, **arguments)
    run.set_outcome("failed", message=_REASON)
    first = run.finish()
    run.next_attempt()
    second = run.finish()
    assert (str(second.error), second.value) == (str(first.error), first.value)
    assert (run.created, run.sent) == (1, 1)


def _delete_status_record(run: SubmitRun) -> None:
    """Delete the status record once the version exists."""
    run.await_end()
    (job,) = run.datarobot.jobs(str(run.submitter.kind))
    run.datarobot.control("POST", f"status/{job['ids']['statusId']}", {"gone": True})


def test_a_version_without_status_record_is_found(datarobot: EmulatorClient) -> None:
    run = SubmitRun(datarobot, _REPOSITORY, deferrable=True)
    outcome = run.finish(before_trigger=lambda: _delete_status_record(run))
    assert outcome.error is None
    assert outcome.value
    assert (run.created, run.sent) == (1, 1)


@pytest.mark.parametrize("seen", [True, False], ids=["recovered", "unseen"])
def test_a_retry_creates_no_second_version_without_status_record(datarobot: EmulatorClient, seen: bool) -> None:
    run = SubmitRun(datarobot, _REPOSITORY, deferrable=seen)
    if seen:
        run.finish(before_trigger=lambda: _delete_status_record(run))
        # The retry finds the version without waiting.
        run.deferrable = False
    else:
        run.run_killed(during_the_wait)
        _delete_status_record(run)
    run.next_attempt()
    assert run.finish().error is None
    assert (run.created, run.sent) == (1, 1)


def test_an_assignment_of_other_data_is_not_reused(datarobot: EmulatorClient) -> None:
    (submitter,) = [each for each in JOBS if each.name == "assignment"]
    run = SubmitRun(datarobot, submitter)
    rows = "".join(f"{number},{number}\n" for number in range(50))
    other = datarobot.control("POST", "datasets", {"name": "other.csv", "csv": "age,target\n" + rows})
    run.set_outcome("succeeded", seconds=0.5)
    send_again(submitter, {**run.arguments, "dataset_id": other["id"], "wait_for_completion": False})
    assert datarobot.jobs("training_data")[0]["active"]
    outcome = run.finish()
    assert type(outcome.error) is AirflowFailException, outcome.value["trainingDatasetId"]
