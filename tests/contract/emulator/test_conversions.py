"""Conversions."""

import pytest


@pytest.fixture
def version(api):
    model = api.model()
    body = api.upload(model, {"Main.java": b"class Main {}"}).json()
    return f"/customModels/{model}/versions/{body['id']}/conversions/", body["items"][0]["id"]


def test_conversion_from_start_to_result(api, conforms, version):
    path, item = version
    response = api("POST", path, json={"mainProgramItemId": item})
    started = conforms("CustomModelConversionAsyncOperationResponse", response, 202)
    one = f"{path}{started['conversionId']}/"
    running = conforms("ConversionResponse", api("GET", one))
    assert (running["conversionInProgress"], running["conversionSucceeded"]) == (True, None)
    assert "generatedMetadata" not in running
    assert api("POST", path, json={"mainProgramItemId": item}).status_code == 422
    assert api.finish(response).headers["Location"] == api.emulator.endpoint + one
    done = conforms("ConversionResponse", api("GET", one))
    assert (done["conversionInProgress"], done["conversionSucceeded"]) == (False, True)
    assert done["generatedMetadata"]["outputDatasets"]
    assert api("DELETE", one).status_code == 422
    second = api("POST", path, json={"mainProgramItemId": item}).json()["conversionId"]
    listed = conforms("ConversionListResponse", api("GET", path))
    assert [c["id"] for c in listed["data"]] == [second, started["conversionId"]]
    assert [c["id"] for c in api("GET", path, params={"isLatest": "True"}).json()["data"]] == [second]


def test_stop(api, version):
    path, item = version
    api.control("POST", "outcomes", {"kind": "conversion", "outcome": "stuck"})
    response = api("POST", path, json={"mainProgramItemId": item})
    one = f"{path}{response.json()['conversionId']}/"
    assert api("DELETE", one).status_code == 204
    stopped = api("GET", one).json()
    assert (stopped["shouldStop"], stopped["conversionSucceeded"]) == (True, False)
    assert api("GET", response.headers["Location"]).json()["status"] == "ABORTED"


def test_invalid_requests_are_rejected(api, version, rejected_fields):
    path, _ = version
    assert "mainProgramItemId" in rejected_fields(api("POST", path, json={"mainProgramItemId": "0123"}))
    assert "mainProgramItemId" in rejected_fields(api("POST", path))
    assert api("GET", f"{path}0123/").status_code == 404
    assert api("DELETE", f"{path}0123/").status_code == 404


def test_failure_can_be_set(api, version):
    path, item = version
    order = {"kind": "conversion", "outcome": "failed", "message": "javac said no"}
    api.control("POST", "outcomes", order)
    response = api("POST", path, json={"mainProgramItemId": item})
    assert api.finish(response).json()["status"] == "ERROR"
    assert api("GET", f"{path}{response.json()['conversionId']}/").json()["logMessage"] == "javac said no"
