"""Status records that are stuck in their first state."""

from __future__ import annotations

import pytest

from tests.unit.jobs.scripted_waits import ref_of, run_wait
from tests.unit.support import response

STATUS = "status/s/"
LIMBO = response(body={"status": "INITIALIZED"})
RESOURCES = {
    "feature_impact": "customModels/m/versions/v/featureImpact/",
    "version_with_training_data": "customModels/m/versions/v/",
    "model_training_data_assignment": "customModels/m/",
}
RUNNING = {
    "feature_impact": response(422, {"message": "in progress"}),
    "version_with_training_data": response(body={"trainingData": {"assignmentInProgress": True}}),
    "model_training_data_assignment": response(body={"trainingDataAssignmentInProgress": True}),
}
DONE = {
    "feature_impact": response(body={"featureImpacts": []}),
    "version_with_training_data": response(body={"trainingData": {"assignmentInProgress": False}}),
    "model_training_data_assignment": response(
        body={"trainingDatasetId": "d", "trainingDataAssignmentInProgress": False}
    ),
}
UNKNOWN = {
    "feature_impact": response(404, {"message": "none"}),
    "model_training_data_assignment": response(body={"trainingDatasetId": None}),
}


def script(**responses):
    """Return the next response of each path; the last one is repeated."""

    def respond(path):
        given = responses["status" if path == STATUS else "resource"]
        return given.pop(0) if len(given) > 1 else given[0]

    return respond


@pytest.mark.parametrize("kind", RESOURCES)
def test_the_resource_decides(kind):
    done = run_wait(ref_of(kind), script(status=[LIMBO], resource=[RUNNING[kind], DONE[kind]]))
    assert done.outcome == "succeeded"
    assert done.gets[-2:] == [RESOURCES[kind]] * 2
    assert sum(done.pauses) >= 120


@pytest.mark.parametrize("kind", UNKNOWN)
def test_the_status_record_decides_if_the_resource_does_not_exist_yet(kind):
    slow = [LIMBO] * 40 + [response(body={"status": "COMPLETED"})]
    done = run_wait(ref_of(kind), script(status=slow, resource=[UNKNOWN[kind]]))
    assert done.outcome == "succeeded"
    assert done.gets.count(RESOURCES[kind]) == 1
    assert done.gets[-1] == STATUS


@pytest.mark.parametrize("kind", UNKNOWN)
def test_a_stuck_status_record_ends_at_the_deadline(kind):
    done = run_wait(ref_of(kind), script(status=[LIMBO], resource=[UNKNOWN[kind]]))
    assert done.outcome == "timed_out"
    assert done.verdict.state == "INITIALIZED"


def test_a_long_state_is_cut_in_logs_and_events():
    done = run_wait(ref_of("vector_database_validation"), [response(body={"validationStatus": "x" * 5_000_000})])
    assert done.outcome == "timed_out"
    assert len(done.verdict.state) == 100
