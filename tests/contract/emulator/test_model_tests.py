"""Custom model tests."""

import pytest

FOUR = {"errorCheck", "nullValueImputation", "longRunningService", "sideEffects"}


@pytest.fixture
def subject(api):
    model = api.model()
    return {"model": model, "version": api.version(model), "datasetId": api.dataset()}


def test_test_from_start_to_log(api, conforms, subject):
    response = api.start_test(**subject)
    conforms("CustomModelAsyncOperationResponse", response, 202)
    assert response.headers["Location"].endswith(f"/api/v2/status/{response.json()['statusId']}/")
    listed = conforms(
        "CustomModelTestsListResponse", api("GET", "/customModelTests/", params={"customModelId": subject["model"]})
    )
    running = listed["data"][0]
    assert running["overallStatus"] in {"not_tested", "queued", "in_progress"}
    assert running["completedAt"] is None
    assert running["customModelImageId"] == subject["version"]
    path = f"/customModelTests/{running['id']}/"
    done = api.finish(response)
    assert done.status_code == 303
    assert done.headers["Location"] == api.emulator.endpoint + path
    assert api.ended_test(response)["overallStatus"] == "succeeded"
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
    assert log.headers["Content-Disposition"] == f"attachment;filename=testing-{subject['model']}.log"
    assert log.headers["Content-Type"] == "text/plain"
    assert tail["log"] in log.text
    assert api("DELETE", path).status_code == 409


def test_all_checks_can_be_asked_for(api, subject):
    checks = dict.fromkeys(FOUR, "fail") | dict.fromkeys(
        ["predictionVerificationCheck", "performanceCheck", "stabilityCheck"], "warn"
    )
    response = api.start_test(**subject, configuration=checks, parameters={"performanceCheck": {"maxResponseTime": 3}})
    test = api.ended_test(response)
    assert set(test["testingStatus"]) == set(checks)
    assert {s["status"] for s in test["testingStatus"].values()} == {"succeeded"}


def test_code_that_does_not_compile_fails_with_a_traceback(api):
    model = api.model()
    version = api.version(model, {"custom.py": b"import os\n\ndef score(data\n"})
    response = api.start_test(model, version, datasetId=api.dataset(), configuration={"sideEffects": "warn"})
    assert api.finish(response).status_code == 303
    test = api.ended_test(response)
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
def test_a_model_needs_a_hook_or_an_artifact(api, files, status):
    model = api.model()
    test = api.ended_test(api.start_test(model, api.version(model, files), datasetId=api.dataset()))
    assert test["overallStatus"] == status


def test_dataset_without_rows_fails_the_error_check(api):
    model = api.model()
    response = api.start_test(model, api.version(model), datasetId=api.dataset("age,price\n"))
    test = api.ended_test(response)
    assert test["testingStatus"]["longRunningService"]["status"] == "succeeded"
    assert test["testingStatus"]["errorCheck"]["status"] == "failed"


def test_requirements_have_to_be_built(api):
    model = api.model()
    version = api.version(model, {"model.pkl": b"", "requirements.txt": b"numpy\n"})
    dataset = api.dataset()
    assert api.start_test(model, version, datasetId=dataset).status_code == 422
    api.built(model, version)
    assert api.start_test(model, version, datasetId=dataset).status_code == 202


def test_refusals(api, subject, refused_fields):
    model, version, dataset = subject.values()
    assert "datasetId" in refused_fields(api.start_test(model, version))
    assert "customModelVersionId" in refused_fields(
        api("POST", "/customModelTests/", json={"customModelId": model, "datasetId": dataset})
    )
    bad = {"longRunningService": "skip"}
    assert "configuration" in refused_fields(api.start_test(model, version, datasetId=dataset, configuration=bad))
    assert "environmentId" in refused_fields(api.start_test(model, version, datasetId=dataset, environmentId="0123"))
    assert api.start_test("0123", version, datasetId=dataset).status_code == 404
    assert api.start_test(model, "0123", datasetId=dataset).status_code == 404
    assert api.start_test(model, version, datasetId="0123").status_code == 404
    assert "customModelId" in refused_fields(api("GET", "/customModelTests/"))
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "log/"), ("GET", "tail/")):
        assert api(method, f"/customModelTests/0123/{path}").status_code == 404


