"""Every job operator x every network fault: temporary faults change nothing, permanent ones raise the same error."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from datarobot_provider.hooks import datarobot as hook_module
from datarobot_provider.jobs.job_client import JobClient
from datarobot_provider.version_compat import AirflowException
from tests.pairwise import Axis, pairwise
from tests.parity.cases import CASES, Case, each_case
from tests.parity.runs import SHORT_POLL_FAILURES, Outcome, Run, fail_polls_early, log_lines, normalize, run_both_modes
from tests.support.emulator import CONNECTION, EmulatorClient, connection, until


def _has_status_record(route: tuple[Case, str]) -> bool:
    """Return whether a job is polled by its status record."""
    return route[0].polls[0].startswith("/status/")


#: Every path that a job operator requests while it waits, and for its result.
_ROUTES = Axis(
    {
        f"{case.name}-{name}": (case, path)
        for case in CASES
        for name, path in [*((f"poll {n}", poll) for n, poll in enumerate(case.polls, 1)), ("result", case.result)]
        if path
    },
    kind=lambda route: (_has_status_record(route), route[1] == route[0].result),
)
#: The paths of the polls, without those of the results.
_POLLS = Axis({case.name: (case, case.polls[0]) for case in CASES}, kind=_has_status_record)
_TEMPORARY = {
    # Fewer failures than the transport has attempts.
    "503 burst": {"status": 503, "times": 3},
    # Both transports respect Retry-After.
    "503 with Retry-After": {"status": 503, "retryAfter": 0, "times": 3},
    "cut before": {"cut": "before", "times": 2},
    "cut inside": {"cut": "inside", "times": 2},
    "cut after": {"cut": "after", "times": 2},
}
_LONGER = {
    # More failures than the transport has attempts: the poll fails, and the wait continues with the next poll.
    "503 burst": {"status": 503, "times": 7},
    "cut before": {"cut": "before", "times": 11},
    "cut inside": {"cut": "inside", "times": 11},
    "cut after": {"cut": "after", "times": 11},
}


@pairwise(route=_ROUTES, fault=_TEMPORARY)
def test_a_temporary_fault_does_not_change_the_outcome(
    datarobot: EmulatorClient, route: tuple[Case, str], fault: dict[str, object]
) -> None:
    assert _succeeds_despite(datarobot, *route, fault) == set()


@pairwise(route=_POLLS, fault=_LONGER)
def test_failed_polls_do_not_change_the_outcome(
    datarobot: EmulatorClient, route: tuple[Case, str], fault: dict[str, object]
) -> None:
    assert _succeeds_despite(datarobot, *route, fault) != set()


def _succeeds_despite(datarobot: EmulatorClient, case: Case, path: str, fault: dict[str, object]) -> set[str]:
    """Inject a fault in both modes; check that the task succeeds; return the distinct log lines about failed polls.

    Their number may differ: aiohttp itself repeats a request if a reused connection was closed.
    """
    failed_polls: list[set[str]] = []
    # A job must outlast a fault of its polls: the response about an ended job is a 303 without a body to cut.
    outlasts = path == case.polls[0]

    def run_mode(deferrable: bool) -> Outcome:
        run = Run(datarobot, case, deferrable=deferrable)
        datarobot.outcome(case.kind, "succeeded", seconds=60 if outlasts else 0.4)

        with (
            log_lines(hook_module, "_LOG") as lines,
            pytest.MonkeyPatch.context() as patch,
            ThreadPoolExecutor() as threads,
        ):

            def inject() -> None:
                datarobot.fault("GET", path, **fault)  # type: ignore[arg-type]
                if outlasts:
                    threads.submit(_finish_after_faults, datarobot)

            # The fault must affect the wait, not the poll of the worker before it.
            wait = JobClient.wait
            patch.setattr(JobClient, "wait", lambda *arguments: inject() or wait(*arguments))
            outcome = run.finish(before_trigger=inject)
        failed_polls.append({normalize(line) for line in lines if "cannot be polled at present" in line})
        assert datarobot.faults_left() == [0]
        run.check_requests()
        assert case.value(outcome.value, run.check_job())
        return outcome

    outcome, _ = run_both_modes(run_mode)
    assert outcome.error is None
    assert outcome.has_record
    sync, deferrable = failed_polls
    assert deferrable == sync
    return sync


def _finish_after_faults(datarobot: EmulatorClient) -> None:
    until(lambda: datarobot.faults_left() == [0], "the last occurrence of the fault")
    datarobot.finish_jobs()


@each_case
def test_polls_that_keep_failing_raise_the_same_error(
    datarobot: EmulatorClient, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_polls_early(datarobot, monkeypatch)

    def run_mode(deferrable: bool) -> Outcome:
        run = Run(datarobot, case, deferrable=deferrable)
        datarobot.outcome(case.kind, "stuck")
        datarobot.fault("GET", case.polls[0], status=503, times=None)
        outcome = run.finish()
        # The job may still succeed: it is not cancelled, and its id stays in the store for the next attempt.
        run.check_requests(deletes=0)
        run.check_job(active=True)
        return outcome

    outcome, _ = run_both_modes(run_mode)
    assert type(outcome.error) is AirflowException
    assert outcome.text.startswith(f"The {case.title} could not be polled for too long")
    assert "\nMessage from DataRobot: DataRobot returned 503 for GET " in outcome.text
    assert outcome.has_record


@each_case
def test_a_connection_that_stays_cut_raises_the_same_error(
    datarobot: EmulatorClient, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_polls_early(datarobot, monkeypatch)

    def run_mode(deferrable: bool) -> Outcome:
        run = Run(datarobot, case, deferrable=deferrable)
        datarobot.outcome(case.kind, "stuck")
        datarobot.fault("GET", case.polls[0], cut="before", times=None)
        outcome = run.finish(host_in_event=True)
        run.check_requests(deletes=0)
        run.check_job(active=True)
        return outcome

    outcome, _ = run_both_modes(run_mode)
    assert type(outcome.error) is AirflowException
    assert outcome.text.startswith(f"The {case.title} could not be polled for too long")
    assert "the connection was lost before the response was complete" in outcome.text
    assert outcome.has_record


@each_case
def test_the_event_of_a_connection_that_stays_cut_names_no_host(
    datarobot: EmulatorClient, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_polls_early(datarobot, monkeypatch)
    run = Run(datarobot, case, deferrable=True)
    datarobot.outcome(case.kind, "stuck")
    datarobot.fault("GET", case.polls[0], cut="before", times=None)
    assert type(run.finish().error) is AirflowException


@each_case
def test_rejected_polls_raise_the_same_error_and_are_retried(
    datarobot: EmulatorClient, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_polls_early(datarobot, monkeypatch)
    rejection = {"message": "Invalid Authorization header."}

    def run_mode(deferrable: bool) -> Outcome:
        run = Run(datarobot, case, deferrable=deferrable)
        datarobot.outcome(case.kind, "stuck")
        datarobot.fault("GET", case.polls[0], status=401, body=rejection, times=None)
        return _check_not_cancelled(run, run.finish())

    outcome, _ = run_both_modes(run_mode)
    assert type(outcome.error) is AirflowException
    assert outcome.text.startswith(f"The {case.title} could not be polled for too long")
    assert outcome.has_record

    # The token is changed while the task is deferred, so that the server rejects the requests of the trigger. A task
    # that waits on a worker has read its token before.
    changed = Run(datarobot, case, deferrable=True)
    datarobot.outcome(case.kind, "stuck")
    wrong = connection(datarobot.endpoint, "an-invalid-token", **SHORT_POLL_FAILURES)
    outcome_of_change = changed.finish(before_trigger=lambda: monkeypatch.setenv(CONNECTION, wrong))
    deferred = _check_not_cancelled(changed, outcome_of_change)
    assert "an-invalid-token" not in str(deferred.error)
    assert deferred.comparable() == outcome.comparable()


@each_case
def test_a_missing_connection_in_the_triggerer_is_reported(
    datarobot: EmulatorClient, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker may have a connection in its environment that the triggerer does not have."""
    fail_polls_early(datarobot, monkeypatch)
    run = Run(datarobot, case, deferrable=True)
    datarobot.outcome(case.kind, "stuck")
    good = connection(datarobot.endpoint)
    outcome = run.finish(
        before_trigger=lambda: monkeypatch.delenv(CONNECTION),
        after_trigger=lambda: monkeypatch.setenv(CONNECTION, good),
    )
    _check_not_cancelled(run, outcome)
    assert type(outcome.error) is AirflowException
    assert outcome.text.startswith(f"The {case.title} could not be polled for too long")
    assert "\nMessage from DataRobot: There is no Airflow connection 'datarobot_default'." in outcome.text
    assert outcome.has_record


def _check_not_cancelled(run: Run, outcome: Outcome) -> Outcome:
    run.check_requests(deletes=0)
    run.check_job(active=True)
    return outcome


@pytest.mark.parametrize("cut", ["inside", "after"])
@each_case
def test_a_start_whose_response_is_lost_is_not_repeated(datarobot: EmulatorClient, case: Case, cut: str) -> None:
    def run_mode(deferrable: bool) -> Outcome:
        run = Run(datarobot, case, deferrable=False)
        run.arguments["deferrable"] = deferrable
        datarobot.fault("POST", case.start, cut=cut, times=1)
        outcome = run.finish()
        run.check_requests()
        assert len(datarobot.jobs(case.kind)) == 1
        return outcome

    outcome, _ = run_both_modes(run_mode)
    assert type(outcome.error) is AirflowException
    assert "DataRobot may have processed the request." in outcome.text
    assert outcome.xcoms == []
