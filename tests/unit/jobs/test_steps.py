"""The generator that decides what a wait does next, with a fake clock and scripted responses."""

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
from tests.unit.jobs.walks import IDS, VERSION, ref_of, walk
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
}
SUCCESS = {
    "status/s/": response(303, location=f"{ORIGIN}/api/v2/made/1/"),
    "genai/status/s/": response(303, location=f"{ORIGIN}/api/v2/made/1/"),
    BUILD: response(body={"buildStatus": "success"}),
    TEST: test_of("succeeded"),
    "customModels/m/versions/v/": response(body={"trainingData": {"assignmentInProgress": False}}),
    "customModels/m/versions/v/conversions/c/": response(body={"conversionSucceeded": True}),
    "genai/customModelVectorDatabaseValidations/x/": response(body={"validationStatus": "PASSED"}),
}


def test_there_is_a_happy_path_for_every_kind():
    assert set(HAPPY) == set(IDS)


@pytest.mark.parametrize("kind", HAPPY)
def test_a_job_that_is_done_is_found_done_at_the_first_look(kind):
    done = walk(ref_of(kind), SUCCESS.__getitem__)
    assert done.outcome == "succeeded"
    assert done.gets == HAPPY[kind]
    assert done.pauses == []
    assert done.warnings == []


def test_a_running_job_is_followed_to_its_end_and_each_new_state_is_told_once():
    done = walk(ref_of("task_status"), [status("INITIALIZED"), status("INITIALIZED"), RUNNING, RUNNING, DONE])
    assert done.outcome == "succeeded"
    assert len(done.gets) == 5
    assert [note.text for note in done.notes] == [
        "The job is running (INITIALIZED).",
        "The job is running.",
        "The job succeeded.",
    ]


@pytest.mark.parametrize(("word", "outcome"), [("ERROR", "failed"), ("ABORTED", "cancelled"), ("EXPIRED", "expired")])
def test_a_job_that_does_not_end_well_is_named_with_the_servers_words(word, outcome):
    done = walk(ref_of("task_status"), [response(body={"status": word, "message": "why"})])
    assert (done.outcome, done.verdict.state, done.verdict.message) == (outcome, word, "why")


def test_pauses_start_short_and_grow_to_the_poll_interval():
    done = walk(ref_of("task_status"), [RUNNING] * 9 + [DONE], poll_interval=5)
    assert done.pauses == pytest.approx([1, 1.5, 2.25, 3.375, 5, 5, 5, 5, 5])


def test_pauses_are_spread_out_by_up_to_a_fifth():
    done = walk(ref_of("task_status"), [RUNNING] * 3 + [DONE], jitter=0.0)
    assert done.pauses == pytest.approx([0.8, 1.2, 1.8])


def test_a_poll_interval_below_a_second_is_kept_from_the_first_pause():
    assert walk(ref_of("task_status"), [RUNNING] * 3 + [DONE], poll_interval=0.2).pauses == pytest.approx([0.2] * 3)


def test_the_server_says_when_to_come_back():
    asking = response(body={"status": "RUNNING"}, retry_after="42")
    assert walk(ref_of("task_status"), [asking, RUNNING, DONE]).pauses == pytest.approx([42, 1.5])


def test_no_pause_reaches_beyond_the_deadline():
    asking = response(body={"status": "RUNNING"}, retry_after="3600")
    done = walk(ref_of("task_status"), [asking], timeout=100)
    assert done.pauses == [100]
    assert (done.outcome, len(done.gets)) == ("timed_out", 2)


def test_one_more_look_is_taken_after_the_deadline():
    done = walk(ref_of("task_status"), [RUNNING, RUNNING, DONE], timeout=2.5)
    assert sum(done.pauses) == pytest.approx(2.5)
    assert (done.outcome, len(done.gets)) == ("succeeded", 3)


def test_a_deadline_in_the_past_still_looks_once():
    assert walk(ref_of("task_status"), [DONE], timeout=-10).outcome == "succeeded"
    done = walk(ref_of("task_status"), [response(body={"status": "RUNNING", "message": "step 3"})], timeout=-10)
    assert (done.outcome, done.gets, done.pauses) == ("timed_out", ["status/s/"], [])
    assert (done.verdict.state, done.verdict.message) == ("RUNNING", "step 3")


def test_an_unknown_state_is_waited_on_and_warned_of_once():
    done = walk(ref_of("task_status"), [status("PONDERING")] * 4 + [DONE])
    assert done.outcome == "succeeded"
    assert done.warnings == [
        "The job is in the state 'PONDERING', which is unknown to this version of the provider. The wait continues."
    ]


def test_an_unknown_state_for_ever_ends_at_the_deadline_and_is_named():
    done = walk(ref_of("task_status"), [status("PONDERING")], timeout=60)
    assert (done.outcome, done.verdict.state) == ("timed_out", "PONDERING")
    assert len(done.warnings) == 1


@pytest.mark.parametrize("kind", [AuthenticationError, AccessDeniedError])
def test_a_first_poll_that_is_refused_ends_the_wait_if_nothing_is_known_of_the_job(kind):
    refusal = kind(403, "no", method="GET", path="status/s/")
    done = walk(ref_of("task_status"), [refusal], confirmed=False)
    assert (done.outcome, len(done.gets)) == ("polling_refused", 1)
    assert "no" in done.verdict.message
    later = walk(ref_of("task_status"), [RUNNING, refusal], confirmed=False)
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
def test_failed_polls_are_borne_for_fifteen_minutes_and_reported_once(error):
    clock = FakeClock()
    done = walk(ref_of("task_status"), [RUNNING, error], poll_interval=10, clock=clock)
    assert done.outcome == "polling_error"
    failing = sum(done.pauses[1:])
    assert 900 <= failing < 911
    assert len(done.warnings) == 1
    assert str(error) in done.verdict.message


