"""Outcomes that the control API sets: listing, deletion, restriction to a model or a version."""

import pytest

REQUIREMENTS = {"requirements.txt": b"numpy\n"}


def build(api, **fields):
    """Set an outcome of dependency builds and return the response."""
    return api.control("POST", "outcomes", {"kind": "dependency_build", "outcome": "failed", **fields})


def built_state(api, model):
    return api.built(model, api.version(model, REQUIREMENTS))["buildStatus"]


def test_outcomes_are_listed_until_they_are_used_up(api):
    created = build(api, times=2, message="no luck", seconds=0)
    assert created == {
        "id": created["id"],
        "kind": "dependency_build",
        "outcome": "failed",
        "times": 2,
        "message": "no luck",
        "seconds": 0,
    }
    test = api.control("POST", "outcomes", {"kind": "model_test", "outcome": "unknown", "state": "dreaming"})
    listed = api.control("GET", "outcomes")["data"]
    assert listed[0] == {
        "id": created["id"],
        "kind": "dependency_build",
        "outcome": "failed",
        "remaining": 2,
        "state": None,
        "message": "no luck",
        "seconds": 0,
        "checks": {},
        "customModelId": None,
        "customModelVersionId": None,
    }
    assert (listed[1]["id"], listed[1]["state"], len(listed)) == (test["id"], "dreaming", 2)
    model = api.model()
    assert built_state(api, model) == "failed"
    assert api.control("GET", "outcomes")["data"][0]["remaining"] == 1
    assert built_state(api, model) == "failed"
    assert [rule["id"] for rule in api.control("GET", "outcomes")["data"]] == [test["id"]]


def test_one_outcome_is_deleted(api):
    first, second = build(api), build(api, outcome="cancelled")
    assert first["id"] != second["id"]
    api.control("DELETE", f"outcomes/{first['id']}")
    assert [rule["id"] for rule in api.control("GET", "outcomes")["data"]] == [second["id"]]
    with pytest.raises(RuntimeError, match="returned 404"):
        api.control("DELETE", f"outcomes/{first['id']}")


@pytest.mark.parametrize(("requirement", "state"), [(b"numpy\n", "success"), (b"numpy=>2\n", "failed")])
def test_default_outcome_only_sets_the_duration(api, requirement, state):
    build(api, outcome="default", seconds=0)
    model = api.model()
    assert api.built(model, api.version(model, {"requirements.txt": requirement}))["buildStatus"] == state
    assert api.control("GET", "outcomes")["data"] == []


def test_all_outcomes_are_deleted(api):
    build(api, times=100_000)
    api.control("POST", "outcomes", {"kind": "model_test", "outcome": "failed"})
    api.control("DELETE", "outcomes")
    assert api.control("GET", "outcomes") == {"data": []}
    assert built_state(api, api.model()) == "success"


def test_outcome_is_restricted_to_a_model(api):
    first, second = api.model(), api.model()
    build(api, customModelId=second)
    assert built_state(api, first) == "success"
    assert built_state(api, second) == "failed"
    assert built_state(api, second) == "success"


def test_outcome_is_restricted_to_a_version(api):
    model = api.model()
    first, second = api.version(model, REQUIREMENTS), api.version(model, REQUIREMENTS)
    build(api, customModelId=model, customModelVersionId=first)
    assert api.built(model, second)["buildStatus"] == "success"
    assert api.control("GET", "outcomes")["data"][0]["customModelVersionId"] == first
    assert api.built(model, first)["buildStatus"] == "failed"


def test_restricted_outcome_has_precedence(api):
    model = api.model()
    build(api, outcome="succeeded", times=10)
    build(api, customModelId=model)
    assert [built_state(api, model) for _ in range(2)] == ["failed", "success"]


def test_outcome_of_training_data_is_restricted_to_a_model(api):
    first, second = api.model(), api.model()
    api.control("POST", "outcomes", {"kind": "training_data", "outcome": "failed", "customModelId": second})
    errors = []
    for model in (first, second):
        _, version = api.trained(model)
        errors.append(api("GET", f"/customModels/{model}/versions/{version}/").json()["trainingData"])
    assert [bool(data["assignmentError"]) for data in errors] == [False, True]


def test_reset_removes_outcomes(api):
    build(api)
    api.control("POST", "reset")
    assert api.control("GET", "outcomes") == {"data": []}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"customModelId": "none"}, "customModelId: there is no such custom model"),
        ({"customModelVersionId": "none"}, "customModelVersionId: there is no such version"),
        ({"customModelId": 7}, "customModelId: violates type"),
        ({"customModelVersionId": ""}, "customModelVersionId: violates minLength"),
        (
            {"kind": "dataset_upload", "customModelId": "none"},
            "customModelId: a job of the kind dataset_upload does not belong to a custom model",
        ),
        (
            {"kind": "training_data", "customModelVersionId": "none"},
            "belongs to a version that the same request creates; use customModelId",
        ),
        ({"times": 0}, "times: violates minimum"),
        ({"outcome": "poor"}, "outcome: violates enum; allowed values: cancelled, default, expired"),
        ({"outcome": "default", "message": "no luck"}, "the outcome default only sets the duration of a job"),
    ],
)
def test_invalid_outcome_is_rejected(api, fields, message):
    with pytest.raises(RuntimeError, match="returned 422") as error:
        build(api, **fields)
    assert message in str(error.value)
    assert api.control("GET", "outcomes") == {"data": []}


def test_version_of_another_model_is_rejected(api):
    first, second = api.model(), api.model()
    version = api.version(first, REQUIREMENTS)
    with pytest.raises(RuntimeError, match="there is no such version of the custom model"):
        build(api, customModelId=second, customModelVersionId=version)
