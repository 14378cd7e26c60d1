"""Feature impact and prediction explanations."""

import pytest


@pytest.fixture
def version(api):
    model, version = api.trained()
    return f"/customModels/{model}/versions/{version}/"


def test_impact_of_the_training_columns(api, conforms, version):
    assert api("GET", f"{version}featureImpact/").status_code == 404
    response = api("POST", f"{version}featureImpact/")
    assert conforms("FeatureImpactCreateResponse", response, 202)["statusId"] in response.headers["Location"]
    assert api("GET", f"{version}featureImpact/").status_code == 422
    done = api.finish(response)
    assert done.headers["Location"] == api.emulator.endpoint + version + "featureImpact/"
    body = conforms("FeatureImpactResponse", api("GET", done.headers["Location"]))
    names = [item["featureName"] for item in body["featureImpacts"]]
    assert names[0] == "age"
    assert set(names) == {"age", "city", "split"}
    assert body["featureImpacts"][0]["impactNormalized"] == 1.0
    assert body["featureImpacts"][0]["impactUnnormalized"] == pytest.approx(0.998, abs=0.01)
    values = [item["impactNormalized"] for item in body["featureImpacts"]]
    assert values == sorted(values, reverse=True)
    assert body["rowCount"] is None


def test_partition_column_has_no_impact(api):
    model, version = api.trained(holdoutData='{"partitionColumn": "split"}')
    path = f"/customModels/{model}/versions/{version}/featureImpact/"
    api.finish(api("POST", path))
    assert {i["featureName"] for i in api("GET", path).json()["featureImpacts"]} == {"age", "city"}


def test_second_submission_is_404_with_the_job(api, version):
    first = api("POST", f"{version}featureImpact/").json()["statusId"]
    again = api("POST", f"{version}featureImpact/")
    assert again.status_code == 404
    assert again.json()["jobId"] == first
    api.wait_until(lambda: api("GET", f"{version}featureImpact/").status_code == 200)
    assert api("POST", f"{version}featureImpact/").json()["jobId"] == first


def test_row_count(api, version, rejected_fields):
    assert "rowCount" in rejected_fields(api("POST", f"{version}featureImpact/", json={"rowCount": 9}))
    too_many = api("POST", f"{version}featureImpact/", json={"rowCount": 10})
    assert too_many.status_code == 422
    assert "rowCount" in too_many.json()["message"]


@pytest.mark.parametrize("route", ["featureImpact", "predictionExplanationsInitialization"])
def test_missing_training_data_is_422(api, route):
    model = api.model()
    path = f"/customModels/{model}/versions/{api.version(model)}/{route}/"
    assert api("POST", path).status_code == 422
    free = api.model(targetType="Unstructured", targetName=None)
    assert api("POST", f"/customModels/{free}/versions/{api.version(free)}/{route}/").status_code == 422
    assert api("POST", f"/customModels/{model}/versions/0123/{route}/").status_code == 404


def test_running_assignment_is_422(api):
    api.control("POST", "outcomes", {"kind": "training_data", "outcome": "stuck"})
    model = api.model()
    version = api.version(model, trainingData=f'{{"datasetId": "{api.dataset()}"}}')
    assert api("POST", f"/customModels/{model}/versions/{version}/featureImpact/").status_code == 422
    assert api("GET", f"/customModels/{model}/versions/{version}/featureImpact/").status_code == 422


@pytest.mark.parametrize(("outcome", "status"), [("failed", "ERROR"), ("cancelled", "ABORTED"), ("expired", "EXPIRED")])
def test_failed_job_has_no_result_and_can_be_repeated(api, version, outcome, status):
    api.control("POST", "outcomes", {"kind": "feature_impact", "outcome": outcome, "message": "too bad"})
    record = api.finish(api("POST", f"{version}featureImpact/"))
    assert (record.status_code, record.json()["status"], record.json()["message"]) == (200, status, "too bad")
    assert api("GET", f"{version}featureImpact/").status_code == 404
    assert api.finish(api("POST", f"{version}featureImpact/")).status_code == 303


def test_prediction_explanations(api, version):
    response = api("POST", f"{version}predictionExplanationsInitialization/")
    assert (response.status_code, response.content) == (202, b"")
    assert api.finish(response).headers["Location"] == api.emulator.endpoint + version


def test_prediction_explanations_can_fail(api, version):
    api.control("POST", "outcomes", {"kind": "prediction_explanations", "outcome": "failed"})
    assert api.finish(api("POST", f"{version}predictionExplanationsInitialization/")).json()["status"] == "ERROR"
