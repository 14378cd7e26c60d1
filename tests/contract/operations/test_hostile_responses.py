"""Invalid responses: lists with a foreign or repeated ``next``, and bodies that are not JSON or cut."""

from __future__ import annotations

import json

import pytest

from datarobot_provider.core.submission.record import STORE_KEY
from datarobot_provider.operators.access_control import GetCustomModelAccessOperator
from datarobot_provider.operators.conversions import ConvertVersionOperator
from datarobot_provider.operators.custom_model_limits import GetCustomModelLimitsOperator
from datarobot_provider.operators.custom_models import (
    CopyCustomModelOperator,
    CreateCustomModelOperator,
    GetCustomModelOperator,
    ListCustomModelsOperator,
)
from datarobot_provider.operators.feature_impact import GetFeatureImpactOperator
from datarobot_provider.operators.guard_configurations import (
    ApplyGuardConfigOperator,
    CreateGuardConfigOperator,
    ListGuardConfigsOperator,
    ListGuardPredictionEnvironmentsOperator,
)
from datarobot_provider.operators.guard_templates import ListGuardTemplatesOperator
from datarobot_provider.operators.model_tests import ListModelTestsOperator
from datarobot_provider.operators.prediction_explanations import InitializePredictionExplanationsOperator
from datarobot_provider.operators.repository_versions import CreateVersionFromRepositoryOperator
from datarobot_provider.operators.training_data import AssignTrainingDataOperator, CreateVersionWithTrainingDataOperator
from datarobot_provider.operators.vector_databases import (
    ListVectorDatabaseValidationsOperator,
    RevalidateVectorDatabaseOperator,
    ValidateVectorDatabaseOperator,
)
from datarobot_provider.operators.versions import ListVersionsOperator
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.support.emulator import DATASET

IDS = {"custom_model_id": "m", "custom_model_version_id": "v"}
VALIDATION = {"deployment_id": "d", "prompt_column_name": "p", "target_column_name": "t"}
LISTS = {
    ListCustomModelsOperator: {},
    ListVersionsOperator: {"custom_model_id": "m"},
    ListModelTestsOperator: {"custom_model_id": "m"},
    GetCustomModelAccessOperator: {"custom_model_id": "m"},
    ListGuardTemplatesOperator: {},
    ListGuardConfigsOperator: {"entity_id": "m", "entity_type": "customModel"},
    ListGuardPredictionEnvironmentsOperator: {"custom_model_version_id": "v"},
    ListVectorDatabaseValidationsOperator: {},
    GetFeatureImpactOperator: IDS,
}
#: Operators that read an id or a status from the response to their request.
CREATING = {
    CreateCustomModelOperator: {"name": "x"},
    CopyCustomModelOperator: {"custom_model_id": "m"},
    CreateGuardConfigOperator: {
        "template_id": "t",
        "name": "n",
        "stages": ["prompt"],
        "entity_id": "m",
        "entity_type": "customModel",
    },
    ApplyGuardConfigOperator: {"custom_model_id": "m", "guards": []},
    ConvertVersionOperator: {**IDS, "main_program_item_id": "i"},
    ValidateVectorDatabaseOperator: VALIDATION,
    RevalidateVectorDatabaseOperator: {"validation_id": "v"},
    InitializePredictionExplanationsOperator: IDS,
    AssignTrainingDataOperator: {"custom_model_id": "m", "dataset_id": DATASET},
    CreateVersionFromRepositoryOperator: {"custom_model_id": "m", "repository_id": "r"},
    CreateVersionWithTrainingDataOperator: {"custom_model_id": "m", "training_data": {"datasetId": DATASET}},
}
EVERY_LIST = pytest.mark.parametrize("task", LISTS, ids=lambda task: task.__name__)
EVERY_CREATING = pytest.mark.parametrize("task", CREATING, ids=lambda task: task.__name__)


def respond(runner, body=None, **fault):
    """Let the emulator respond to all requests with this body."""
    runner.emulator.control("POST", "faults", {"status": 200, "body": body, "times": None, **fault})


def respond_to_changes(runner, body, **fault):
    """Let the emulator respond to all POST and PATCH requests with this body, and to lists without entries."""
    respond(runner, page(None), method="GET")
    for method in ("POST", "PATCH"):
        respond(runner, body, method=method, **fault)


def recorded_resource(runner):
    """Return the created resource or job in the record of a task."""
    return {name: value for name, value in record_of(runner).items() if name in ("ref", "done")}


def record_of(runner):
    """Return the record of a task, empty if there is none."""
    state = json.loads(runner.store.values.get(STORE_KEY, '{"calls": [{}]}'))
    (call,) = state["calls"]
    return call


def page(following, rows=()):
    return {"data": list(rows), "featureImpacts": list(rows), "count": len(rows), "next": following, "previous": None}


def failed(runner, task, **arguments):
    """Run a task that fails with an error that Airflow retries; return the message."""
    with pytest.raises(AirflowException) as caught:
        runner.run(task, **arguments)
    assert not isinstance(caught.value, AirflowFailException)
    return str(caught.value)


