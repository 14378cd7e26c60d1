"""Injected faults."""

import time

import pytest
import requests

NEW = {"name": "m", "customModelType": "inference", "targetType": "Unstructured"}


def models(api):
    return api("GET", "/customModels/").json()["totalCount"]


def test_error_response_has_no_effect(api):
    fault = {"method": "post", "path": "/customModels/$", "status": 503, "retryAfter": 2, "times": 2}
    fault_id = api.control("POST", "faults", fault)["id"]
    for _ in range(2):
        response = api("POST", "/customModels/", json=NEW)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
        assert response.json()["message"]
        assert response.headers["X-DataRobot-Request-ID"]
    assert models(api) == 0
    assert api("POST", "/customModels/", json=NEW).status_code == 201
    listed = api.control("GET", "faults")["data"]
    assert [(f["id"], f["remaining"]) for f in listed] == [(fault_id, 0)]


def test_own_body_and_content_type(api):
    api.control("POST", "faults", {"status": 500, "body": "<html>", "contentType": "text/html"})
    response = api("GET", "/version/")
    assert (response.text, response.headers["Content-Type"]) == ("<html>", "text/html")
    api.control("POST", "faults", {"status": 422, "body": {"message": "no", "errorName": "JobAlreadyAdded"}})
    assert api("GET", "/version/").json()["errorName"] == "JobAlreadyAdded"


def test_applied_fault_has_an_effect(api):
    api.control("POST", "faults", {"method": "POST", "status": 500, "apply": True})
    assert api("POST", "/customModels/", json=NEW).status_code == 500
    assert models(api) == 1


def test_first_requests_can_be_unaffected(api):
    api.control("POST", "faults", {"path": "version", "status": 500, "after": 2})
    assert [api("GET", "/version/").status_code for _ in range(4)] == [200, 200, 500, 200]


def test_unlimited_fault_lasts_until_it_is_cleared(api):
    api.control("POST", "faults", {"status": 429, "times": None})
    assert [api("GET", "/version/").status_code for _ in range(3)] == [429] * 3
    assert api.control("GET", "faults")["data"][0]["remaining"] is None
    api.control("DELETE", "faults")
    assert api("GET", "/version/").status_code == 200


@pytest.mark.parametrize(("cut", "created"), [("before", 0), ("after", 1)])
def test_cut_without_a_response(api, cut, created):
    api.control("POST", "faults", {"method": "POST", "cut": cut})
    with pytest.raises(requests.ConnectionError):
        api("POST", "/customModels/", json=NEW)
    assert models(api) == created
    assert api.control("GET", "requests?method=POST")["data"][0]["status"] is None


def test_cut_inside_the_response(api):
    api.control("POST", "faults", {"method": "POST", "cut": "inside"})
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        api("POST", "/customModels/", json=NEW)
    assert models(api) == 1


@pytest.mark.parametrize("fault", [{"cut": "before"}, {"cut": "after"}, {"status": 503}])
def test_faults_in_the_middle_of_an_upload(api, fault):
    model = api.model()
    api.control("POST", "faults", {"method": "POST", "path": "versions", **fault})
    files = {"big.bin": b"x" * 5_000_000}
    if "cut" in fault:
        with pytest.raises(requests.ConnectionError):
            api.upload(model, files)
    else:
        assert api.upload(model, files).status_code == 503
    count = 1 if fault.get("cut") == "after" else 0
    assert api("GET", f"/customModels/{model}/versions/").json()["totalCount"] == count


def test_delay_precedes_the_response(api):
    api.control("POST", "faults", {"path": "version", "delay": 0.2})
    begin = time.monotonic()
    assert api("GET", "/version/").status_code == 200
    assert time.monotonic() - begin >= 0.2


def test_the_server_survives_its_faults(api):
    for cut in ("before", "inside", "after"):
        api.control("POST", "faults", {"cut": cut})
        with pytest.raises(requests.RequestException):
            api("GET", "/customModels/")
        assert api("GET", "/customModels/").status_code == 200
