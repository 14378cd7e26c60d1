"""The control API: resources, status records, request log, jobs, reset."""

import pytest

from datarobot_provider.emulator import running
from datarobot_provider.emulator.app import create_app
from datarobot_provider.emulator.control_api import request_bodies


@pytest.fixture
def status_record(api):
    model, version = api.trained()
    response = api("POST", f"/customModels/{model}/versions/{version}/featureImpact/")
    return response.headers["Location"], response.json()["statusId"]


def test_health(api):
    assert api.control("GET", "/__emulator__/health") == {"status": "ok", "timeScale": 0.01}


def test_index_lists_every_route_with_its_fields(api):
    index = api.control("GET", "/__emulator__/")["data"]
    listed = {(entry["method"], entry["path"]): entry for entry in index}
    control = next(mount for mount in create_app("token-of-the-index").routes if mount.path == "/__emulator__")
    routes = {(m, f"/__emulator__{route.path}") for route in control.routes for m in route.methods - {"HEAD"}}
    assert routes == set(listed)
    assert len(index) == len(listed)
    assert all(entry["description"].endswith(".") and "\n" not in entry["description"] for entry in index)
    fields = {field["name"]: field for field in listed["POST", "/__emulator__/outcomes"]["fields"]}
    assert set(fields) == set(request_bodies.OUTCOME.schema["properties"])
    assert {name for name, field in fields.items() if field["required"]} == {"kind", "outcome"}
    assert "model_test" in fields["kind"]["schema"]["enum"]
    assert fields["customModelId"]["description"]
    assert not any(field["required"] for field in listed["POST", "/__emulator__/seed"]["fields"])
    (path_filter,) = [p for p in listed["GET", "/__emulator__/requests"]["query"] if p["name"] == "path"]
    assert "regular expression" in path_filter["description"]
    assert listed["GET", "/__emulator__/jobs"]["fields"] == []


def test_resources_are_created(api):
    body = {"name": "d", "csv": "a,b\n1,2\n", "id": "64f0000000000000000000dd"}
    dataset = api.control("POST", "datasets", body)
    assert dataset.pop("versionId")
    assert dataset == {"id": body["id"], "name": "d", "columns": ["a", "b"], "rowCount": 1}
    environment = api.control("POST", "environments", {"name": "e", "id": "64f0000000000000000000ee"})
    assert set(environment) == {"id", "versionId", "name"}
    deployment = api.control("POST", "deployments", {"label": "l", "targetType": "Binary", "columns": ["x"]})
    assert (deployment["label"], deployment["targetType"], deployment["columns"]) == ("l", "Binary", ["x"])
    assert [d["id"] for d in api.control("GET", "datasets")["data"]] == [body["id"]]
    assert api.control("GET", "environments")["data"] == [environment]
    assert api.control("GET", "deployments")["data"] == [deployment]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("datasets", {"name": "d"}),
        ("datasets", {"name": "d", "csv": ""}),
        ("environments", {}),
        ("deployments", {"label": "x", "targetType": "Odd"}),
        ("outcomes", {"kind": "odd", "outcome": "failed"}),
        ("outcomes", {"kind": "model_test", "outcome": "odd"}),
        ("outcomes", {"kind": "model_test", "outcome": "unknown"}),
        ("faults", {"cut": "sometimes"}),
        ("faults", {"path": "("}),
        ("faults", {"colour": "red"}),
        ("tokens", {}),
        ("use-cases", {"colour": "red"}),
        ("status/0123", {"gone": True}),
        ("nothing", {}),
    ],
)
def test_invalid_request_is_rejected(api, path, body):
    with pytest.raises(RuntimeError, match=r"returned 4\d\d"):
        api.control("POST", path, body)


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("datasets", {"name": "d"}, "body: violates required; required fields: name, csv"),
        ("deployments", {"label": "x", "targetType": "Odd"}, "targetType: violates enum; allowed values: TextGen"),
        ("faults", {"colour": "red"}, "body: violates additionalProperties; allowed fields: method, path, times"),
        ("outcomes", {"kind": "model_test", "outcome": "failed", "seconds": "1"}, "seconds: violates type; allowed"),
    ],
)
def test_rejection_says_what_is_allowed(api, path, body, message):
    with pytest.raises(RuntimeError) as error:
        api.control("POST", path, body)
    assert message in str(error.value)


