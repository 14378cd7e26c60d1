from __future__ import annotations

import pytest

from datarobot_provider.exceptions import MalformedResponseError
from datarobot_provider.jobs.kinds import KINDS
from datarobot_provider.jobs.model import Outcome
from datarobot_provider.jobs.poller import decide
from tests.unit.support import ORIGIN, response


def probe(kind: str, index: int = 0):
    return KINDS[kind].probes[index]


@pytest.mark.parametrize("kind", ["task_status", "genai_task_status", "model_test", "feature_impact"])
def test_a_303_of_a_status_record_means_success_and_names_the_result(kind):
    verdict = decide(probe(kind), response(303, location=f"{ORIGIN}/api/v2/customModelTests/t/"))
    assert (verdict.outcome, verdict.result) == (Outcome.SUCCEEDED, "customModelTests/t/")


@pytest.mark.parametrize("location", ["", "https://evil.example/elsewhere", f"{ORIGIN}/api/v2/../x/"])
def test_a_303_with_an_invalid_location_means_success(location):
    verdict = decide(probe("task_status"), response(303, location=location))
    assert (verdict.outcome, verdict.result) == (Outcome.SUCCEEDED, None)


def test_an_unexpected_303_is_unknown():
    assert decide(probe("vector_database_validation"), response(303)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("status", [404, 410])
def test_a_record_that_no_longer_exists_is_expired(status):
    assert decide(probe("task_status"), response(status, {"message": "Not Found"})).outcome is Outcome.EXPIRED


@pytest.mark.parametrize(
    ("kind", "index", "status", "outcome"),
    [
        ("dependency_build", 0, 422, Outcome.CANCELLED),
        ("feature_impact", 1, 200, Outcome.SUCCEEDED),
        ("feature_impact", 1, 404, Outcome.EXPIRED),
        ("feature_impact", 1, 410, Outcome.EXPIRED),
        ("feature_impact", 1, 422, Outcome.PENDING),
        ("task_status", 0, 422, Outcome.UNKNOWN),
        ("task_status", 0, 204, Outcome.UNKNOWN),
        ("task_status", 0, 307, Outcome.UNKNOWN),
        ("model_test", 1, 422, Outcome.UNKNOWN),
    ],
)
def test_http_statuses_mean_the_states_of_the_table(kind, index, status, outcome):
    assert decide(probe(kind, index), response(status, {})).outcome is outcome


@pytest.mark.parametrize("word", ["HIBERNATING", "", "None", "completed-ish", "success"])
def test_an_unknown_state_is_unknown_and_kept(word):
    verdict = decide(probe("task_status"), response(body={"status": word}))
    assert (verdict.outcome, verdict.state) == (Outcome.UNKNOWN, word)


@pytest.mark.parametrize("body", [{}, {"status": None}, {"status": {"x": 1}}, {"status": ["COMPLETED"]}])
def test_a_response_without_a_state_is_unknown(body):
    assert decide(probe("task_status"), response(body=body)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("body", [b"<html>", b"", b"[]", b'"COMPLETED"'])
def test_a_response_that_is_not_an_object_is_malformed(body):
    with pytest.raises(MalformedResponseError):
        decide(probe("task_status"), response(200, body))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"status": "ERROR", "message": "m", "description": "d"}, "m"),
        ({"status": "ERROR", "message": "", "description": "d"}, "d"),
        ({"status": "ERROR"}, None),
    ],
)
def test_the_message_of_the_server_is_kept(body, message):
    assert decide(probe("task_status"), response(body=body)).message == message


@pytest.mark.parametrize(
    ("training", "outcome"),
    [
        ({"assignmentInProgress": True, "assignmentError": None}, Outcome.PENDING),
        ({"assignmentInProgress": True, "assignmentError": {"message": "old"}}, Outcome.PENDING),
        ({"assignmentInProgress": False, "assignmentError": None}, Outcome.SUCCEEDED),
        ({"assignmentInProgress": False, "assignmentError": {}}, Outcome.SUCCEEDED),
        ({"assignmentInProgress": False, "assignmentError": {"message": None}}, Outcome.SUCCEEDED),
        ({"assignmentInProgress": False, "assignmentError": {"message": "no target"}}, Outcome.FAILED),
        ({"datasetId": "d"}, Outcome.SUCCEEDED),
        (None, Outcome.SUCCEEDED),
    ],
)
@pytest.mark.parametrize(("kind", "index"), [("training_data_assignment", 0), ("version_with_training_data", 1)])
def test_the_flags_of_an_assignment_are_read_as_a_state(kind, index, training, outcome):
    verdict = decide(probe(kind, index), response(body={"id": "v", "trainingData": training}))
    assert verdict.outcome is outcome
    if outcome is Outcome.FAILED:
        assert verdict.message == "no target"


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ({"conversionSucceeded": True, "conversionInProgress": False}, Outcome.SUCCEEDED),
        ({"conversionSucceeded": False, "conversionInProgress": True}, Outcome.PENDING),
        ({"conversionSucceeded": None, "conversionInProgress": None}, Outcome.PENDING),
        ({"conversionSucceeded": False, "conversionInProgress": False}, Outcome.FAILED),
        ({"conversionSucceeded": False, "conversionInProgress": True, "shouldStop": True}, Outcome.CANCELLED),
        ({"conversionSucceeded": True, "conversionInProgress": False, "shouldStop": True}, Outcome.SUCCEEDED),
    ],
)
def test_the_flags_of_a_conversion_are_read_as_a_state(body, outcome):
    verdict = decide(probe("conversion"), response(body={**body, "logMessage": "why"}))
    assert (verdict.outcome, verdict.message) == (outcome, "why")


def test_decide_does_not_change_its_arguments():
    scripted = response(body={"status": "RUNNING"})
    assert decide(probe("task_status"), scripted) == decide(probe("task_status"), scripted)
