"""Ping, version, authorization, unknown routes, headers."""

import pytest
import requests


@pytest.mark.parametrize("path", ["/ping/", "//ping", "/ping"])
def test_ping_aliases(api, conforms, path):
    assert conforms("PingResponse", api("GET", path))["response"] == "pong"


def test_version(api, conforms):
    body = conforms("ApiVersion", api("GET", "/version/"))
    assert body["versionString"] == "2.50.0"


def test_limits(api, conforms):
    body = conforms("CustomModelResourceLimits", api("GET", "/customModelLimits/"))
    assert body["maxCustomModelContainerSize"] >= body["desiredCustomModelContainerSize"]


@pytest.mark.parametrize("scheme", ["Bearer", "Token"])
def test_both_schemes_are_accepted(emulator, scheme):
    response = requests.get(
        f"{emulator.endpoint}/version/", headers={"Authorization": f"{scheme} {emulator.token}"}, timeout=5
    )
    assert response.status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic x"}])
def test_invalid_token_is_401(emulator, headers):
    response = requests.get(f"{emulator.endpoint}/customModels/", headers=headers, timeout=5)
    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/json"
    assert response.json()["message"]


def test_read_only_token_is_403_for_changes(api, emulator):
    assert api.control("POST", "tokens", {"token": "reader-token", "readOnly": True}) == {"readOnly": True}
    reader = {"Authorization": "Bearer reader-token"}
    assert api("GET", "/customModels/", headers=reader).status_code == 200
    for method, path in (("POST", "/customModels/"), ("DELETE", "/customModelTests/x/")):
        assert api(method, path, headers=reader, json={}).status_code == 403


@pytest.mark.parametrize("path", ["/nothing/", "/customModels", "/customModels/x/y/", "/projects/"])
def test_unknown_route_is_404(api, path):
    response = api("GET", path)
    assert response.status_code == 404
    assert response.json() == {"message": "Not Found"}
    assert response.headers["Content-Type"] == "application/json"


def test_path_outside_the_api_is_404(api, emulator):
    assert api("GET", f"{emulator.url}/somewhere/").json() == {"message": "Not Found"}


def test_wrong_method_is_405(api):
    response = api("PUT", "/customModels/")
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, POST"


def test_every_response_has_its_own_request_id(api):
    responses = [api("GET", path) for path in ("/version/", "/version/", "/nothing/")]
    assert len({response.headers["X-DataRobot-Request-ID"] for response in responses}) == 3


def test_unknown_query_parameters_and_get_bodies_are_ignored(api):
    assert api("GET", "/customModels/", params={"tagKeys": "x"}, json={"limit": 1}).status_code == 200


def test_invalid_json_is_422(api):
    headers = {"Content-Type": "application/json"}
    assert api("POST", "/customModels/", data=b"{", headers=headers).status_code == 422
    assert api("POST", "/customModels/", data=b"[]", headers=headers).status_code == 422
    assert api("POST", "/customModels/", data={"name": "x"}).status_code == 422


def test_location_follows_host_and_forwarded_protocol(api):
    deployment = api.control("POST", "deployments", {"label": "vdb"})["id"]
    body = {"promptColumnName": "p", "targetColumnName": "t", "deploymentId": deployment}
    headers = {"Host": "robot.example.com", "X-Forwarded-Proto": "https"}
    response = api("POST", "/genai/customModelVectorDatabaseValidations/", json=body, headers=headers)
    assert response.headers["Location"].startswith("https://robot.example.com/api/v2/genai/status/")
    assert response.headers["Location"].endswith("/")


def test_token_is_never_shown(api, emulator, capfd):
    secret = {"Authorization": f"Bearer {emulator.token}"}
    responses = [
        api("GET", f"/customModels/?searchFor={emulator.token}", headers=secret),
        api("GET", f"/{emulator.token}/"),
        api("POST", "/customModels/", json={"name": 1, emulator.token[:5]: 2}),
        api("GET", "/version/", headers={"User-Agent": emulator.token}),
        api("GET", "/version/", headers={"Authorization": f"Basic {emulator.token}"}),
    ]
    for response in responses:
        assert emulator.token not in response.text + str(response.headers)
    assert emulator.token not in str(api.control("GET", "requests"))
    captured = capfd.readouterr()
    assert emulator.token not in captured.out + captured.err
