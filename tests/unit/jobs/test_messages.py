"""Messages about jobs."""

from __future__ import annotations

import pytest

from datarobot_provider.jobs.events import JobEvent, job_error
from datarobot_provider.jobs.kinds import KINDS
from datarobot_provider.jobs.messages import end_message, headline, running_message
from datarobot_provider.jobs.model import Outcome, Verdict
from tests.unit.jobs.scripted_waits import IDS, ref_of, run_wait
from tests.unit.jobs.test_steps import SUCCESS
from tests.unit.support import ORIGIN, response

ENDED = {
    Outcome.SUCCEEDED: "succeeded",
    Outcome.FAILED: "failed",
    Outcome.CANCELLED: "was cancelled in DataRobot",
    Outcome.EXPIRED: "no longer exists in DataRobot",
}
STATES = [
    (kind.name, outcome, state)
    for kind in KINDS.values()
    for probe in kind.probes
    for outcome in Outcome
    for state in sorted(probe.states(outcome))
]
#: Where DataRobot's own word says more than ours.
OWN_WORDS = {"warning", "skipped", "active", "inactive"}


@pytest.mark.parametrize(("name", "outcome", "state"), [each for each in STATES if each[1] in ENDED])
def test_every_state_of_an_outcome_has_the_same_end_message(name, outcome, state):
    kind = KINDS[name]
    more = f" ({state})" if state in OWN_WORDS else ""
    assert end_message(kind, Verdict(outcome, state)) == f"The {kind.title} {ENDED[outcome]}{more}."


@pytest.mark.parametrize(("name", "outcome", "state"), [each for each in STATES if each[1] not in ENDED])
def test_a_running_job_is_logged_with_the_state_if_there_are_several(name, outcome, state):
    kind = KINDS[name]
    line = running_message(kind, Verdict(outcome, state))
    assert line in (f"The {kind.title} is running.", f"The {kind.title} is running ({state}).")
    assert headline(kind, Verdict(Outcome.TIMED_OUT, state)) == (
        f"The {kind.title} did not end before the timeout; its last known state is {line.partition(' is ')[2]}"
    )


@pytest.mark.parametrize(
    ("name", "state", "line"),
    [
        ("dependency_build", "submitted", "The dependency build is running (submitted)."),
        ("dependency_build", "PROCESSING", "The dependency build is running (PROCESSING)."),
        ("model_test", "in_progress", "The model test is running (in_progress)."),
        ("task_status", "INITIALIZED", "The job is running (INITIALIZED)."),
        ("task_status", "RUNNING", "The job is running."),
        ("vector_database_validation", "TESTING", "The vector database validation is running."),
        ("conversion", "queued", "The conversion is running (queued)."),
        ("training_data_assignment", "running", "The training data assignment is running."),
    ],
)
def test_running(name, state, line):
    assert running_message(KINDS[name], Verdict(Outcome.PENDING, state)) == line


def test_an_unknown_state_is_part_of_the_message():
    kind = KINDS["dependency_build"]
    assert running_message(kind, Verdict(Outcome.UNKNOWN, "pondering")) == (
        "The dependency build is in the state 'pondering', which is unknown to this version of the "
        "provider. The wait continues."
    )
    assert headline(kind, Verdict(Outcome.TIMED_OUT, "pondering")) == (
        "The dependency build did not end before the timeout; its last known state is 'pondering', which is "
        "unknown to this version of the provider."
    )
    assert headline(kind, Verdict(Outcome.TIMED_OUT)) == "The dependency build did not end before the timeout."


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("outcome", [Outcome.TIMED_OUT, Outcome.POLLING_ERROR, Outcome.POLLING_REFUSED])
def test_a_wait_that_ended_before_the_job_has_no_end_message(name, outcome):
    assert end_message(KINDS[name], Verdict(outcome, "RUNNING")) is None


@pytest.mark.parametrize("name", IDS)
def test_every_kind_logs_its_success_once_and_in_the_same_way(name):
    done = run_wait(ref_of(name), SUCCESS.__getitem__)
    assert [note.text for note in done.messages] == [f"The {KINDS[name].title} succeeded."]


def test_a_303_and_a_completed_record_have_the_same_message():
    completed = run_wait(ref_of("task_status"), [response(body={"status": "COMPLETED"})])
    redirected = run_wait(ref_of("task_status"), [response(303, location=f"{ORIGIN}/api/v2/x/")])
    assert (
        [note.text for note in completed.messages]
        == [note.text for note in redirected.messages]
        == ["The job succeeded."]
    )


def test_the_status_record_of_a_test_does_not_log_success():
    """A failed test also ends with a 303."""
    responses = [
        response(303, location=f"{ORIGIN}/api/v2/customModelTests/t/"),
        response(body={"overallStatus": "failed"}),
    ]
    assert [note.text for note in run_wait(ref_of("model_test"), responses).messages] == ["The model test failed."]


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.CANCELLED, Outcome.EXPIRED])
def test_the_error_and_the_log_have_the_same_message(name, outcome):
    state = next((s for kind, o, s in STATES if (kind, o) == (name, outcome)), None)
    verdict = Verdict(outcome, state)
    assert str(job_error(JobEvent(ref_of(name), verdict))).splitlines()[0] == end_message(KINDS[name], verdict)


@pytest.mark.parametrize("status", [404, 410])
def test_the_error_of_a_missing_job_contains_its_ids(status):
    done = run_wait(ref_of("dependency_build"), [response(status, {"message": "Not Found"})])
    lines = str(job_error(JobEvent(done.ref, done.verdict))).splitlines()
    assert lines[1] == (
        "custom_model_id 'm' or custom_model_version_id 'v' was not found: DataRobot has no such custom model or "
        "custom model version, or the user of the API token cannot access it."
    )


def test_an_expired_status_record_is_not_reported_as_not_found():
    done = run_wait(ref_of("task_status"), [response(body={"status": "EXPIRED"})])
    assert "\nIds:\n  status_id s\n" in str(job_error(JobEvent(done.ref, done.verdict)))
