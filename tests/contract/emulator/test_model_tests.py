"""Custom model tests."""

import pytest

FOUR = {"errorCheck", "nullValueImputation", "longRunningService", "sideEffects"}


@pytest.fixture
def model_and_version(api):
    model = api.model()
    return {"model": model, "version": api.version(model), "datasetId": api.dataset()}


def test_model_test_from_start_to_log(api, conforms, model_and_version):
    response = api.start_test(**model_and_version)
    conforms("CustomModelAsyncOperationResponse", response, 202)
    assert response.headers["Location"].endswith(f"/api/v2/status/{response.json()['statusId']}/")
    listed = conforms(
        "CustomModelTestsListResponse",
        api("GET", "/customModelTests/", params={"customModelId": model_and_version["model"]}),
    )
    running = listed["data"][0]
    assert running["overallStatus"] in {"not_tested", "queued", "in_progress"}
    assert running["completedAt"] is None
    assert running["customModelImageId"] == model_and_version["version"]
    path = f"/customModelTests/{running['id']}/"
    done = api.finish(response)
    assert done.status_code == 303
    assert done.headers["Location"] == api.emulator.endpoint + path
    assert api.finished_test(response)["overallStatus"] == "succeeded"
    test = conforms("CustomModelTestsResponse", api("GET", path))
    assert set(test["testingStatus"]) == FOUR
    assert {c: s["status"] for c, s in test["testingStatus"].items()} == {
        "longRunningService": "succeeded",
        "errorCheck": "succeeded",
        "nullValueImputation": "skipped",
        "sideEffects": "skipped",
    }
    tail = conforms("CustomModelTestsLogTailResponse", api("GET", path + "tail/", params={"lines": 1}))
    assert tail["log"].count("\n") == 1
    log = api("GET", path + "log/")
    assert log.headers["Content-Disposition"] == f"attachment;filename=testing-{model_and_version['model']}.log"
    assert log.headers["Content-Type"] == "text/plain"
    assert tail["log"] in log.text
    assert api("DELETE", path).status_code == 409


def test_all_checks_can_be_requested(api, model_and_version):
    checks = dict.fromkeys(FOUR, "fail") | dict.fromkeys(
        ["predictionVerificationCheck", "performanceCheck", "stabilityCheck"], "warn"
    )
    response = api.start_test(
        **model_and_version, configuration=checks, parameters={"performanceCheck": {"maxResponseTime": 3}}
    )
    test = api.finished_test(response)
    assert set(test["testingStatus"]) == set(checks)
    assert {s["status"] for s in test["testingStatus"].values()} == {"succeeded"}


def test_code_that_does_not_compile_fails_with_a_traceback(api):
    model = api.model()
    version = api.version(model, {"custom.py": b"import os\n\ndef score(data\n"})
    response = api.start_test(model, version, datasetId=api.dataset(), configuration={"sideEffects": "warn"})
    assert api.finish(response).status_code == 303
    test = api.finished_test(response)
    assert test["overallStatus"] == "failed"
    failed = test["testingStatus"]["longRunningService"]
    assert failed["status"] == "failed"
    assert 'File "/opt/code/custom.py", line 3' in failed["message"]
    assert "SyntaxError" in failed["message"]
    assert test["testingStatus"]["errorCheck"]["status"] == "aborted"
    assert test["testingStatus"]["sideEffects"]["status"] == "aborted"
    assert "SyntaxError" in api("GET", f"/customModelTests/{test['id']}/log/").text


@pytest.mark.parametrize(
    ("files", "status"),
    [
        ({"custom.py": b"x = 1\n"}, "failed"),
        ({"readme.md": b""}, "failed"),
        ({"model.pkl": b"\x80"}, "succeeded"),
        ({"custom.py": b"x = 1\n", "model.onnx": b""}, "succeeded"),
        ({"custom.py": b"from helper import score\n"}, "succeeded"),
        ({"custom.py": b"async def score(data, model): ...\n"}, "succeeded"),
        ({"custom.py": b"async def chat(prompt): ...\n"}, "failed"),
    ],
)
def test_model_requires_a_hook_or_an_artifact(api, files, status):
    model = api.model()
    test = api.finished_test(api.start_test(model, api.version(model, files), datasetId=api.dataset()))
    assert test["overallStatus"] == status


def test_dataset_without_rows_fails_the_error_check(api):
    model = api.model()
    response = api.start_test(model, api.version(model), datasetId=api.dataset("age,price\n"))
    test = api.finished_test(response)
    assert test["testingStatus"]["longRunningService"]["status"] == "succeeded"
    assert test["testingStatus"]["errorCheck"]["status"] == "failed"


def test_requirements_must_be_built(api):
    model = api.model()
    version = api.version(model, {"model.pkl": b"", "requirements.txt": b"numpy\n"})
    dataset = api.dataset()
    assert api.start_test(model, version, datasetId=dataset).status_code == 422
    api.built(model, version)
    assert api.start_test(model, version, datasetId=dataset).status_code == 202