def test_unstructured_models_need_no_dataset(api):
    model = api.model(targetType="Unstructured", targetName=None)
    files = {"custom.py": b"def score_unstructured(model, data, **kwargs): ...\n"}
    test = api.ended_test(api.start_test(model, api.version(model, files)))
    assert (test["overallStatus"], test["datasetId"]) == ("succeeded", None)


def test_one_test_of_a_model_at_a_time_and_cancel(api, subject):
    api.control("POST", "outcomes", {"kind": "model_test", "outcome": "stuck"})
    response = api.start_test(**subject)
    assert api.start_test(**subject).status_code == 422
    listed = api("GET", "/customModelTests/", params={"customModelId": subject["model"]}).json()["data"]
    path = f"/customModelTests/{listed[0]['id']}/"
    assert api("GET", path + "log/").status_code == 404
    assert api("GET", path + "tail/").json() == {"log": ""}
    assert api("GET", path + "tail/", params={"lines": 1001}).status_code == 400
    assert api("DELETE", path).status_code == 204
    assert api("GET", path).json()["overallStatus"] == "canceled"
    assert api("GET", response.headers["Location"]).json()["status"] == "ABORTED"
    assert api("DELETE", path).status_code == 409
    assert api.start_test(**subject).status_code == 202


@pytest.mark.parametrize(
    ("order", "overall", "check"),
    [
        ({"outcome": "failed"}, "failed", ("errorCheck", "failed")),
        ({"outcome": "warning"}, "warning", ("nullValueImputation", "warning")),
        ({"outcome": "failed", "checks": {"sideEffects": "failed"}}, "failed", ("sideEffects", "failed")),
        ({"outcome": "succeeded"}, "succeeded", ("errorCheck", "succeeded")),
    ],
)
def test_ordered_outcomes(api, subject, order, overall, check):
    api.control("POST", "outcomes", {"kind": "model_test", **order})
    test = api.ended_test(api.start_test(**subject))
    assert test["overallStatus"] == overall
    assert test["testingStatus"][check[0]]["status"] == check[1]


def test_a_failed_check_that_only_warns_is_a_warning(api, subject):
    order = {"kind": "model_test", "outcome": "failed", "checks": {"sideEffects": "failed"}}
    api.control("POST", "outcomes", order)
    test = api.ended_test(api.start_test(**subject, configuration={"sideEffects": "warn"}))
    assert test["overallStatus"] == "warning"
    assert test["testingStatus"]["sideEffects"]["status"] == "warning"


def test_ordered_expiry_takes_record_and_status(api, subject):
    api.control("POST", "outcomes", {"kind": "model_test", "outcome": "expired"})
    response = api.start_test(**subject)
    assert api.finish(response).json()["status"] == "EXPIRED"
    assert api("GET", "/customModelTests/", params={"customModelId": subject["model"]}).json()["data"] == []


def test_ordered_unknown_word(api, subject):
    api.control("POST", "outcomes", {"kind": "model_test", "outcome": "unknown", "state": "dreaming"})
    response = api.start_test(**subject)
    assert api("GET", response.headers["Location"]).json()["status"] == "dreaming"
    listed = api("GET", "/customModelTests/", params={"customModelId": subject["model"]}).json()["data"]
    assert listed[0]["overallStatus"] == "dreaming"


def test_ordered_remote_cancellation(api, subject):
    api.control("POST", "outcomes", {"kind": "model_test", "outcome": "cancelled"})
    response = api.start_test(**subject)
    assert api.finish(response).json()["status"] == "ABORTED"
