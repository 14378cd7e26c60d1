"""Every job operator x every ending of its job: both modes have the same outcome and send one POST."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from datarobot_provider.jobs.kinds import KINDS
from tests.parity.cases import Case, each_case
from tests.parity.runs import Outcome, Run, run_both_modes

if TYPE_CHECKING:
    from tests.support.emulator import EmulatorClient

_SHORT = 0.2


@each_case
def test_a_job_that_succeeds_returns_the_same_xcom(datarobot: EmulatorClient, case: Case) -> None:
    def run_mode(deferrable: bool) -> Outcome:
        run = Run(datarobot, case, deferrable=deferrable)
        outcome = run.finish()
        run.check_requests()
        assert case.value(outcome.value, run.check_job())
        return outcome

    outcome, _ = run_both_modes(run_mode)
    assert outcome.error is None
    assert [key for key, _ in outcome.xcoms] == ["datarobot_id", case.link]
    assert outcome.has_record


@each_case
@pytest.mark.parametrize("ending", ["failed", "cancelled", "expired"])
def test_a_job_that_ends_badly_raises_the_same_error(datarobot: EmulatorClient, case: Case, ending: str) -> None:
    def run_mode(deferrable: bool) -> Outcome:
        run = Run(datarobot, case, deferrable=deferrable)
        datarobot.outcome(case.kind, ending, message=case.reason)
        outcome = run.finish()
        run.check_requests()
        run.check_job()
        return outcome

    outcome, _ = run_both_modes(run_mode)
    _check_error(case, ending, outcome)
    assert ending != "failed" or case.reason in outcome.text
    # A final failure is stored: if the worker is killed before it reports it, a retry must not start a second job.
    verdict = outcome.text.splitlines()[0].endswith(" failed.") and not KINDS[case.operator.kind].repeatable
    assert outcome.has_record if verdict else outcome.stored == {}


@each_case
@pytest.mark.parametrize("ending", ["unknown", "stuck"])
def test_a_job_that_does_not_end_times_out_in_the_same_way(datarobot: EmulatorClient, case: Case, ending: str) -> None:
    def run_mode(deferrable: bool) -> Outcome:
        run = Run(datarobot, case, deferrable=deferrable, timeout=_SHORT)
        datarobot.outcome(case.kind, ending, **({"state": "pondering"} if ending == "unknown" else {}))
        outcome = run.finish()
        run.check_requests(deletes=1 if case.cancel else 0)
        # If the API cannot cancel the job, it is still running, and the message says so.
        run.check_job(active=case.cancel is None)
        return outcome

    outcome, _ = run_both_modes(run_mode)
    _check_error(case, ending, outcome)
    assert "The timeout was 0.2 seconds." in outcome.text
    message = f"The {case.title} was cancelled in DataRobot." if case.cancel else f"cannot cancel a {case.title}"
    assert message in outcome.text
    # A job that is still running is stored, so that the next attempt resumes it instead of starting a second one.
    assert bool(outcome.stored) == (case.cancel is None)


@each_case
def test_a_timeout_does_not_cancel_the_job_without_cancel_on_kill(datarobot: EmulatorClient, case: Case) -> None:
    def run_mode(deferrable: bool) -> Outcome:
        run = Run(datarobot, case, deferrable=deferrable, timeout=_SHORT, cancel_on_kill=False)
        datarobot.outcome(case.kind, "stuck")
        outcome = run.finish()
        run.check_requests(deletes=0)
        run.check_job(active=True)
        return outcome

    outcome, _ = run_both_modes(run_mode)
    _check_error(case, "stuck", outcome)
    assert "cancel" not in outcome.text
    assert outcome.stored


@each_case
def test_a_task_that_does_not_wait_returns_the_id(datarobot: EmulatorClient, case: Case) -> None:
    def run_mode(deferrable: bool) -> Outcome:
        run = Run(datarobot, case, deferrable=False, wait_for_completion=False)
        run.arguments["deferrable"] = deferrable
        datarobot.outcome(case.kind, "stuck")
        outcome = run.finish()
        run.check_requests()
        job = run.check_job(active=True)
        assert outcome.value == job["ids"][case.handle]
        assert outcome.xcoms[0] == ("datarobot_id", outcome.value)
        return outcome

    outcome, _ = run_both_modes(run_mode)
    assert outcome.error is None
    assert [key for key, _ in outcome.xcoms] == ["datarobot_id", case.link]


def _check_error(case: Case, ending: str, outcome: Outcome) -> None:
    expected, headline = case.endings[ending]
    assert type(outcome.error) is expected
    assert outcome.error.__cause__ is None
    assert outcome.text.splitlines()[0] == f"The {case.title} {headline}."
    # The id and the link were pushed before the wait.
    assert [key for key, _ in outcome.xcoms] == ["datarobot_id", case.link]
    assert outcome.xcoms[1][1] in str(outcome.error)