@EVERY_LIST
@pytest.mark.parametrize(
    "following", ["https://foreign.example/customModels/?offset=1", "https://foreign.example/", "nonsense", "//x/y"]
)
def test_a_next_that_is_not_a_route_of_the_api_fails(runner, task, following):
    respond(runner, page(following))
    assert "cannot be read completely: 'next' is not a route of the API" in failed(runner, task, **LISTS[task])
    assert len(runner.received) == 1


@EVERY_LIST
def test_a_next_on_another_host_is_not_requested_from_it(runner, task):
    """If its path is a route of the API, it is requested from the host of the connection."""
    respond(runner, page("https://foreign.example/api/v2/customModels/?offset=100"), times=1)
    respond(runner, page(None, [{"id": "last", "featureName": "f"}]))
    found = runner.run(task, **LISTS[task])
    rows = found["featureImpacts"] if isinstance(found, dict) else found
    assert [row["id"] for row in rows] == ["last"]
    assert [e.headers["host"] for e in runner.received] == [runner.origin.removeprefix("http://")] * 2


@EVERY_LIST
def test_a_next_that_repeats_a_page_fails(runner, task):
    respond(runner, page(f"{runner.origin}/api/v2/customModels/?offset=100"))
    assert "'next' is the URL of a previous page" in failed(runner, task, **LISTS[task])
    assert len(runner.received) == 2


@EVERY_LIST
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"body": "<html>Sign in</html>", "contentType": "text/html"}, "is not JSON: '<html>Sign in</html>'"),
        ({"body": '{"data": [{"id": "'}, "is not JSON"),
        ({"body": [1, 2]}, "a JSON list instead of an object"),
        ({"body": ""}, "is not JSON"),
    ],
    ids=["html", "truncated", "list", "empty"],
)
def test_a_list_that_is_not_an_object_fails(runner, task, fault, expected):
    respond(runner, **fault)
    assert expected in failed(runner, task, **LISTS[task])


@pytest.mark.parametrize(
    "task", [task for task in LISTS if task is not GetFeatureImpactOperator], ids=lambda task: task.__name__
)
def test_a_list_without_entries_field_fails(runner, task):
    respond(runner, {"count": 3, "next": None, "previous": None})
    assert "has no field 'data'" in failed(runner, task, **LISTS[task])


@pytest.mark.parametrize("task", [GetCustomModelLimitsOperator, ListGuardTemplatesOperator])
def test_a_request_with_a_cut_response_is_repeated(direct, task):
    direct.emulator.control("POST", "faults", {"cut": "inside", "times": 2})
    assert direct.run(task)
    assert len(direct.log()) == 3


def test_a_response_that_is_always_cut_fails(once):
    once.emulator.control("POST", "faults", {"cut": "inside", "times": None})
    assert "the connection was lost before the response was complete" in failed(once, GetCustomModelLimitsOperator)


def test_a_cut_response_to_a_post_is_not_sent_again(direct):
    direct.emulator.control("POST", "faults", {"method": "POST", "cut": "inside"})
    message = failed(direct, CreateCustomModelOperator, name="x", target_type="Unstructured")
    assert "DataRobot may have processed the request" in message
    assert [entry["method"] for entry in direct.log()] == ["GET", "POST"]


@EVERY_CREATING
def test_a_response_without_an_id_fails(runner, task):
    respond_to_changes(runner, {"colour": "blue"}, status=202)
    with pytest.raises(AirflowException) as caught:
        runner.run(task, **CREATING[task])
    message = str(caught.value)
    assert "The response has no field '" in message or "did not say where to follow it" in message
    # A resource may have been created: the record is kept, but contains no id.
    assert recorded_resource(runner) == {}
    assert "before" in record_of(runner)


@EVERY_CREATING
def test_a_response_with_an_id_of_the_wrong_type_fails(runner, task):
    ids = {"id": 7, "customModelVersionId": [], "conversionId": None, "statusId": {}}
    respond_to_changes(runner, ids, status=202)
    with pytest.raises(AirflowException) as caught:
        runner.run(task, **CREATING[task])
    message = str(caught.value)
    assert "The response has no field '" in message or "did not say where to follow it" in message


def test_an_accepted_job_without_status_record_is_not_retried(runner):
    """The error asks the user to check in DataRobot first, which an automatic retry cannot do."""
    respond(runner, {}, status=202)
    with pytest.raises(AirflowFailException, match="check in DataRobot before you start it again"):
        runner.run(InitializePredictionExplanationsOperator, **IDS)


@EVERY_CREATING
def test_an_html_page_fails(runner, task):
    respond_to_changes(runner, "<html>Sign in</html>", contentType="text/html")
    message = failed(runner, task, **CREATING[task])
    assert "<html>Sign in</html>" in message
    assert "Check the host of the Airflow connection" in message


def test_a_redirect_is_not_followed(runner):
    respond(runner, None, status=302)
    assert "is a redirect (302), which was not followed" in failed(runner, GetCustomModelOperator, custom_model_id="m")
    assert len(runner.received) == 1
