"""The operator for everything else: any route, any method, and the job that a response may point to."""

from __future__ import annotations

import json

import pytest

from datarobot_provider.operators.request import DataRobotRequestOperator
from datarobot_provider.sensors.status import DataRobotStatusSensor
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.contract.operations.register import covers
from tests.contract.operations.test_custom_models import queries
from tests.contract.provider.conftest import PATIENT, TOKEN
from tests.support.emulator import DATASET, DEPLOYMENT, ENVIRONMENT
from tests.support.life_cycle import make_model
from tests.unit.support import raw_server, read_request

BOTH_MODES = pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "trigger"])
REPOSITORY = {"repositoryId": "65a0000000000000000000c1", "baseEnvironmentId": ENVIRONMENT}
VALIDATION = {"deploymentId": DEPLOYMENT, "promptColumnName": "promptText", "targetColumnName": "relevant"}
VALIDATIONS = "genai/customModelVectorDatabaseValidations/"


def ask(stage, path, **given):
    return stage.run(DataRobotRequestOperator, path=path, **given)


def names_by_id(response):
    return {dataset["datasetId"]: dataset["name"] for dataset in response["data"]}


@covers("list_custom_models")
def test_get_with_a_query(stage):
    made = [make_model(stage, name=f"Model {n}") for n in range(3)]
    stage.seen.clear()
    response = ask(stage, "customModels/", query={"limit": 2, "offset": 0, "isDeployed": False})
    assert [model["id"] for model in response["data"]] == made[:0:-1]
    assert queries(stage) == [{"limit": "2", "offset": "0", "isDeployed": "false"}]
    for spelling in ("/customModels/", "/api/v2/customModels/", "customModels/"):
        assert ask(stage, spelling, query='{"limit": 1, "offset": 0}')["data"][0]["id"] == made[-1]


def test_routes_that_have_no_operator_of_their_own(stage):
    assert ask(stage, "datasets/", response_filter=names_by_id)[DATASET] == "diabetes_training.csv"
    assert ask(stage, f"datasets/{DATASET}/")["datasetId"] == DATASET
    assert ask(stage, f"deployments/{DEPLOYMENT}/")["label"] == "Product handbook vector database"


@covers("create_custom_model", "update_custom_model", "delete_custom_model", "get_custom_model_limits")
def test_post_patch_and_delete(stage):
    body = {"name": "Prices", "customModelType": "inference", "targetType": "Unstructured"}
    model = ask(stage, "customModels/", method="POST", json=body)
    assert (model["name"], model["targetType"]) == ("Prices", "Unstructured")
    changed = ask(stage, f"customModels/{model['id']}/", method="PATCH", json={"description": "new"})
    assert changed["description"] == "new"
    assert ask(stage, f"customModels/{model['id']}/", method="DELETE") is None
    assert ask(stage, "customModels/", query={"offset": 0, "limit": 9}, response_filter=lambda page: page["data"]) == []
    assert stage.bodies("POST", "customModels/") == [json.dumps(body).encode()]
    assert ask(stage, "customModelLimits/")["maxCustomModelReplicasPerDeployment"] == 8


@BOTH_MODES
@covers("create_custom_model_version_from_repository", "get_job_status", "get_custom_model_version")
def test_a_job_is_followed_to_what_it_made(stage, deferrable):
    path = f"customModels/{make_model(stage)}/versions/fromRepository/"
    how = {"method": "POST", "json": REPOSITORY, "deferrable": deferrable, **PATIENT}
    version = ask(stage, path, **how)
    assert [item["filePath"] for item in version["items"]] == ["custom.py"]
    assert ask(stage, path, **how, response_filter=lambda made: made["label"]) == "1.1"


@BOTH_MODES
@covers("create_vector_database_validation", "get_vector_database_validation")
def test_a_genai_job_is_followed_to_what_it_made(stage, deferrable):
    made = ask(stage, VALIDATIONS, method="POST", json=VALIDATION, deferrable=deferrable, **PATIENT)
    assert (made["validationStatus"], made["deploymentId"]) == ("PASSED", DEPLOYMENT)
    assert {e.path.split("/")[3] for e in stage.seen} == {"genai"}


@BOTH_MODES
@covers("create_custom_model_version_from_repository", "get_job_status")
def test_start_here_and_wait_there(stage, deferrable):
    path = f"customModels/{make_model(stage)}/versions/fromRepository/"
    status = ask(stage, path, method="POST", json=REPOSITORY, wait_for_completion=False, deferrable=deferrable)
    assert stage.ti.xcoms["datarobot_id"] == status
    made = stage.run(DataRobotStatusSensor, status=status, deferrable=deferrable, poke_interval=0.05, timeout=60)
    assert made.startswith(f"{stage.origin}/api/v2/{path.removesuffix('fromRepository/')}")


@BOTH_MODES
def test_a_job_that_fails(stage, deferrable):
    outcome = {"kind": "version_from_repository", "outcome": "failed", "message": "no such branch"}
    stage.emulator.control("POST", "outcomes", outcome)
    path = f"customModels/{make_model(stage)}/versions/fromRepository/"
    with pytest.raises(AirflowException, match="no such branch"):
        ask(stage, path, method="POST", json=REPOSITORY, deferrable=deferrable, **PATIENT)


def test_a_location_that_is_no_status_record_is_not_followed(stage, monkeypatch):
    """Batch predictions answer so: the job is made, and another try of the task would make another."""
    made = {"id": "65a0000000000000000000b9", "status": "INITIALIZING"}
    head = b"HTTP/1.1 202 Accepted\r\nLocation: /api/v2/batchPredictions/65a0000000000000000000b9/\r\n"
    body = json.dumps(made).encode()
    length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()

    def handle(connection):
        read_request(connection)
        connection.sendall(head + length + body)

    with raw_server(handle) as port:
        stage.origin = f"http://127.0.0.1:{port}"
        stage.connect(TOKEN)
        assert ask(stage, "batchPredictions/", method="POST", json={}) == made


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
def test_a_path_that_leads_elsewhere_stays_at_home(stage, path):
    """Refuse it before anything is sent, or ask the connection's own host for it; never another one."""
    with pytest.raises(AirflowFailException) as caught:
        ask(stage, path)
    if stage.seen:
        assert [e.path.startswith("/api/v2/") and ".." not in e.path for e in stage.seen] == [True]
        assert "returned 404" in str(caught.value)
    else:
        assert "path should be a path below /api/v2/" in str(caught.value)


@pytest.mark.parametrize("path", ["https://elsewhere.example/api/v2/customModels/", "customModels/../../../admin/"])
def test_a_foreign_path_and_dots_are_refused_before_anything_is_sent(stage, path):
    with pytest.raises(AirflowFailException, match="path should be a path below /api/v2/"):
        ask(stage, path)
    assert stage.seen == []


def test_a_method_that_there_is_not(stage):
    with pytest.raises(AirflowFailException, match="method should be one of GET, POST, PATCH, PUT, DELETE"):
        ask(stage, "customModels/", method="TRACE")
    with pytest.raises(AirflowFailException, match="query should be an object"):
        ask(stage, "customModels/", query="limit=1")
    assert stage.seen == []


def test_a_refusal_says_what_the_server_says(stage):
    with pytest.raises(AirflowFailException, match="targetType: this field is required for inference models") as caught:
        ask(stage, "customModels/", method="POST", json={"name": "x", "customModelType": "inference"})
    assert f"Request id: {stage.log()[-1]['requestId']}" in str(caught.value)