def test_each_cause_is_reported_once_and_so_is_the_end_of_the_trouble():
    refused = AccessDeniedError(403, "no", method="GET", path="status/s/")
    done = walk(ref_of("task_status"), [RUNNING, LOST, refused, LOST, refused, RUNNING, LOST, RUNNING, DONE])
    assert [note.text.partition(";")[0] for note in done.notes] == [
        "The job is running.",
        "The job cannot be polled at present",
        "The job cannot be polled at present",
        "The job can be polled again.",
        done.notes[-1].text,
    ]


def test_how_long_polls_may_fail_can_be_set():
    clock = FakeClock()
    done = walk(ref_of("task_status"), [RUNNING, LOST], clock=clock, failure_timeout=60)
    assert done.outcome == "polling_error"
    assert 60 <= sum(done.pauses[1:]) < 71


def test_five_failed_looks_are_needed_however_long_they_take():
    done = walk(ref_of("task_status"), [LOST], poll_interval=200, timeout=1e6, jitter=1)
    assert done.outcome == "polling_error"
    assert len(done.gets) >= 5
    slow = walk(ref_of("task_status"), [response(200, b"<html>", retry_after="100")], timeout=1e6)
    assert (slow.outcome, len(slow.gets)) == ("polling_error", 10)
    few = walk(ref_of("task_status"), [response(200, b"<html>", retry_after="1000")], timeout=1e6)
    assert (few.outcome, len(few.gets)) == ("polling_error", 5)


def test_a_good_look_forgives_the_failed_ones_before():
    clock = FakeClock()
    answers = ([LOST] * 4 + [RUNNING]) * 40 + [DONE]
    assert walk(ref_of("task_status"), answers, clock=clock).outcome == "succeeded"
    assert sum(clock.slept) > 1000


def test_failed_looks_do_not_reach_beyond_the_deadline():
    done = walk(ref_of("task_status"), [RUNNING, LOST], timeout=30)
    assert (done.outcome, done.verdict.state) == ("timed_out", "RUNNING")
    assert sum(done.pauses) == pytest.approx(30)


@pytest.mark.parametrize(
    "broken", [response(200, b"<html>"), response(200, b""), response(body=[]), response(200, b'{"status": "COMP')]
)
def test_a_malformed_response_counts_as_a_failed_look(broken):
    assert walk(ref_of("task_status"), [broken, DONE]).outcome == "succeeded"
    assert walk(ref_of("task_status"), [broken]).outcome == "polling_error"


def test_a_record_that_moved_is_followed_once_per_look():
    moved = response(307, location=f"{ORIGIN}/api/v2/genai/status/s/")
    done = walk(ref_of("task_status"), [moved, RUNNING, DONE])
    assert done.gets == ["status/s/", "genai/status/s/", "genai/status/s/"]
    assert done.outcome == "succeeded"


def test_a_record_that_moves_in_a_circle_is_not_followed_for_ever():
    moved = response(307, location=f"{ORIGIN}/api/v2/status/s/")
    done = walk(ref_of("task_status"), [moved], timeout=60)
    assert done.outcome == "timed_out"
    assert len(done.gets) <= 2 * (len(done.pauses) + 1)


def test_a_move_to_another_place_than_the_api_is_not_followed():
    moved = response(307, location=f"{ORIGIN}/login")
    assert set(walk(ref_of("task_status"), [moved], timeout=10).gets) == {"status/s/"}


def test_a_status_record_gone_at_the_last_probe_means_expired():
    done = walk(ref_of("task_status"), [RUNNING, response(404)])
    assert (done.outcome, done.verdict.state, done.verdict.message) == ("expired", "gone", None)


def test_every_wait_without_a_status_id_goes_to_the_resource():
    ref = JobRef("feature_impact", VERSION)
    done = walk(ref, [response(422, {}), response(body={"featureImpacts": []})])
    assert done.outcome == "succeeded"
    assert set(done.gets) == {"customModels/m/versions/v/featureImpact/"}


@pytest.mark.parametrize("kind", sorted(HAPPY))
def test_the_finished_thing_is_kept_where_the_last_look_came_back_with_it(kind):
    done = walk(ref_of(kind), lambda path: SUCCESS[path])
    last = HAPPY[kind][-1]
    assert done.verdict.found == (None if "status/" in last else SUCCESS[last].json())


def test_a_status_record_is_never_taken_for_the_finished_thing():
    assert walk(ref_of("task_status"), [DONE]).verdict.found is None
    assert walk(ref_of("feature_impact"), [DONE]).verdict.found is None
    assert walk(ref_of("model_test"), [ERROR, response(404)]).verdict.found is None


def test_a_response_that_says_the_same_as_the_one_before_is_read_once(monkeypatch):
    read = []
    monkeypatch.setattr(poller, "decide", lambda probe, seen: read.append(seen) or decide(probe, seen))
    again = [response(body={"buildStatus": "processing"}) for _ in range(5)]
    done = walk(ref_of("dependency_build"), [*again, SUCCESS[BUILD]])
    assert len(done.gets) == 6
    assert read == [again[0], SUCCESS[BUILD]]
