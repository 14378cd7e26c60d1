"""The second attempt of every job operator: the job of the first attempt is reused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from airflow.providers.common.compat.sdk import AirflowException

from datarobot_provider.jobs.job_client import JobClient
from datarobot_provider.jobs.kinds import KINDS
from tests.parity.cases import Case, each_case
from tests.parity.runs import Outcome, Run, both, fail_polls_early, record_of

if TYPE_CHECKING:
    from tests.support.emulator import EmulatorClient


#: Duration of a job that runs until it is ended, in seconds.
_LONG = 600.0


class WorkerLostError(BaseException):
    """The worker is killed; nothing of the task runs after it."""


def _lose(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the first attempt until it waits, then kill its worker or its triggerer."""
    if run.deferrable:
        run.defer()
    else:

        def die(*_: object) -> None:
            raise WorkerLostError

        with monkeypatch.context() as patch:
            patch.setattr(JobClient, "wait", die)
            with pytest.raises(WorkerLostError):
                run.operator().execute(run.context())
    assert "ref" in record_of(run.store.values)


@pytest.mark.parametrize("over", [False, True], ids=["running", "over"])
@each_case
def test_a_retry_reuses_the_job(
    datarobot: EmulatorClient, case: Case, over: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(deferrable: bool) -> Outcome:
        run = Run(datarobot, case, deferrable=deferrable)
        datarobot.set_outcome(case.kind, "succeeded", seconds=_LONG if over else 0.3)
        _lose(run, monkeypatch)
        first = dict(run.instance.xcoms)
        if over:
            datarobot.finish_jobs()
        run.check_job(active=not over)
        run.next_try()
        outcome = run.finish()
        run.check_requests()
        assert case.value(outcome.value, run.check_job())
        assert dict(outcome.xcoms) == first
        return outcome

    outcome, _ = both(make)
    assert outcome.error is None
    assert outcome.remembers


@each_case
def test_a_retry_after_failed_polls_reuses_the_job(
    datarobot: EmulatorClient, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_polls_early(datarobot, monkeypatch)

    def make(deferrable: bool) -> Outcome:
        run = Run(datarobot, case, deferrable=deferrable)
        datarobot.set_outcome(case.kind, "succeeded", seconds=0.4)
        datarobot.inject_fault(case.polls[0], status=503, times=None)
        assert type(run.finish().error) is AirflowException
        datarobot.clear_faults()
        run.next_try()
        outcome = run.finish()
        run.check_requests()
        assert case.value(outcome.value, run.check_job())
        return outcome

    outcome, _ = both(make)
    assert outcome.error is None
    assert outcome.remembers


@each_case
def test_a_retry_reports_how_the_job_ends(
    datarobot: EmulatorClient, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(deferrable: bool) -> Outcome:
        run = Run(datarobot, case, deferrable=deferrable)
        datarobot.set_outcome(case.kind, "failed", message=case.reason, seconds=_LONG)
        _lose(run, monkeypatch)
        run.next_try()
        with monkeypatch.context() as patch:
            # The job ends once the second try waits for it.
            wait = JobClient.wait
            patch.setattr(JobClient, "wait", lambda *given: datarobot.finish_jobs() or wait(*given))
            outcome = run.finish(before_trigger=datarobot.finish_jobs)
        run.check_requests()
        run.check_job()
        return outcome

    outcome, _ = both(make)
    expected, headline = case.endings["failed"]
    assert type(outcome.error) is expected
    assert outcome.text.startswith(f"The {case.title} {headline}")
    assert case.reason in outcome.text
    assert outcome.stored == {} if KINDS[case.operator.kind].repeatable else outcome.remembers
