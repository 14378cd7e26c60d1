"""Jobs with a status record and a resource."""

from __future__ import annotations

import pytest

from datarobot_provider.exceptions import AccessDeniedError, TransportError
from datarobot_provider.jobs.model import JobRef
from tests.unit.jobs.scripted_waits import VERSION, ref_of, run_wait
from tests.unit.support import ORIGIN, FakeClock, response

STATUS, TEST, IMPACT = "status/s/", "customModelTests/t/", "customModels/m/versions/v/featureImpact/"
FAILED_STATUS = response(body={"status": "ERROR", "message": "from the status record"})
ABORTED_STATUS = response(body={"status": "ABORTED", "message": "from the status record"})
GONE = [response(404), response(410), response(body={"status": "EXPIRED"})]
ENDED = response(303, location=f"{ORIGIN}/api/v2/customModelTests/t/")
UNTOLD = JobRef("model_test", {**VERSION, "status_id": "s"})
LOST = TransportError("lost", reason="lost", sent=True)


def record(word: str):
    return response(body={"id": "t", "overallStatus": word, "message": "from the record"})


class Script:
    """Responses by path; the last one of each path is repeated."""

    def __init__(self, **responses):
        self._responses = {"status": STATUS, "test": TEST, "impact": IMPACT}
        self._responses = {self._responses[name]: list(given) for name, given in responses.items()}

    def __call__(self, path):
        given = self._responses[path]
        return given.pop(0) if len(given) > 1 else given[0]


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("succeeded", "succeeded"),
        ("warning", "succeeded"),
        ("skipped", "succeeded"),
        ("failed", "failed"),
        ("canceled", "cancelled"),
        ("aborted", "cancelled"),
    ],
)
def test_the_test_decides_about_its_outcome(word, outcome):
    done = run_wait(ref_of("model_test"), Script(status=[ENDED], test=[record(word)]))
    assert (done.outcome, done.verdict.state) == (outcome, word)


def test_a_lagging_record_is_polled_again():
    done = run_wait(
        ref_of("model_test"),
        Script(status=[ENDED], test=[record("in_progress"), record("in_progress"), record("failed")]),
    )
    assert (done.outcome, done.gets) == ("failed", [STATUS, TEST, TEST, TEST])


def test_the_id_of_a_test_comes_from_the_location():
    done = run_wait(UNTOLD, Script(status=[ENDED], test=[record("succeeded")]))
    assert done.outcome == "succeeded"
    assert done.ref.ids["custom_model_test_id"] == "t"
    assert UNTOLD.ids == {**VERSION, "status_id": "s"}


def test_an_id_of_the_location_may_already_be_in_the_reference():
    done = run_wait(ref_of("model_test"), Script(status=[ENDED], test=[record("succeeded")]))
    assert done.ref == ref_of("model_test")


@pytest.mark.parametrize("gone", GONE, ids=["404", "410", "EXPIRED"])
@pytest.mark.parametrize(("word", "outcome"), [("succeeded", "succeeded"), ("failed", "failed")])
def test_the_test_is_polled_if_its_status_record_no_longer_exists(gone, word, outcome):
    done = run_wait(ref_of("model_test"), Script(status=[gone], test=[record("in_progress"), record(word)]))
    assert done.outcome == outcome


@pytest.mark.parametrize("gone", GONE, ids=["404", "410", "EXPIRED"])
def test_the_impact_is_polled_if_its_status_record_no_longer_exists(gone):
    done = run_wait(
        ref_of("feature_impact"),
        Script(status=[gone], impact=[response(422, {}), response(body={"featureImpacts": []})]),
    )
    assert (done.outcome, done.gets) == ("succeeded", [STATUS, IMPACT, IMPACT])


def test_a_job_without_any_record_is_expired():
    assert run_wait(ref_of("model_test"), Script(status=[response(404)], test=[response(404)])).outcome == "expired"
    assert (
        run_wait(ref_of("feature_impact"), Script(status=[response(404)], impact=[response(404)])).outcome == "expired"
    )


@pytest.mark.parametrize("first", [FAILED_STATUS, ABORTED_STATUS])
@pytest.mark.parametrize(
    ("word", "outcome"), [("failed", "failed"), ("succeeded", "succeeded"), ("canceled", "cancelled")]
)
def test_the_test_decides_after_a_failed_status_record(first, word, outcome):
    done = run_wait(ref_of("model_test"), Script(status=[first], test=[record("in_progress"), record(word)]))
    assert (done.outcome, done.verdict.message) == (outcome, "from the record")


@pytest.mark.parametrize(("first", "outcome"), [(FAILED_STATUS, "failed"), (ABORTED_STATUS, "cancelled")])
@pytest.mark.parametrize(
    "later", [record("in_progress"), response(404), LOST], ids=["in progress", "gone", "unreachable"]
)
def test_the_failed_status_record_decides_if_the_test_cannot(first, outcome, later):
    clock = FakeClock()
    done = run_wait(ref_of("model_test"), Script(status=[first], test=[later]), clock=clock)
    assert (done.outcome, done.verdict.message) == (outcome, "from the status record")
    assert sum(clock.slept) <= 30