def test_invalid_requests_are_rejected(api, model_and_version, rejected_fields):
    model, version, dataset = model_and_version.values()
    assert "datasetId" in rejected_fields(api.start_test(model, version))
    assert "customModelVersionId" in rejected_fields(
        api("POST", "/customModelTests/", json={"customModelId": model, "datasetId": dataset})
    )
    bad = {"longRunningService": "skip"}
    assert "configuration" in rejected_fields(api.start_test(model, version, datasetId=dataset, configuration=bad))
    assert "environmentId" in rejected_fields(api.start_test(model, version, datasetId=dataset, environmentId="0123"))
    assert api.start_test("0123", version, datasetId=dataset).status_code == 404
    assert api.start_test(model, "0123", datasetId=dataset).status_code == 404
    assert api.start_test(model, version, datasetId="0123").status_code == 404
    assert "customModelId" in rejected_fields(api("GET", "/customModelTests/"))
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "log/"), ("GET", "tail/")):
        assert api(method, f"/customModelTests/0123/{path}").status_code == 404


def test_unstructured_models_require_no_dataset(api):
    model = api.model(targetType="Unstructured", targetName=None)
    files = {"custom.py": b"def score_unstructured(model, data, **kwargs): ...\n"}
    test = api.finished_test(api.start_test(model, api.version(model, files)))
    assert (test["overallStatus"], test["datasetId"]) == ("succeeded", None)


def test_one_test_of_a_model_at_a_time_and_cancel(api, model_and_version):
    api.control("POST", "outcomes", {"kind": "model_test", "outcome": "stuck"})
    response = api.start_test(**model_and_version)
    assert api.start_test(**model_and_version).status_code == 422
    listed = api("GET", "/customModelTests/", params={"customModelId": model_and_version["model"]}).json()["data"]
    path = f"/customModelTests/{listed[0]['id']}/"
    assert api("GET", path + "log/").status_code == 404
    assert api("GET", path + "tail/").json() == {"log": ""}
    assert api("GET", path + "tail/", params={"lines": 1001}).status_code == 400
    assert api("DELETE", path).status_code == 204
    assert api("GET", path).json()["overallStatus"] == "canceled"
    assert api("GET", response.headers["Location"]).json()["status"] == "ABORTED"
    assert api("DELETE", path).status_code == 409
    assert api.start_test(**model_and_version).status_code == 202


@pytest.mark.parametrize(
    ("outcome", "overall", "check"),
    [
        ({"outcome": "failed"}, "failed", ("errorCheck", "failed")),
        ({"outcome": "warning"}, "warning", ("nullValueImputation", "warning")),
        ({"outcome": "failed", "checks": {"sideEffects": "failed"}}, "failed", ("sideEffects", "failed")),
        ({"outcome": "succeeded"}, "succeeded", ("errorCheck", "succeeded")),
    ],
)
def test_outcomes_can_be_set(api, model_and_version, outcome, overall, check):
    api.control("POST", "outcomes", {"kind": "model_test", **outcome})
    test = api.finished_test(api.start_test(**model_and_version))
    assert test["overallStatus"] == overall
    assert test["testingStatus"][check[0]]["status"] == check[1]


def test_failed_check_with_severity_warn_is_a_warning(api, model_and_version):
    outcome = {"kind": "model_test", "outcome": "failed", "checks": {"sideEffects": "failed"}}
    api.control("POST", "outcomes", outcome)
    test = api.finished_test(api.start_test(**model_and_version, configuration={"sideEffects": "warn"}))
    assert test["overallStatus"] == "warning"
    assert test["testingStatus"]["sideEffects"]["status"] == "warning"


def test_expired_test_has_no_record_and_no_status(api, model_and_version):
    api.control("POST", "outcomes", {"kind": "model_test", "outcome": "expired"})
    response = api.start_test(**model_and_version)
    assert api.finish(response).json()["status"] == "EXPIRED"
    assert api("GET", "/customModelTests/", params={"customModelId": model_and_version["model"]}).json()["data"] == []


def test_unknown_state_can_be_set(api, model_and_version):
    api.control("POST", "outcomes", {"kind": "model_test", "outcome": "unknown", "state": "dreaming"})
    response = api.start_test(**model_and_version)
    assert api("GET", response.headers["Location"]).json()["status"] == "dreaming"
    listed = api("GET", "/customModelTests/", params={"customModelId": model_and_version["model"]}).json()["data"]
    assert listed[0]["overallStatus"] == "dreaming"


def test_cancellation_by_another_client_can_be_set(api, model_and_version):
    api.control("POST", "outcomes", {"kind": "model_test", "outcome": "cancelled"})
    response = api.start_test(**model_and_version)
    assert api.finish(response).json()["status"] == "ABORTED"
