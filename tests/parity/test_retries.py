"""The second attempt of every job operator: the job of the first attempt is reused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from datarobot_provider.jobs.job_client import JobClient
from datarobot_provider.jobs.kinds import KINDS
from datarobot_provider.version_compat import AirflowException
from tests.parity.cases import Case, each_case
from tests.parity.runs import Outcome, Run, fail_polls_early, record_of, run_both_modes

if TYPE_CHECKING:
    from tests.support.emulator import EmulatorClient


#: Duration of a job that the test ends itself, in seconds.
_LONG = 600.0


class WorkerLostError(BaseException):
    """The worker is killed, so that the attempt ends without any cleanup."""


def _kill_first_attempt(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the first attempt until it waits, then end it without any cleanup."""
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


@pytest.mark.parametrize("ended", [False, True], ids=["running", "ended"])
@each_case
def test_a_retry_reuses_the_job(
    datarobot: EmulatorClient, case: Case, ended: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_mode(deferrable: bool) -> Outcome:
        run = Run(datarobot, case, deferrable=deferrable)
        datarobot.outcome(case.kind, "succeeded", seconds=_LONG if ended else 1.0)
        _kill_first_attempt(run, monkeypatch)
        first = dict(run.instance.xcoms)
        if ended:
            datarobot.finish_jobs()
        run.check_job(active=not ended)
        run.next_attempt()
        outcome = run.finish()
        run.check_requests()
        assert case.value(outcome.value, run.check_job())
        assert dict(outcome.xcoms) == first
        return outcome

    outcome, _ = run_both_modes(run_mode)
    assert outcome.error is None
    assert outcome.has_record


@each_case
def test_a_retry_after_failed_polls_reuses_the_job(
    datarobot: EmulatorClient, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_polls_early(datarobot, monkeypatch)

    def run_mode(deferrable: bool) -> Outcome:
        run = Run(datarobot, case, deferrable=deferrable)
        datarobot.outcome(case.kind, "succeeded", seconds=0.4)
        datarobot.fault("GET", case.polls[0], status=503, times=None)
        assert type(run.finish().error) is AirflowException
        datarobot.clear_faults()
        run.next_attempt()
        outcome = run.finish()
        run.check_requests()
        assert case.value(outcome.value, run.check_job())
        return outcome

    outcome, _ = run_both_modes(run_mode)
    assert outcome.error is None
    assert outcome.has_record


@each_case
def test_a_retry_reports_how_the_job_ends(
    datarobot: EmulatorClient, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_mode(deferrable: bool) -> Outcome:
        run = Run(datarobot, case, deferrable=deferrable)
        datarobot.outcome(case.kind, "failed", message=case.reason, seconds=_LONG)
        _kill_first_attempt(run, monkeypatch)
        run.next_attempt()
        with monkeypatch.context() as patch:
            # The job ends when the second attempt waits for it.
            wait = JobClient.wait
            patch.setattr(JobClient, "wait", lambda *arguments: datarobot.finish_jobs() or wait(*arguments))
            outcome = run.finish(before_trigger=datarobot.finish_jobs)
        run.check_requests()
        run.check_job()
        return outcome

    outcome, _ = run_both_modes(run_mode)
    expected, headline = case.endings["failed"]
    assert type(outcome.error) is expected
    assert outcome.text.startswith(f"The {case.title} {headline}")
    assert case.reason in outcome.text
    assert outcome.stored == {} if KINDS[case.operator.kind].repeatable else outcome.has_record
