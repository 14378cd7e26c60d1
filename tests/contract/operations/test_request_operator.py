"""The request operator: any route and method, and the job that a response refers to."""

from __future__ import annotations

import json

import pytest

from datarobot_provider.operators.request import DataRobotRequestOperator
from datarobot_provider.sensors.status import DataRobotStatusSensor
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.contract.operations.register import covers
from tests.contract.operations.test_custom_models import queries
from tests.contract.provider.conftest import TOKEN
from tests.support.emulator import DATASET, DEPLOYMENT, ENVIRONMENT
from tests.support.life_cycle import create_model
from tests.support.task_runner import WAIT
from tests.unit.support import raw_server, read_request

BOTH_MODES = pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "trigger"])
REPOSITORY = {"repositoryId": "65a0000000000000000000c1", "baseEnvironmentId": ENVIRONMENT}
VALIDATION = {"deploymentId": DEPLOYMENT, "promptColumnName": "promptText", "targetColumnName": "relevant"}
VALIDATIONS = "genai/customModelVectorDatabaseValidations/"


def send_request(runner, path, **arguments):
    return runner.run(DataRobotRequestOperator, path=path, **arguments)


def names_by_id(response):
    return {dataset["datasetId"]: dataset["name"] for dataset in response["data"]}


@covers("list_custom_models")
def test_get_with_a_query(runner):
    created = [create_model(runner, name=f"Model {n}") for n in range(3)]
    runner.received.clear()
    response = send_request(runner, "customModels/", query={"limit": 2, "offset": 0, "isDeployed": False})
    assert [model["id"] for model in response["data"]] == created[:0:-1]
    assert queries(runner) == [{"limit": "2", "offset": "0", "isDeployed": "false"}]
    for spelling in ("/customModels/", "/api/v2/customModels/", "customModels/"):
        assert send_request(runner, spelling, query='{"limit": 1, "offset": 0}')["data"][0]["id"] == created[-1]


def test_routes_without_a_specific_operator(runner):
    assert send_request(runner, "datasets/", response_filter=names_by_id)[DATASET] == "diabetes_training.csv"
    assert send_request(runner, f"datasets/{DATASET}/")["datasetId"] == DATASET
    assert send_request(runner, f"deployments/{DEPLOYMENT}/")["label"] == "Product handbook vector database"


@covers("create_custom_model", "update_custom_model", "delete_custom_model", "get_custom_model_limits")
def test_post_patch_and_delete(runner):
    body = {"name": "Prices", "customModelType": "inference", "targetType": "Unstructured"}
    model = send_request(runner, "customModels/", method="POST", json=body)
    assert (model["name"], model["targetType"]) == ("Prices", "Unstructured")
    changed = send_request(runner, f"customModels/{model['id']}/", method="PATCH", json={"description": "new"})
    assert changed["description"] == "new"
    assert send_request(runner, f"customModels/{model['id']}/", method="DELETE") is None
    assert (
        send_request(
            runner, "customModels/", query={"offset": 0, "limit": 9}, response_filter=lambda page: page["data"]
        )
        == []
    )
    assert runner.bodies("POST", "customModels/") == [json.dumps(body).encode()]
    assert send_request(runner, "customModelLimits/")["maxCustomModelReplicasPerDeployment"] == 8


@BOTH_MODES
@covers("create_custom_model_version_from_repository", "get_job_status", "get_custom_model_version")
def test_a_job_is_followed_to_its_result(runner, deferrable):
    path = f"customModels/{create_model(runner)}/versions/fromRepository/"
    how = {"method": "POST", "json": REPOSITORY, "deferrable": deferrable, **WAIT}
    version = send_request(runner, path, **how)
    assert [item["filePath"] for item in version["items"]] == ["custom.py"]
    assert send_request(runner, path, **how, response_filter=lambda created: created["label"]) == "1.1"


