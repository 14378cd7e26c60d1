"""The operator for everything else: any route, any method, and the job that a response may point to."""

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


def ask(runner, path, **given):
    return runner.run(DataRobotRequestOperator, path=path, **given)


def names_by_id(response):
    return {dataset["datasetId"]: dataset["name"] for dataset in response["data"]}


@covers("list_custom_models")
def test_get_with_a_query(runner):
    made = [create_model(runner, name=f"Model {n}") for n in range(3)]
    runner.received.clear()
    response = ask(runner, "customModels/", query={"limit": 2, "offset": 0, "isDeployed": False})
    assert [model["id"] for model in response["data"]] == made[:0:-1]
    assert queries(runner) == [{"limit": "2", "offset": "0", "isDeployed": "false"}]
    for spelling in ("/customModels/", "/api/v2/customModels/", "customModels/"):
        assert ask(runner, spelling, query='{"limit": 1, "offset": 0}')["data"][0]["id"] == made[-1]


def test_routes_that_have_no_operator_of_their_own(runner):
    assert ask(runner, "datasets/", response_filter=names_by_id)[DATASET] == "diabetes_training.csv"
    assert ask(runner, f"datasets/{DATASET}/")["datasetId"] == DATASET
    assert ask(runner, f"deployments/{DEPLOYMENT}/")["label"] == "Product handbook vector database"


@covers("create_custom_model", "update_custom_model", "delete_custom_model", "get_custom_model_limits")
def test_post_patch_and_delete(runner):
    body = {"name": "Prices", "customModelType": "inference", "targetType": "Unstructured"}
    model = ask(runner, "customModels/", method="POST", json=body)
    assert (model["name"], model["targetType"]) == ("Prices", "Unstructured")
    changed = ask(runner, f"customModels/{model['id']}/", method="PATCH", json={"description": "new"})
    assert changed["description"] == "new"
    assert ask(runner, f"customModels/{model['id']}/", method="DELETE") is None
    assert (
        ask(runner, "customModels/", query={"offset": 0, "limit": 9}, response_filter=lambda page: page["data"]) == []
    )
    assert runner.bodies("POST", "customModels/") == [json.dumps(body).encode()]
    assert ask(runner, "customModelLimits/")["maxCustomModelReplicasPerDeployment"] == 8


@BOTH_MODES
@covers("create_custom_model_version_from_repository", "get_job_status", "get_custom_model_version")
def test_a_job_is_followed_to_what_it_made(runner, deferrable):
    path = f"customModels/{create_model(runner)}/versions/fromRepository/"
    how = {"method": "POST", "json": REPOSITORY, "deferrable": deferrable, **WAIT}
    version = ask(runner, path, **how)
    assert [item["filePath"] for item in version["items"]] == ["custom.py"]
    assert ask(runner, path, **how, response_filter=lambda made: made["label"]) == "1.1"


@BOTH_MODES
@covers("create_vector_database_validation", "get_vector_database_validation")
def test_a_genai_job_is_followed_to_what_it_made(runner, deferrable):
    made = ask(runner, VALIDATIONS, method="POST", json=VALIDATION, deferrable=deferrable, **WAIT)
    assert (made["validationStatus"], made["deploymentId"]) == ("PASSED", DEPLOYMENT)
    assert {e.path.split("/")[3] for e in runner.received} == {"genai"}


@BOTH_MODES
@covers("create_custom_model_version_from_repository", "get_job_status")
def test_start_here_and_wait_there(runner, deferrable):
    path = f"customModels/{create_model(runner)}/versions/fromRepository/"
    status = ask(runner, path, method="POST", json=REPOSITORY, wait_for_completion=False, deferrable=deferrable)
    assert runner.ti.xcoms["datarobot_id"] == status
    made = runner.run(DataRobotStatusSensor, status=status, deferrable=deferrable, poke_interval=0.05, timeout=60)
    assert made.startswith(f"{runner.origin}/api/v2/{path.removesuffix('fromRepository/')}")


@BOTH_MODES
def test_a_job_that_fails(runner, deferrable):
    outcome = {"kind": "version_from_repository", "outcome": "failed", "message": "no such branch"}
    runner.emulator.control("POST", "outcomes", outcome)
    path = f"customModels/{create_model(runner)}/versions/fromRepository/"
    with pytest.raises(AirflowException, match="no such branch"):
        ask(runner, path, method="POST", json=REPOSITORY, deferrable=deferrable, **WAIT)


def test_a_location_that_is_no_status_record_is_not_followed(runner, monkeypatch):
    """Batch predictions answer so: the job is made, and another try of the task would make another."""
    made = {"id": "65a0000000000000000000b9", "status": "INITIALIZING"}
    head = b"HTTP/1.1 202 Accepted\r\nLocation: /api/v2/batchPredictions/65a0000000000000000000b9/\r\n"
    body = json.dumps(made).encode()
    length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()

    def handle(connection):
        read_request(connection)
        connection.sendall(head + length + body)

    with raw_server(handle) as port:
        runner.origin = f"http://127.0.0.1:{port}"
        runner.connect(TOKEN)
        assert ask(runner, "batchPredictions/", method="POST", json={}) == made


@pytest.mark.parametrize(
    "path",
    [
        "https://elsewhere.example/api/v2/customModels/",
        "//elsewhere.example/api/v2/customModels/",
        "customModels/../../../admin/",
        "../admin/",
        "customModels/%2e%2e/%2e%2e/admin/",
        "http:customModels/",
    ],
)
def test_a_path_that_leads_elsewhere_stays_at_home(runner, path):
    """Refuse it before anything is sent, or ask the connection's own host for it; never another one."""
    with pytest.raises(AirflowFailException) as caught:
        ask(runner, path)
    if runner.received:
        assert [e.path.startswith("/api/v2/") and ".." not in e.path for e in runner.received] == [True]
        assert "returned 404" in str(caught.value)
    else:
        assert "path should be a path below /api/v2/" in str(caught.value)


@pytest.mark.parametrize("path", ["https://elsewhere.example/api/v2/customModels/", "customModels/../../../admin/"])
def test_a_foreign_path_and_dots_are_refused_before_anything_is_sent(runner, path):
    with pytest.raises(AirflowFailException, match="path should be a path below /api/v2/"):
        ask(runner, path)
    assert runner.received == []


def test_a_method_that_there_is_not(runner):
    with pytest.raises(AirflowFailException, match="method should be one of GET, POST, PATCH, PUT, DELETE"):
        ask(runner, "customModels/", method="TRACE")
    with pytest.raises(AirflowFailException, match="query should be an object"):
        ask(runner, "customModels/", query="limit=1")
    assert runner.received == []


def test_a_refusal_says_what_the_server_says(runner):
    with pytest.raises(AirflowFailException, match="targetType: this field is required for inference models") as caught:
        ask(runner, "customModels/", method="POST", json={"name": "x", "customModelType": "inference"})
    assert f"Request id: {runner.log()[-1]['requestId']}" in str(caught.value)
