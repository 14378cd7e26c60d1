"""Steps of a wait, with a fake clock and scripted responses."""

from __future__ import annotations

import pytest

from datarobot_provider.exceptions import (
    AccessDeniedError,
    AuthenticationError,
    ConfigurationError,
    MalformedResponseError,
    ServerError,
    TransportError,
)
from datarobot_provider.jobs import poller
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.jobs.poller import decide
from tests.unit.jobs.scripted_waits import IDS, VERSION, ref_of, run_wait
from tests.unit.support import ORIGIN, FakeClock, response

LOST = TransportError("lost", reason="lost", sent=True)
RUNNING, DONE = response(body={"status": "RUNNING"}), response(body={"status": "COMPLETED"})
ERROR = response(body={"status": "ERROR", "message": "boom"})
TEST = "customModelTests/t/"


def status(word: str):
    return response(body={"status": word})


def test_of(word: str):
    return response(body={"id": "t", "overallStatus": word})


test_of.__test__ = False

BUILD = "customModels/m/versions/v/dependencyBuild/"
HAPPY = {
    "task_status": ["status/s/"],
    "genai_task_status": ["genai/status/s/"],
    "dependency_build": [BUILD],
    "model_test": ["status/s/", TEST],
    "feature_impact": ["status/s/"],
    "prediction_explanations": ["status/s/"],
    "version_from_repository": ["status/s/"],
    "training_data_assignment": ["customModels/m/versions/v/"],
    "version_with_training_data": ["status/s/", "customModels/m/versions/v/"],
    "model_training_data_assignment": ["status/s/"],
    "conversion": ["customModels/m/versions/v/conversions/c/"],
    "vector_database_validation": ["genai/customModelVectorDatabaseValidations/x/"],
    "registered_model_build": ["registeredModels/r/versions/v/"],
    "environment_build": ["executionEnvironments/e/versions/v/"],
    "deployment": ["status/s/"],
    "deployment_status": ["status/s/"],
    "deployment_settings": ["status/s/"],
    "model_replacement": ["status/s/"],
    "challenger": ["status/s/"],
    "actuals": ["status/s/"],
    "batch_prediction": ["batchPredictions/b/"],
    "dataset_from_file": ["status/s/"],
    "dataset_from_url": ["status/s/"],
    "dataset_from_data_source": ["status/s/"],
    "dataset_version_from_file": ["status/s/"],
    "dataset_version_from_url": ["status/s/"],
    "dataset_version_from_data_source": ["status/s/"],
}
SUCCESS = {
    "status/s/": response(303, location=f"{ORIGIN}/api/v2/made/1/"),
    "genai/status/s/": response(303, location=f"{ORIGIN}/api/v2/made/1/"),
    BUILD: response(body={"buildStatus": "success"}),
    TEST: test_of("succeeded"),
    "customModels/m/versions/v/": response(body={"trainingData": {"assignmentInProgress": False}}),
    "customModels/m/versions/v/conversions/c/": response(body={"conversionSucceeded": True}),
    "genai/customModelVectorDatabaseValidations/x/": response(body={"validationStatus": "PASSED"}),
    "registeredModels/r/versions/v/": response(body={"buildStatus": None}),
    "executionEnvironments/e/versions/v/": response(body={"buildStatus": "success"}),
    "batchPredictions/b/": response(body={"status": "COMPLETED"}),
}


def test_every_kind_has_a_script_of_success():
    assert set(HAPPY) == set(IDS)


@pytest.mark.parametrize("kind", HAPPY)
def test_a_finished_job_is_recognized_at_the_first_poll(kind):
    done = run_wait(ref_of(kind), SUCCESS.__getitem__)
    assert done.outcome == "succeeded"
    assert done.gets == HAPPY[kind]
    assert done.pauses == []
    assert done.warnings == []


def test_a_running_job_is_polled_to_its_end_and_each_state_logged_once():
    done = run_wait(ref_of("task_status"), [status("INITIALIZED"), status("INITIALIZED"), RUNNING, RUNNING, DONE])
    assert done.outcome == "succeeded"
    assert len(done.gets) == 5
    assert [note.text for note in done.messages] == [
        "The job is running (INITIALIZED).",
        "The job is running.",
        "The job succeeded.",
    ]


@pytest.mark.parametrize(("word", "outcome"), [("ERROR", "failed"), ("ABORTED", "cancelled"), ("EXPIRED", "expired")])
def test_the_verdict_of_a_failed_job_has_state_and_message_of_the_server(word, outcome):
    done = run_wait(ref_of("task_status"), [response(body={"status": word, "message": "why"})])
    assert (done.outcome, done.verdict.state, done.verdict.message) == (outcome, word, "why")


