"""Training data of versions, and versions that a job creates."""

import json

import pytest


def with_data(api, model, dataset, **fields):
    return api.upload(model, {"custom.py": b""}, trainingData=json.dumps({"datasetId": dataset}), **fields)


def assigned(api, version):
    path = f"/customModels/{version['customModelId']}/versions/{version['id']}/"

    def poll():
        training = api("GET", path).json()["trainingData"]
        return None if training["assignmentInProgress"] else training

    return api.wait_until(poll)


def test_assignment_succeeds_after_its_duration(api, conforms):
    dataset = api.dataset()
    version = conforms("CustomModelVersionResponse", with_data(api, api.model(), dataset), 201)
    assert version["trainingData"]["assignmentInProgress"] is True
    assert version["trainingData"]["datasetVersionId"]
    training = assigned(api, version)
    assert training["assignmentError"] is None
    assert (training["datasetId"], training["datasetName"]) == (dataset, "houses.csv")


def test_missing_target_column_is_an_error(api):
    version = with_data(api, api.model(targetName="weight"), api.dataset()).json()
    assert "target is not found" in assigned(api, version)["assignmentError"]["message"]


def test_missing_partition_column_is_an_error(api):
    holdout = json.dumps({"partitionColumn": "nowhere"})
    version = with_data(api, api.model(), api.dataset(), holdoutData=holdout).json()
    assert version["holdoutData"]["partitionColumn"] == "nowhere"
    assert "nowhere" in assigned(api, version)["assignmentError"]["message"]


def test_unstructured_models_are_assigned_at_once(api):
    model = api.model(targetType="Unstructured", targetName=None)
    version = with_data(api, model, api.dataset()).json()
    assert version["trainingData"]["assignmentInProgress"] is False


def test_model_must_be_enabled(api):
    model = api.model(isTrainingDataForVersionsPermanentlyEnabled=None)
    response = with_data(api, model, api.dataset())
    assert response.status_code == 422
    assert "isTrainingDataForVersionsPermanentlyEnabled" in response.json()["message"]


def test_unknown_dataset_is_404(api):
    assert with_data(api, api.model(), "0123").status_code == 404


def test_data_are_inherited_by_default(api):
    model, _ = api.trained()
    path = f"/customModels/{model}/versions/"
    assert api("PATCH", path, json={"isMajorUpdate": "false"}).json()["trainingData"]["datasetId"]
    body = {"isMajorUpdate": "false", "keepTrainingHoldoutData": False}
    assert api("PATCH", path, json=body).json()["trainingData"]["datasetId"] is None


@pytest.mark.parametrize("outcome", ["failed", "cancelled"])
def test_failed_assignment_can_be_set(api, outcome):
    api.control("POST", "outcomes", {"kind": "training_data", "outcome": outcome, "message": "no luck"})
    version = with_data(api, api.model(), api.dataset()).json()
    assert assigned(api, version)["assignmentError"] == {"message": "no luck"}


def test_expired_assignment_removes_the_version(api):
    api.control("POST", "outcomes", {"kind": "training_data", "outcome": "expired"})
    version = with_data(api, api.model(), api.dataset()).json()
    path = f"/customModels/{version['customModelId']}/versions/{version['id']}/"
    api.wait_until(lambda: api("GET", path).status_code == 404)


def test_with_training_data_creates_a_minor_version(api, conforms):
    model = api.model()
    first = api.version(model)
    path = f"/customModels/{model}/versions/withTrainingData/"
    body = {"trainingData": {"datasetId": api.dataset()}, "holdoutData": {"partitionColumn": "split"}}
    response = api("PATCH", path, json=body)
    version = conforms("CustomModelVersionResponse", response, 202)
    assert version["id"] != first
    assert version["label"] == "1.1"
    done = api.finish(response)
    assert done.status_code == 303
    assert api("GET", done.headers["Location"]).json()["id"] == version["id"]


