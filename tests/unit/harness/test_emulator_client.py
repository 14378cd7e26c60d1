from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.emulator_client import Created, EmulatorClient, requests_by_model, requests_by_route

if TYPE_CHECKING:
    from requests_mock import Mocker

A, B, SHARED = "65a00000000000000000000a", "65a00000000000000000000b", "65a0000000000000000000d1"
STATUS = "8c30f6a2-0b1c-4d2e-8f3a-5b6c7d8e9f00"
API = "http://127.0.0.1:1/api/v2"


def request(path: str, query: str = "", method: str = "GET") -> dict[str, Any]:
    return {"method": method, "path": f"/api/v2/{path}", "query": query, "userAgent": "airflow-provider-datarobot/1"}


def test_request_is_related_to_the_model_in_its_path_or_query() -> None:
    created = {"model-01": Created({"model-01", A, STATUS, SHARED}), "model-02": Created({"model-02", B, SHARED})}
    log = [
        request(f"customModels/{A}/versions/"),
        request(f"status/{STATUS}/"),
        request("customModels/", "searchFor=model-02&limit=100"),
        request(f"datasets/{SHARED}/"),
        request("customModels/", method="POST"),
    ]
    related, unrelated = requests_by_model(log, created)
    assert related == {"model-01": 2, "model-02": 1}
    assert unrelated == 2


def test_name_inside_a_longer_name_does_not_match() -> None:
    related, unrelated = requests_by_model(
        [request("customModels/", "searchFor=model-100")], {"model-10": Created({"model-10"})}
    )
    assert (dict(related), unrelated) == ({}, 1)


def test_routes_are_counted_without_ids() -> None:
    log = [request(f"customModels/{A}/"), request(f"customModels/{B}/"), request(f"status/{STATUS}/")]
    assert requests_by_route(log) == {"GET /api/v2/customModels/ID/": 2, "GET /api/v2/status/ID/": 1}


def control_api(monkeypatch: pytest.MonkeyPatch, **responses: list[dict[str, Any]]) -> None:
    """Replace the control API by responses."""
    monkeypatch.setattr(EmulatorClient, "control", lambda _client, _method, path: {"data": responses[path.rstrip("?")]})


def test_created_counts_lists_and_jobs(requests_mock: Mocker, monkeypatch: pytest.MonkeyPatch) -> None:
    version, guarded, other = "65a0000000000000000000f1", "65a0000000000000000000f2", "65a0000000000000000000f3"
    page = {"data": [{"id": A, "name": "model-01"}], "next": "more"}
    last = {"data": [{"id": B, "name": "model-02"}], "next": None}
    requests_mock.get(f"{API}/customModels/?limit=100&offset=0", json=page)
    requests_mock.get(f"{API}/customModels/?limit=100&offset=1", json=last)
    requests_mock.get(f"{API}/customModels/{A}/versions/", json={"data": [{"id": version}, {"id": guarded}]})
    requests_mock.get(f"{API}/customModels/{B}/versions/", json={"data": [{"id": other}]})
    requests_mock.get(f"{API}/guardConfigurations/", json={"data": []})
    requests_mock.get(f"{API}/guardConfigurations/?entityId={guarded}", json={"data": [{"id": "guard"}]})
    jobs = [
        {"kind": "model_test", "ids": {"customModelId": A, "statusId": STATUS}},
        {"kind": "model_test", "ids": {"customModelId": B}},
        {"kind": "model_test", "ids": {"customModelId": B}},
    ]
    control_api(monkeypatch, jobs=jobs)
    created = EmulatorClient(API, "token").created()
    assert created["model-01"].counts == {"models": 1, "versions": 1, "guarded": 1, "tests": 1}
    assert created["model-01"].names == {"model-01", A, version, guarded, STATUS}
    assert created["model-02"].counts == {"models": 1, "versions": 1, "tests": 2}


@pytest.mark.parametrize(("agent", "count"), [("airflow-provider-datarobot-mlops/0.1", 1), ("python-requests/2", 0)])
def test_only_requests_of_the_provider_are_counted(monkeypatch: pytest.MonkeyPatch, agent: str, count: int) -> None:
    control_api(monkeypatch, requests=[{**request("customModels/"), "userAgent": agent}])
    assert len(EmulatorClient(API, "token").provider_requests()) == count
