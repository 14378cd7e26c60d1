"""Custom models."""

import pytest


def test_create_and_read(api, conforms):
    response = api(
        "POST",
        "/customModels/",
        json={
            "name": "Prices",
            "customModelType": "inference",
            "targetType": "Binary",
            "targetName": "price",
            "supportsBinaryClassification": True,
        },
    )
    body = conforms("CustomModelResponse", response, 201)
    assert body["latestVersion"] is None
    assert (body["positiveClassLabel"], body["negativeClassLabel"]) == ("1", "0")
    assert (body["description"], body["language"]) == ("", "")
    again = conforms("CustomModelResponse", api("GET", f"/customModels/{body['id']}/"))
    assert again == body
    assert len(body["id"]) == 24
    assert body["created"].endswith("Z")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"targetType": "Odd"}, "targetType"),
        ({"targetName": None}, "targetName"),
        ({"predictionThreshold": 2}, "predictionThreshold"),
        ({"replicas": 0}, "replicas"),
        ({"maximumMemory": 1}, "maximumMemory"),
        ({"targetType": "Multiclass"}, "classLabels"),
        ({"positiveClassLabel": "yes"}, "negativeClassLabel"),
        ({"surprise": 1}, "surprise"),
        ({"customModelType": "training"}, "targetName"),
        ({"gitModelVersion": {"refName": "x"}}, "gitModelVersion"),
    ],
)
def test_invalid_fields_are_named(api, rejected_fields, changes, field):
    body = {"name": "m", "customModelType": "inference", "targetType": "Regression", "targetName": "y", **changes}
    response = api("POST", "/customModels/", json={k: v for k, v in body.items() if v is not None})
    assert field in rejected_fields(response)


@pytest.mark.parametrize(
    "extra", [{"isUnstructuredModelKind": False}, {"isProxyModel": True}, {"tags": [{"name": "a", "value": "b"}]}]
)
def test_fields_of_known_clients_are_accepted(api, extra):
    assert api.model(**extra)


def test_user_provided_id_is_unique(api):
    api.model(userProvidedId="repo/one")
    body = {"name": "m", "customModelType": "inference", "targetType": "Unstructured", "userProvidedId": "repo/one"}
    response = api("POST", "/customModels/", json=body)
    assert response.status_code == 422
    assert "Cannot create a custom model with a user provided ID" in response.json()["message"]


def test_list_newest_first_in_pages_with_filters(api, conforms):
    ids = [api.model(name=f"model {n}") for n in range(5)]
    page = conforms(
        "CustomModelListResponse",
        api("GET", "/customModels/", params={"limit": 2, "searchFor": "MODEL", "customModelType": "inference"}),
    )
    seen = [m["id"] for m in page["data"]]
    assert (page["count"], page["totalCount"], page["previous"]) == (2, 5, None)
    while page["next"]:
        assert "searchFor=MODEL" in page["next"]
        page = api("GET", page["next"]).json()
        seen += [m["id"] for m in page["data"]]
    assert seen == ids[::-1]
    assert page["previous"]
    oldest_first = api("GET", "/customModels/", params={"orderBy": "created"}).json()["data"]
    assert [m["id"] for m in oldest_first] == ids


def test_list_rejects_invalid_parameters(api, rejected_fields):
    assert "limit" in rejected_fields(api("GET", "/customModels/", params={"limit": "many"}))
    assert "offset" in rejected_fields(api("GET", "/customModels/", params={"offset": -1}))
    assert "orderBy" in rejected_fields(api("GET", "/customModels/", params={"orderBy": "name"}))


def test_update(api, conforms, rejected_fields):
    model = api.model()
    response = api("PATCH", f"/customModels/{model}/", json={"name": "New", "description": ""})
    assert conforms("CustomModelResponse", response)["name"] == "New"
    assert "name" in rejected_fields(api("PATCH", f"/customModels/{model}/", json={"name": ""}))
    enabled = "isTrainingDataForVersionsPermanentlyEnabled"
    assert enabled in rejected_fields(api("PATCH", f"/customModels/{model}/", json={enabled: False}))
    assert api("PATCH", "/customModels/0123/", json={"name": "x"}).status_code == 404


def test_target_is_locked_once_training_data_is_assigned(api):
    model, _ = api.trained()
    assert api("PATCH", f"/customModels/{model}/", json={"targetName": "age"}).status_code == 409
    assert api("PATCH", f"/customModels/{model}/", json={"targetName": "price"}).status_code == 200


def test_model_cannot_change_during_a_test(api):
    model = api.model()
    version = api.version(model)
    api.control("POST", "outcomes", {"kind": "model_test", "outcome": "stuck"})
    api.start_test(model, version, datasetId=api.dataset())
    assert api("PATCH", f"/customModels/{model}/", json={"name": "x"}).status_code == 409
    assert api("DELETE", f"/customModels/{model}/").status_code == 409


def test_delete(api):
    model = api.model()
    response = api("DELETE", f"/customModels/{model}/")
    assert (response.status_code, response.content) == (204, b"")
    assert api("GET", f"/customModels/{model}/").status_code == 404
    assert api("DELETE", f"/customModels/{model}/").status_code == 404


def test_deployed_model_is_not_deleted(api):
    model = api.model()
    api.version(model)
    api.control("POST", "deployments", {"label": "live", "modelId": model})
    assert api("GET", f"/customModels/{model}/").json()["deploymentsCount"] == 1
    response = api("DELETE", f"/customModels/{model}/")
    assert response.status_code == 409
    assert "existing deployments" in response.json()["message"]
    assert [m["id"] for m in api("GET", "/customModels/?isDeployed=True").json()["data"]] == [model]
    assert api("GET", "/customModels/?isDeployed=false").json()["data"] == []