def test_pauses_are_a_quarter_of_the_age_between_a_second_and_the_poll_interval():
    done = run_wait(ref_of("task_status"), [RUNNING] * 14 + [DONE], poll_interval=5)
    grown = [1.25**number for number in range(1, 8)]
    assert done.pauses == pytest.approx([1, 1, 1, 1, 1, *grown, 5, 5])


def test_pauses_have_a_jitter_of_up_to_a_fifth():
    done = run_wait(ref_of("task_status"), [RUNNING] * 7 + [DONE], jitter=0.0)
    assert done.pauses == pytest.approx([0.8] * 6 + [0.96])


def test_a_poll_interval_below_a_second_also_limits_the_first_pause():
    assert run_wait(ref_of("task_status"), [RUNNING] * 3 + [DONE], poll_interval=0.2).pauses == pytest.approx([0.2] * 3)


def test_retry_after_is_the_next_pause():
    asking = response(body={"status": "RUNNING"}, retry_after="42")
    assert run_wait(ref_of("task_status"), [asking, RUNNING, DONE]).pauses == pytest.approx([42, 10])


def test_no_pause_exceeds_the_deadline():
    asking = response(body={"status": "RUNNING"}, retry_after="3600")
    done = run_wait(ref_of("task_status"), [asking], timeout=100)
    assert done.pauses == [100]
    assert (done.outcome, len(done.gets)) == ("timed_out", 2)


def test_the_job_is_polled_once_more_after_the_deadline():
    done = run_wait(ref_of("task_status"), [RUNNING, RUNNING, RUNNING, DONE], timeout=2.5)
    assert sum(done.pauses) == pytest.approx(2.5)
    assert (done.outcome, len(done.gets)) == ("succeeded", 4)


def test_the_job_is_polled_once_if_the_deadline_has_passed():
    assert run_wait(ref_of("task_status"), [DONE], timeout=-10).outcome == "succeeded"
    done = run_wait(ref_of("task_status"), [response(body={"status": "RUNNING", "message": "step 3"})], timeout=-10)
    assert (done.outcome, done.gets, done.pauses) == ("timed_out", ["status/s/"], [])
    assert (done.verdict.state, done.verdict.message) == ("RUNNING", "step 3")


def test_an_unknown_state_is_logged_once_as_a_warning_and_the_wait_continues():
    done = run_wait(ref_of("task_status"), [status("PONDERING")] * 4 + [DONE])
    assert done.outcome == "succeeded"
    assert done.warnings == [
        "The job is in the state 'PONDERING', which is unknown to this version of the provider. The wait continues."
    ]


def test_a_lasting_unknown_state_ends_at_the_deadline():
    done = run_wait(ref_of("task_status"), [status("PONDERING")], timeout=60)
    assert (done.outcome, done.verdict.state) == ("timed_out", "PONDERING")
    assert len(done.warnings) == 1


@pytest.mark.parametrize("kind", [AuthenticationError, AccessDeniedError])
def test_a_refused_first_poll_ends_the_wait_for_an_unconfirmed_job(kind):
    refusal = kind(403, "no", method="GET", path="status/s/")
    done = run_wait(ref_of("task_status"), [refusal], confirmed=False)
    assert (done.outcome, len(done.gets)) == ("polling_refused", 1)
    assert "no" in done.verdict.message
    later = run_wait(ref_of("task_status"), [RUNNING, refusal], confirmed=False)
    assert (later.outcome, len(later.gets) > 5) == ("polling_error", True)