def test_a_lagging_record_is_polled_for_thirty_seconds():
    clock = FakeClock()
    done = run_wait(ref_of("model_test"), Script(status=[FAILED_STATUS], test=[record("in_progress")]), clock=clock)
    assert sum(clock.slept) == pytest.approx(30)
    assert done.gets.count(TEST) > 3


def test_a_lagging_record_is_not_polled_after_the_deadline():
    clock = FakeClock()
    run_wait(
        ref_of("model_test"), Script(status=[FAILED_STATUS], test=[record("in_progress")]), timeout=10, clock=clock
    )
    assert sum(clock.slept) == pytest.approx(10)


def test_a_failed_status_record_is_final_if_there_is_no_other_record():
    done = run_wait(ref_of("feature_impact"), Script(status=[FAILED_STATUS], impact=[]))
    assert (done.outcome, done.gets) == ("failed", [STATUS])


@pytest.mark.parametrize(
    ("first", "outcome"),
    [(FAILED_STATUS, "failed"), (ABORTED_STATUS, "cancelled"), (response(404), "expired")],
    ids=["ERROR", "ABORTED", "gone"],
)
def test_the_status_record_decides_if_the_id_of_the_test_is_unknown(first, outcome):
    assert run_wait(UNTOLD, Script(status=[first])).outcome == outcome


def test_a_stuck_test_with_an_unknown_id_is_polled_until_the_deadline():
    done = run_wait(UNTOLD, Script(status=[response(body={"status": "INITIALIZED"})]), timeout=600)
    assert (done.outcome, done.verdict.state) == ("timed_out", "INITIALIZED")


def test_the_test_is_polled_if_the_status_record_is_stuck_for_two_minutes():
    clock = FakeClock()
    stuck = response(body={"status": "INITIALIZED"})
    done = run_wait(
        ref_of("model_test"), Script(status=[stuck], test=[record("in_progress"), record("succeeded")]), clock=clock
    )
    assert done.outcome == "succeeded"
    before = done.pauses[: done.gets.index(TEST) - 1]
    assert 120 <= sum(before) < 131


def test_a_running_status_record_is_not_stuck():
    clock = FakeClock()
    done = run_wait(
        ref_of("model_test"),
        Script(status=[response(body={"status": "RUNNING"})] * 50 + [ENDED], test=[record("succeeded")]),
        clock=clock,
    )
    assert done.gets[:51] == [STATUS] * 51
    assert sum(clock.slept) > 300


def test_a_job_without_another_record_is_never_stuck():
    done = run_wait(ref_of("task_status"), [response(body={"status": "INITIALIZED"})], timeout=600)
    assert (done.outcome, set(done.gets)) == ("timed_out", {STATUS})


def test_the_deadline_applies_to_both_records():
    clock = FakeClock()
    done = run_wait(
        ref_of("model_test"),
        Script(status=[response(body={"status": "RUNNING"}), ENDED], test=[record("in_progress")]),
        timeout=50,
        clock=clock,
    )
    assert (done.outcome, done.verdict.state) == ("timed_out", "in_progress")
    assert sum(clock.slept) == pytest.approx(50)


def test_the_test_is_not_polled_after_the_deadline():
    done = run_wait(ref_of("model_test"), Script(status=[response(body={"status": "RUNNING"})], test=[]), timeout=10)
    assert (done.outcome, set(done.gets)) == ("timed_out", {STATUS})


def test_a_refused_poll_of_the_test_is_a_failed_poll():
    refused = AccessDeniedError(403, "no", method="GET", path=TEST)
    assert run_wait(ref_of("model_test"), Script(status=[ENDED], test=[refused])).outcome == "polling_error"
    again = Script(status=[ENDED], test=[refused, record("succeeded")])
    assert run_wait(ref_of("model_test"), again).outcome == "succeeded"


def test_failed_polls_are_counted_across_probes():
    done = run_wait(ref_of("model_test"), Script(status=[LOST, LOST, ENDED], test=[LOST, LOST, record("succeeded")]))
    assert done.outcome == "succeeded"
    assert len(done.warnings) == 1, "the same cause is reported once"


def test_the_version_decides_about_its_training_data():
    responses = {
        STATUS: response(303, location=f"{ORIGIN}/api/v2/customModels/m/versions/v/"),
        "customModels/m/versions/v/": response(
            body={"trainingData": {"assignmentInProgress": False, "assignmentError": {"message": "no target"}}}
        ),
    }
    done = run_wait(ref_of("version_with_training_data"), responses.__getitem__)
    assert (done.outcome, done.verdict.message) == ("failed", "no target")
