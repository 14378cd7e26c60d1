from __future__ import annotations

import json

import pytest

from datarobot_provider import exceptions
from datarobot_provider.exceptions import InputError
from datarobot_provider.jobs.events import JobEvent, format_duration, job_error
from datarobot_provider.jobs.model import Outcome, Verdict
from tests.unit.jobs.scripted_waits import ref_of

OUTCOME_PHRASES = [outcome for outcome in Outcome if outcome not in (Outcome.PENDING, Outcome.UNKNOWN)]
REF = ref_of("dependency_build")


@pytest.mark.parametrize("outcome", OUTCOME_PHRASES)
def test_an_event_of_every_outcome_survives_json(outcome):
    event = JobEvent(REF, Verdict(outcome, "state", "message", "a/b/"))
    travelled = json.loads(json.dumps(event.dump()))
    assert JobEvent.load(travelled, REF.kind) == event


def test_the_event_contains_the_result_unless_it_is_long():
    found = {"buildStatus": "success", "buildLogLocation": "x" * 100}
    event = JobEvent(REF, Verdict(Outcome.SUCCEEDED, found=found))
    assert JobEvent.load(json.loads(json.dumps(event.dump())), REF.kind).verdict.found == found
    assert JobEvent(REF, Verdict(Outcome.SUCCEEDED, found={"log": "x" * 20_000})).dump()["found"] is None


@pytest.mark.parametrize("found", ["text", ["list"], 5])
def test_an_invalid_result_in_an_event_is_ignored(found):
    assert (
        JobEvent.load({**JobEvent(REF, Verdict(Outcome.SUCCEEDED)).dump(), "found": found}, REF.kind).verdict.found
        is None
    )


def test_a_long_message_is_cut_in_the_event():
    dumped = JobEvent(REF, Verdict(Outcome.FAILED, message="x" * 100_000)).dump()
    assert len(dumped["message"]) == 2000


def test_missing_values_are_none_in_the_event():
    dumped = JobEvent(REF, Verdict(Outcome.SUCCEEDED)).dump()
    assert (dumped["state"], dumped["message"], dumped["result"]) == (None, None, None)


GOOD = JobEvent(REF, Verdict(Outcome.SUCCEEDED)).dump()


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (None, "returned no valid event"),
        ({}, "not a reference"),
        ("", "returned no valid event"),
        (False, "returned no valid event"),
        ([], "returned no valid event"),
        ("success", "returned no valid event"),
        ({**GOOD, "ref": None}, "not a reference"),
        ({**GOOD, "ref": "{}"}, "not a reference"),
        (
            {**GOOD, "ref": ref_of("model_test").dumps()},
            "about a model_test, but the task waits for a dependency_build",
        ),
        ({**GOOD, "outcome": None}, "'None', which is not the result of a wait"),
        ({**GOOD, "outcome": "success"}, "'success', which is not the result of a wait"),
        ({**GOOD, "outcome": "pending"}, "'pending', which is not the result of a wait"),
        ({**GOOD, "outcome": "unknown"}, "'unknown', which is not the result of a wait"),
        ({key: value for key, value in GOOD.items() if key != "outcome"}, "not the result of a wait"),
    ],
)
def test_an_event_that_is_not_the_end_of_such_a_job_is_refused(event, reason):
    with pytest.raises(InputError, match=reason):
        JobEvent.load(event, "dependency_build")


@pytest.mark.parametrize(
    ("outcome", "kind", "words"),
    [
        (Outcome.FAILED, exceptions.JobFailedError, "failed"),
        (Outcome.CANCELLED, exceptions.JobCancelledError, "was cancelled in DataRobot"),
        (Outcome.EXPIRED, exceptions.JobExpiredError, "no longer exists"),
        (Outcome.TIMED_OUT, exceptions.JobTimeoutError, "did not end before the timeout"),
        (Outcome.POLLING_ERROR, exceptions.PollingError, "could not be polled"),
        (Outcome.POLLING_REFUSED, exceptions.PollingRefusedError, "cannot be polled"),
    ],
)
def test_every_outcome_but_success_has_an_exception(outcome, kind, words):
    event = JobEvent(REF, Verdict(outcome, "processing", "the server's words"))
    error = job_error(event, details=["a detail"], log_tail=["one", "two"], url="https://page.example/")
    assert type(error) is kind
    assert (error.state, error.message, error.url) == ("processing", "the server's words", "https://page.example/")
    lines = str(error).splitlines()
    assert lines[0].startswith(f"The dependency build {words}")
    ended = outcome in (Outcome.FAILED, Outcome.CANCELLED, Outcome.EXPIRED)
    assert lines[0].endswith("its last known state is running (processing).") is not ended
    assert lines[1:10] == [
        "Message from DataRobot: the server's words",
        "a detail",
        "Ids:",
        "  custom_model_id m",
        "  custom_model_version_id v",
        "Last 2 lines of the job's log:",
        "  | one",
        "  | two",
        "See: https://page.example/",
    ]
    assert lines[10].startswith("What to do: ")


@pytest.mark.parametrize(
    ("kind", "outcome", "retryable"),
    [
        ("dependency_build", Outcome.FAILED, False),
        ("model_test", Outcome.FAILED, False),
        ("training_data_assignment", Outcome.FAILED, False),
        ("feature_impact", Outcome.FAILED, True),
        ("vector_database_validation", Outcome.FAILED, True),
        ("dependency_build", Outcome.CANCELLED, False),
        ("model_test", Outcome.EXPIRED, True),
        ("model_test", Outcome.TIMED_OUT, True),
        ("model_test", Outcome.POLLING_ERROR, True),
        ("model_test", Outcome.POLLING_REFUSED, False),
    ],
)
def test_an_error_is_retryable_only_if_a_retry_can_succeed(kind, outcome, retryable):
    assert job_error(JobEvent(ref_of(kind), Verdict(outcome))).retryable is retryable


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.5, "0.5 seconds"),
        (1, "1 second"),
        (59.6, "1 minute"),
        (3600, "1 hour"),
        (5400, "1 hour 30 minutes"),
        (90, "1 minute 30 seconds"),
    ],
)
def test_durations_are_formatted_in_words(seconds, words):
    assert format_duration(seconds) == words