@pytest.mark.parametrize(
    "error",
    [
        LOST,
        ServerError(503, "down", method="GET", path="status/s/"),
        MalformedResponseError("HTML"),
        AuthenticationError(401, "no", method="GET", path="status/s/"),
        AccessDeniedError(403, "no", method="GET", path="status/s/"),
        ConfigurationError("no connection"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_failed_polls_are_tolerated_for_fifteen_minutes_and_logged_once(error):
    clock = FakeClock()
    done = run_wait(ref_of("task_status"), [RUNNING, error], poll_interval=10, clock=clock)
    assert done.outcome == "polling_error"
    failing = sum(done.pauses[1:])
    assert 900 <= failing < 911
    assert len(done.warnings) == 1
    assert str(error) in done.verdict.message


def test_each_cause_of_failed_polls_and_the_recovery_are_logged_once():
    refused = AccessDeniedError(403, "no", method="GET", path="status/s/")
    done = run_wait(ref_of("task_status"), [RUNNING, LOST, refused, LOST, refused, RUNNING, LOST, RUNNING, DONE])
    assert [message.text.partition(" at present")[0] for message in done.messages] == [
        "The job is running.",
        "The job cannot be polled",
        "The job cannot be polled",
        "The job can be polled again.",
        done.messages[-1].text,
    ]


def test_the_failure_timeout_can_be_set():
    clock = FakeClock()
    done = run_wait(ref_of("task_status"), [RUNNING, LOST], clock=clock, failure_timeout=60)
    assert done.outcome == "polling_error"
    assert 60 <= sum(done.pauses[1:]) < 71


def test_at_least_five_failed_polls_end_the_wait():
    done = run_wait(ref_of("task_status"), [LOST], poll_interval=200, timeout=1e6, jitter=1)
    assert done.outcome == "polling_error"
    assert len(done.gets) >= 5
    slow = run_wait(ref_of("task_status"), [response(200, b"<html>", retry_after="100")], timeout=1e6)
    assert (slow.outcome, len(slow.gets)) == ("polling_error", 10)
    few = run_wait(ref_of("task_status"), [response(200, b"<html>", retry_after="1000")], timeout=1e6)
    assert (few.outcome, len(few.gets)) == ("polling_error", 5)


def test_a_successful_poll_resets_the_failures():
    clock = FakeClock()
    responses = ([LOST] * 4 + [RUNNING]) * 40 + [DONE]
    assert run_wait(ref_of("task_status"), responses, clock=clock).outcome == "succeeded"
    assert sum(clock.slept) > 1000


def test_failed_polls_do_not_extend_the_deadline():
    done = run_wait(ref_of("task_status"), [RUNNING, LOST], timeout=30)
    assert (done.outcome, done.verdict.state) == ("timed_out", "RUNNING")
    assert sum(done.pauses) == pytest.approx(30)


@pytest.mark.parametrize(
    "broken", [response(200, b"<html>"), response(200, b""), response(body=[]), response(200, b'{"status": "COMP')]
)
def test_a_malformed_response_counts_as_a_failed_poll(broken):
    assert run_wait(ref_of("task_status"), [broken, DONE]).outcome == "succeeded"
    assert run_wait(ref_of("task_status"), [broken]).outcome == "polling_error"


def test_a_redirect_is_followed_once_per_poll():
    moved = response(307, location=f"{ORIGIN}/api/v2/genai/status/s/")
    done = run_wait(ref_of("task_status"), [moved, RUNNING, DONE])
    assert done.gets == ["status/s/", "genai/status/s/", "genai/status/s/"]
    assert done.outcome == "succeeded"


def test_circular_redirects_are_not_followed_indefinitely():
    moved = response(307, location=f"{ORIGIN}/api/v2/status/s/")
    done = run_wait(ref_of("task_status"), [moved], timeout=60)
    assert done.outcome == "timed_out"
    assert len(done.gets) <= 2 * (len(done.pauses) + 1)


def test_a_redirect_to_a_url_outside_the_api_is_not_followed():
    moved = response(307, location=f"{ORIGIN}/login")
    assert set(run_wait(ref_of("task_status"), [moved], timeout=10).gets) == {"status/s/"}


def test_a_missing_status_record_means_expired_at_the_last_probe():
    done = run_wait(ref_of("task_status"), [RUNNING, response(404)])
    assert (done.outcome, done.verdict.state, done.verdict.message) == ("expired", "gone", None)


def test_without_a_status_id_the_resource_is_polled():
    ref = JobRef("feature_impact", VERSION)
    done = run_wait(ref, [response(422, {}), response(body={"featureImpacts": []})])
    assert done.outcome == "succeeded"
    assert set(done.gets) == {"customModels/m/versions/v/featureImpact/"}


@pytest.mark.parametrize("kind", sorted(HAPPY))
def test_the_verdict_contains_the_result_if_the_last_poll_returned_it(kind):
    done = run_wait(ref_of(kind), lambda path: SUCCESS[path])
    last = HAPPY[kind][-1]
    assert done.verdict.found == (None if "status/" in last else SUCCESS[last].json())


def test_a_status_record_is_never_the_result():
    assert run_wait(ref_of("task_status"), [DONE]).verdict.found is None
    assert run_wait(ref_of("feature_impact"), [DONE]).verdict.found is None
    assert run_wait(ref_of("model_test"), [ERROR, response(404)]).verdict.found is None


def test_an_unchanged_response_is_read_once(monkeypatch):
    read = []
    monkeypatch.setattr(poller, "decide", lambda probe, seen: read.append(seen) or decide(probe, seen))
    again = [response(body={"buildStatus": "processing"}) for _ in range(5)]
    done = run_wait(ref_of("dependency_build"), [*again, SUCCESS[BUILD]])
    assert len(done.gets) == 6
    assert read == [again[0], SUCCESS[BUILD]]