@BOTH_MODES
@covers("create_vector_database_validation", "get_vector_database_validation")
def test_a_genai_job_is_followed_to_its_result(runner, deferrable):
    created = send_request(runner, VALIDATIONS, method="POST", json=VALIDATION, deferrable=deferrable, **WAIT)
    assert (created["validationStatus"], created["deploymentId"]) == ("PASSED", DEPLOYMENT)
    assert {e.path.split("/")[3] for e in runner.received} == {"genai"}


@BOTH_MODES
@covers("create_custom_model_version_from_repository", "get_job_status")
def test_start_here_and_wait_there(runner, deferrable):
    path = f"customModels/{create_model(runner)}/versions/fromRepository/"
    status = send_request(
        runner, path, method="POST", json=REPOSITORY, wait_for_completion=False, deferrable=deferrable
    )
    assert runner.ti.xcoms["datarobot_id"] == status
    created = runner.run(DataRobotStatusSensor, status=status, deferrable=deferrable, poke_interval=0.05, timeout=60)
    assert created.startswith(f"{runner.origin}/api/v2/{path.removesuffix('fromRepository/')}")


@BOTH_MODES
def test_a_job_that_fails(runner, deferrable):
    outcome = {"kind": "version_from_repository", "outcome": "failed", "message": "no such branch"}
    runner.emulator.control("POST", "outcomes", outcome)
    path = f"customModels/{create_model(runner)}/versions/fromRepository/"
    with pytest.raises(AirflowException, match="no such branch"):
        send_request(runner, path, method="POST", json=REPOSITORY, deferrable=deferrable, **WAIT)


def test_a_location_that_is_not_a_status_record_is_not_followed(runner, monkeypatch):
    """Batch predictions respond like this; if the task failed, a retry would create another job."""
    created = {"id": "65a0000000000000000000b9", "status": "INITIALIZING"}
    head = b"HTTP/1.1 202 Accepted\r\nLocation: /api/v2/batchPredictions/65a0000000000000000000b9/\r\n"
    body = json.dumps(created).encode()
    length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()

    def handle(connection):
        read_request(connection)
        connection.sendall(head + length + body)

    with raw_server(handle) as port:
        runner.origin = f"http://127.0.0.1:{port}"
        runner.connect(TOKEN)
        assert send_request(runner, "batchPredictions/", method="POST", json={}) == created


@pytest.mark.parametrize(
    "path",
    [
        "https://foreign.example/api/v2/customModels/",
        "//foreign.example/api/v2/customModels/",
        "customModels/../../../admin/",
        "../admin/",
        "customModels/%2e%2e/%2e%2e/admin/",
        "http:customModels/",
    ],
)
def test_a_path_outside_the_api_is_not_requested_from_another_host(runner, path):
    """The path is rejected before a request is sent, or requested from the host of the connection."""
    with pytest.raises(AirflowFailException) as caught:
        send_request(runner, path)
    if runner.received:
        assert [e.path.startswith("/api/v2/") and ".." not in e.path for e in runner.received] == [True]
        assert "returned 404" in str(caught.value)
    else:
        assert "path should be a path below /api/v2/" in str(caught.value)


@pytest.mark.parametrize("path", ["https://foreign.example/api/v2/customModels/", "customModels/../../../admin/"])
def test_a_foreign_path_is_rejected_before_any_request(runner, path):
    with pytest.raises(AirflowFailException, match="path should be a path below /api/v2/"):
        send_request(runner, path)
    assert runner.received == []


def test_an_unknown_method_is_rejected(runner):
    with pytest.raises(AirflowFailException, match="method should be one of GET, POST, PATCH, PUT, DELETE"):
        send_request(runner, "customModels/", method="TRACE")
    with pytest.raises(AirflowFailException, match="query should be an object"):
        send_request(runner, "customModels/", query="limit=1")
    assert runner.received == []


def test_a_rejection_contains_the_message_of_the_server(runner):
    with pytest.raises(AirflowFailException, match="targetType: this field is required for inference models") as caught:
        send_request(runner, "customModels/", method="POST", json={"name": "x", "customModelType": "inference"})
    assert f"Request id: {runner.log()[-1]['requestId']}" in str(caught.value)