def test_with_training_data_rejects_invalid_requests(api, rejected_fields):
    model = api.model()
    path = f"/customModels/{model}/versions/withTrainingData/"
    dataset = api.dataset()
    body = {"trainingData": {"datasetId": dataset}}
    assert api("PATCH", path, json=body).status_code == 404
    api.version(model)
    assert "trainingData" in rejected_fields(api("PATCH", path, json={}))
    assert "trainingData" in rejected_fields(api("PATCH", path, json={"trainingData": {}}))
    assert api("PATCH", path, json={"trainingData": {"datasetId": "0123"}}).status_code == 404
    api.control("DELETE", f"datasets/{dataset}")
    assert api("PATCH", path, json=body).status_code == 410


@pytest.mark.parametrize(
    ("fields", "holdout"),
    [({"targetName": "weight"}, {}), ({}, {"partitionColumn": "nowhere"})],
    ids=["target", "split"],
)
def test_with_training_data_rejects_unsuitable_data_at_once(api, fields, holdout):
    """The GitHub Action expects the error here and no new version."""
    model = api.model(**fields)
    api.version(model)
    body = {"trainingData": {"datasetId": api.dataset()}, "holdoutData": holdout}
    response = api("PATCH", f"/customModels/{model}/versions/withTrainingData/", json=body)
    assert (response.status_code, "not found in the provided dataset" in response.json()["message"]) == (422, True)
    assert [v["label"] for v in api("GET", f"/customModels/{model}/versions/").json()["data"]] == ["1.0"]
    assert api.control("GET", "jobs")["data"] == []


def test_with_training_data_can_be_set_to_fail(api):
    model = api.model()
    api.version(model)
    api.control("POST", "outcomes", {"kind": "training_data", "outcome": "failed", "message": "no luck"})
    path = f"/customModels/{model}/versions/withTrainingData/"
    done = api.finish(api("PATCH", path, json={"trainingData": {"datasetId": api.dataset()}}))
    assert (done.json()["status"], done.json()["message"]) == ("ERROR", "no luck")


@pytest.mark.parametrize(("method", "label", "count"), [("POST", "1.1", 2), ("PATCH", "1.1", 3)])
def test_from_repository(api, conforms, method, label, count):
    model = api.model()
    api.version(model, {"readme.md": b"x"})
    body = {"repositoryId": "repo", "ref": "main", "sourcePath": ["src/custom.py", "src/requirements.txt"]}
    response = api(method, f"/customModels/{model}/versions/fromRepository/", json={**body, "isMajorUpdate": False})
    assert (response.status_code, response.content) == (202, b"")
    assert len(api("GET", f"/customModels/{model}/versions/").json()["data"]) == 1
    done = api.finish(response)
    assert done.status_code == 303
    version = conforms("CustomModelVersionResponse", api("GET", done.headers["Location"]))
    assert (version["label"], len(version["items"])) == (label, count)
    pulled = next(item for item in version["items"] if item["filePath"] == "custom.py")
    assert (pulled["ref"], pulled["repositoryFilePath"]) == ("main", "src/custom.py")
    assert api("GET", f"/customModels/{model}/").json()["latestVersion"]["id"] == version["id"]


def test_from_repository_rejects_invalid_requests(api, rejected_fields):
    model = api.model()
    path = f"/customModels/{model}/versions/fromRepository/"
    assert "baseEnvironmentId" in rejected_fields(api("POST", path, json={"repositoryId": "r"}))
    assert "repositoryId" in rejected_fields(api("POST", path, json={}))
    body = {"repositoryId": "r", "baseEnvironmentId": api.environment(), "sourcePath": ""}
    assert "sourcePath" in rejected_fields(api("PATCH", path, json=body))


def test_cancelled_job_creates_no_version(api):
    model = api.model()
    api.control("POST", "outcomes", {"kind": "version_from_repository", "outcome": "cancelled"})
    body = {"repositoryId": "r", "baseEnvironmentId": api.environment()}
    done = api.finish(api("POST", f"/customModels/{model}/versions/fromRepository/", json=body))
    assert done.json()["status"] == "ABORTED"
    assert api("GET", f"/customModels/{model}/versions/").json()["data"] == []
