"""Legacy routes: training data of a model, feature impact of an image, prediction explanations by body."""

import pytest

ENABLED = "isTrainingDataForVersionsPermanentlyEnabled"


@pytest.fixture
def legacy_model(api):
    """Create a model to which training data are assigned, with a version."""
    model = api.model(**{ENABLED: None})
    return model, api.version(model)


def assign(api, model, **body):
    return api("PATCH", f"/customModels/{model}/trainingData/", json=body)


def training(api, model):
    body = api("GET", f"/customModels/{model}/").json()
    names = ("trainingDatasetId", "trainingDataFileName", "trainingDataPartitionColumn")
    return [body[name] for name in names], body["trainingDataAssignmentInProgress"]


def test_training_data_of_a_model(api, conforms, legacy_model):
    model, _ = legacy_model
    dataset = api.dataset()
    response = assign(api, model, datasetId=dataset, partitionColumn="split")
    assert (response.status_code, response.content) == (202, b"")
    assert training(api, model) == ([None, None, None], True)
    done = api.finish(response)
    assert (done.status_code, done.headers["Location"]) == (303, f"{api.emulator.endpoint}/customModels/{model}/")
    conforms("CustomModelResponse", api("GET", done.headers["Location"]))
    assert training(api, model) == ([dataset, "houses.csv", "split"], False)


def test_training_data_of_a_model_serve_all_versions(api, conforms, legacy_model):
    model, version = legacy_model
    path = f"/customModels/{model}/versions/{version}/featureImpact/"
    assert "not assigned" in api("POST", path).json()["message"]
    response = assign(api, model, datasetId=api.dataset(), partitionColumn="split")
    assert "being assigned" in api("POST", path).json()["message"]
    api.finish(response)
    assert api.finish(api("POST", path)).status_code == 303
    impacts = conforms("FeatureImpactResponse", api("GET", path))["featureImpacts"]
    assert {i["featureName"] for i in impacts} == {"age", "city"}


def test_failed_assignment_keeps_the_previous_data(api, legacy_model):
    model, _ = legacy_model
    first = api.dataset()
    api.finish(assign(api, model, datasetId=first))
    api.control("POST", "outcomes", {"kind": "training_data", "outcome": "failed", "message": "no room"})
    done = api.finish(assign(api, model, datasetId=api.dataset()))
    assert (done.json()["status"], done.json()["message"]) == ("ERROR", "no room")
    assert training(api, model) == ([first, "houses.csv", None], False)


def test_invalid_requests_are_rejected(api, rejected_fields, legacy_model):
    model, version = legacy_model
    assert "datasetId" in rejected_fields(assign(api, model))
    assert "datasetId" in rejected_fields(assign(api, model, datasetId="0123"))
    dataset = api.dataset()
    assert "datasetVersionId" in rejected_fields(assign(api, model, datasetId=dataset, datasetVersionId="0123"))
    assert "colour" in rejected_fields(assign(api, model, datasetId=dataset, colour="red"))
    for csv, more in (("a,b\n1,2\n", {}), ("a,price\n1,2\n", {"partitionColumn": "split"})):
        response = assign(api, model, datasetId=api.dataset(csv), **more)
        assert response.status_code == 422
        assert "not found in the provided dataset" in response.json()["message"]
    deleted = api.dataset()
    api.control("DELETE", f"datasets/{deleted}")
    assert assign(api, model, datasetId=deleted).status_code == 410
    assert assign(api, "0123", datasetId=dataset).status_code == 404
    api.finish(assign(api, model, datasetId=dataset))
    api.control("POST", "deployments", {"label": "live", "modelId": version})
    response = assign(api, model, datasetId=dataset)
    assert (response.status_code, "deployed" in response.json()["message"]) == (409, True)


def test_rejected_if_versions_have_training_data(api):
    response = assign(api, api.model(), datasetId=api.dataset())
    assert response.status_code == 422
    assert "at the model level has been permanently disabled" in response.json()["message"]