def test_rejected_token_is_not_in_the_error(api):
    with pytest.raises(RuntimeError) as error:
        api.control("POST", "tokens", {"token": "quite-secret", "readOnly": "yes"})
    assert "quite-secret" not in str(error.value)


def test_status_record_can_be_changed(api, status_record):
    location, status_id = status_record
    for status in ("EXPIRED", "INITIALIZED", "DREAMING", "COMPLETED"):
        api.control("POST", f"status/{status_id}", {"status": status})
        assert api("GET", location).json()["status"] == status
    api.control("POST", f"status/{status_id}", {"gone": True})
    assert api("GET", location).status_code == 404


def test_status_record_conforms_to_the_contract(api, status_record, conforms):
    location, status_id = status_record
    body = conforms("JobStatus", api("GET", location))
    assert (body["statusId"], body["code"], body["message"]) == (status_id, 0, "")


def listed(api):
    return {record["statusId"]: record["status"] for record in api("GET", "/status/?limit=0").json()["data"]}


def test_the_list_of_status_records_can_lack_kinds_and_ended_jobs(api):
    api.control("POST", "outcomes", {"kind": "dataset_upload", "outcome": "succeeded", "seconds": 0})
    api.control("POST", "outcomes", {"kind": "dataset_upload", "outcome": "stuck"})
    ended, running = (
        api("POST", "/datasets/fromURL/", json={"url": "https://example.com/a.csv"}).json()["statusId"] for _ in "ab"
    )
    assert listed(api) == {running: "INITIALIZED", ended: "COMPLETED"}
    api.control("POST", "status-list", {"runningOnly": True})
    assert listed(api) == {running: "INITIALIZED"}
    api.control("POST", "status-list", {"without": ["dataset_upload"]})
    assert listed(api) == {}
    api.control("POST", "status-list", {})
    assert len(listed(api)) == 2


def test_the_list_of_status_records_can_be_late(api):
    api.control("POST", "status-list", {"late": 3600})
    api.control("POST", "outcomes", {"kind": "dataset_upload", "outcome": "succeeded", "seconds": 0})
    status_id = api("POST", "/datasets/fromURL/", json={"url": "https://example.com/a.csv"}).json()["statusId"]
    assert listed(api) == {}
    assert api("GET", f"/status/{status_id}/").status_code == 303
    api.control("POST", "reset")
    assert listed(api) == {}
    api("POST", "/datasets/fromURL/", json={"url": "https://example.com/a.csv"})
    assert len(listed(api)) == 1


def test_outcomes_apply_to_the_next_jobs_of_the_kind_only(api):
    api.control("POST", "outcomes", {"kind": "dependency_build", "outcome": "failed", "times": 2})
    states = []
    for _ in range(3):
        model = api.model()
        version = api.version(model, {"requirements.txt": b"numpy\n"})
        states.append(api.built(model, version)["buildStatus"])
    assert states == ["failed", "failed", "success"]


def test_seconds_are_not_scaled(api):
    model = api.model()
    version = api.version(model, {"requirements.txt": b"numpy\n"})
    api.control("POST", "outcomes", {"kind": "dependency_build", "outcome": "succeeded", "seconds": 1000})
    path = f"/customModels/{model}/versions/{version}/dependencyBuild/"
    api("POST", path)
    job = api.control("GET", "jobs")["data"][-1]
    assert (job["kind"], job["state"], job["active"]) == ("dependency_build", "submitted", True)
    assert job["ids"] == {"customModelId": model, "customModelVersionId": version}
    assert job["created"].endswith("Z")
    assert job["ends"] > job["created"]


def test_finish_ends_jobs_with_their_planned_outcomes(api):
    model = api.model()
    for number, outcome in enumerate(["succeeded", "failed", "stuck"], 1):
        version = api.version(model, {"requirements.txt": f"numpy=={number}\n".encode()})
        outcome_body = {"kind": "dependency_build", "outcome": outcome, "seconds": 1000}
        api.control("POST", "outcomes", outcome_body)
        api("POST", f"/customModels/{model}/versions/{version}/dependencyBuild/")
    api.control("POST", "finish")
    jobs = api.control("GET", "jobs")["data"]
    assert [(job["state"], job["active"]) for job in jobs] == [
        ("success", False),
        ("failed", False),
        ("submitted", True),
    ]


def test_finish_can_be_restricted_to_the_jobs_of_one_version(api):
    model = api.model()
    versions = [api.version(model, {"requirements.txt": f"numpy=={number}\n".encode()}) for number in (1, 2)]
    for version in versions:
        api.control("POST", "outcomes", {"kind": "dependency_build", "outcome": "succeeded", "seconds": 1000})
        api("POST", f"/customModels/{model}/versions/{version}/dependencyBuild/")
    api.control("POST", "finish", {"customModelVersionId": versions[1]})
    assert [job["active"] for job in api.control("GET", "jobs")["data"]] == [True, False]


def test_requests_are_recorded(api):
    api.control("DELETE", "requests")
    response = api("POST", "/customModels/?a=1", json={"name": "x"}, headers={"User-Agent": "tester"})
    api("GET", "/version/", headers={"Authorization": "Bearer other"})
    api("GET", "/version/", headers={"Authorization": ""})
    first, second, third = api.control("GET", "requests")["data"]
    assert first["requestId"] == response.headers["X-DataRobot-Request-ID"]
    assert first["n"] < second["n"] < third["n"]
    assert {k: first[k] for k in ("method", "path", "query", "status", "authorization")} == {
        "method": "POST",
        "path": "/api/v2/customModels/",
        "query": "a=1",
        "status": 422,
        "authorization": "valid",
    }
    assert (first["userAgent"], first["contentType"]) == ("tester", "application/json")
    assert first["bodyBytes"] == len('{"name": "x"}')
    assert (second["authorization"], third["authorization"]) == ("wrong", "absent")
    assert len(api.control("GET", "requests?method=post")["data"]) == 1
    assert len(api.control("GET", "requests?path=version/$")["data"]) == 2


def test_reset_removes_everything(api):
    model, _ = api.trained()
    api.control("POST", "faults", {"status": 503})
    api.control("POST", "tokens", {"token": "guest-token"})
    api.control("POST", "outcomes", {"kind": "training_data", "outcome": "failed"})
    api.control("POST", "reset")
    assert api("GET", f"/customModels/{model}/").status_code == 404
    assert api("GET", "/version/", headers={"Authorization": "Bearer guest-token"}).status_code == 401
    for path in ("datasets", "environments", "deployments", "use-cases", "faults", "jobs", "foreign-requests"):
        assert api.control("GET", path) == {"data": []}
    assert api.trained()


def test_seed_is_loaded_again_after_a_reset(tmp_path):
    (tmp_path / "d.csv").write_text("a,y\n1,2\n", encoding="utf-8")
    (tmp_path / "seed.json").write_text(
        """{"datasets": [{"id": "d1", "name": "D", "file": "d.csv"}],
            "environments": [{"id": "e1", "name": "E"}],
            "deployments": [{"id": "p1", "label": "P", "targetType": "VectorDatabase", "modelId": "m1"}],
            "useCases": [{"id": "u1", "name": "U"}, {"name": "V"}]}""",
        encoding="utf-8",
    )
    with running(token="token-of-the-seed-test", seed=tmp_path) as emulator:
        for _ in range(2):
            dataset = emulator.control("GET", "datasets")["data"][0]
            assert (dataset["id"], dataset["columns"], dataset["rowCount"]) == ("d1", ["a", "y"], 1)
            assert emulator.control("GET", "environments")["data"][0]["id"] == "e1"
            assert emulator.control("GET", "deployments")["data"][0]["modelId"] == "m1"
            assert [u["name"] for u in emulator.control("GET", "use-cases")["data"]] == ["U", "V"]
            emulator.control("POST", "use-cases", {"name": "W"})
            emulator.control("POST", "datasets", {"name": "more", "csv": "a\n"})
            emulator.control("POST", "reset")