def test_one_assignment_at_a_time_and_a_locked_target(api, legacy_model):
    model, _ = legacy_model
    response = assign(api, model, datasetId=api.dataset())
    assert "still being assigned" in assign(api, model, datasetId=api.dataset()).json()["message"]
    api.finish(response)
    assert api("PATCH", f"/customModels/{model}/", json={"targetName": "age"}).status_code == 409


def test_dataset_that_is_still_read_is_rejected(api, legacy_model):
    api.control("POST", "outcomes", {"kind": "dataset_upload", "outcome": "stuck"})
    dataset = api("POST", "/datasets/fromFile/", files={"file": ("d.csv", b"age,price\n1,2\n")}).json()["catalogId"]
    response = assign(api, legacy_model[0], datasetId=dataset)
    assert (response.status_code, "to its end" in response.json()["message"]) == (422, True)


def image_path(version):
    return f"/customInferenceImages/{version}/featureImpact/"


def test_feature_impact_of_an_image(api, conforms):
    model, version = api.trained()
    assert api("GET", image_path(version)).status_code == 404
    response = api("POST", image_path(version))
    assert conforms("FeatureImpactCreateResponse", response, 202)["statusId"] in response.headers["Location"]
    assert api("GET", image_path(version)).status_code == 422
    done = api.finish(response)
    assert done.headers["Location"] == api.emulator.endpoint + image_path(version)
    impact = conforms("FeatureImpactResponse", api("GET", done.headers["Location"]))
    assert impact == api("GET", f"/customModels/{model}/versions/{version}/featureImpact/").json()
    again = api("POST", image_path(version))
    assert (again.status_code, again.json()["jobId"]) == (404, response.json()["statusId"])


def test_invalid_feature_impact_requests_are_rejected(api, rejected_fields):
    assert api("POST", image_path("0123")).status_code == 422
    assert api("GET", image_path("0123")).status_code == 404
    version = api.version(api.model())
    assert api("POST", image_path(version)).status_code == 422
    assert api("GET", image_path(version)).status_code == 422
    _, trained = api.trained()
    assert "rowCount" in rejected_fields(api("POST", image_path(trained), json={"rowCount": 1}))
    assert "rowCount exceeds" in api("POST", image_path(trained), json={"rowCount": 100_000}).json()["message"]


def explain(api, **body):
    return api("POST", "/customModels/predictionExplanationsInitialization/", json=body)


def test_prediction_explanations_by_body(api):
    model, version = api.trained()
    environment = api.control("POST", "environments", {"name": "other"})
    response = explain(
        api,
        customModelId=model,
        customModelVersionId=version,
        environmentId=environment["id"],
        environmentVersionId=environment["versionId"],
    )
    assert (response.status_code, response.content) == (202, b"")
    assert api.finish(response).headers["Location"].endswith(f"/customModels/{model}/versions/{version}/")


def test_invalid_prediction_explanations_are_rejected(api, rejected_fields):
    model, version = api.trained()
    ids = {"customModelId": model, "customModelVersionId": version}
    assert {"customModelId", "customModelVersionId"} <= set(rejected_fields(explain(api)))
    for name in ("customModelId", "customModelVersionId", "environmentId", "environmentVersionId"):
        assert name in rejected_fields(explain(api, **{**ids, name: "0123"}))
    other = api.control("POST", "environments", {"name": "other"})
    mixed = {**ids, "environmentId": api.environment(), "environmentVersionId": other["versionId"]}
    assert "environmentVersionId" in rejected_fields(explain(api, **mixed))
    bare = api.model()
    assert explain(api, customModelId=bare, customModelVersionId=api.version(bare)).status_code == 422
    free = api.model(targetType="Unstructured", targetName=None)
    response = explain(api, customModelId=free, customModelVersionId=api.version(free))
    assert (response.status_code, "not valid" in response.json()["message"]) == (422, True)
