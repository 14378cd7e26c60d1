"""Guard templates, guard configurations, overall moderation configuration."""

import pytest

NEW_VERSION = "/guardConfigurations/toNewCustomModelVersion/"


def guard(**changes):
    return {
        "name": "Tokens",
        "description": "counts tokens",
        "type": "ootb",
        "ootbType": "token_count",
        "stages": ["prompt"],
        "intervention": {
            "action": "block",
            "allowedActions": ["block", "report"],
            "conditions": [{"comparator": "greaterThan", "comparand": 10}],
            "conditionLogic": "any",
            "message": "Too long.",
        },
        **changes,
    }


@pytest.fixture
def model(api):
    model = api.model()
    api.version(model)
    return model


def push(api, model, *guards, **more):
    return api("POST", NEW_VERSION, json={"customModelId": model, "data": list(guards), **more})


def of_version(api, version):
    return api("GET", "/guardConfigurations/", params={"entityId": version, "entityType": "customModelVersion"})


def test_templates(api, conforms):
    page = conforms("GuardTemplateListResponse", api("GET", "/guardTemplates/", params={"includeAgentic": "true"}))
    kinds = {(t["type"], t.get("ootbType")) for t in page["data"]}
    assert {("ootb", "token_count"), ("ootb", "faithfulness"), ("pii", None), ("guardModel", None)} <= kinds
    first = page["data"][0]
    assert conforms("GuardTemplateRetrieveResponse", api("GET", f"/guardTemplates/{first['id']}/")) == first
    named = api("GET", "/guardTemplates/", params={"name": "Toxicity"}).json()["data"]
    assert [t["name"] for t in named] == ["Toxicity"]
    assert api("GET", "/guardTemplates/0123/").status_code == 404
    assert api("GET", "/guardTemplates/", params={"limit": "x"}).status_code == 400


def test_push_creates_a_version_with_guards(api, conforms, model):
    deployment = api.control("POST", "deployments", {"label": "toxic"})["id"]
    second = guard(
        name="Toxicity", type="guardModel", ootbType=None, deploymentId=deployment, openaiApiKey="sk-very-secret"
    )
    response = push(api, model, guard(), second, overallConfig={"timeoutSec": 5, "timeoutAction": "score"})
    version = conforms("GuardConfigurationToCustomModelResponse", response)["customModelVersionId"]
    latest = api("GET", f"/customModels/{model}/").json()["latestVersion"]
    assert (latest["id"], latest["label"]) == (version, "1.1")
    assert [item["filePath"] for item in latest["items"]] == ["custom.py", "moderation_config.yaml"]
    listed = of_version(api, version)
    page = conforms("GuardConfigurationListResponse", listed)
    assert [g["name"] for g in page["data"]] == ["Toxicity", "Tokens"]
    assert "sk-very-secret" not in listed.text
    assert {g["openaiApiKey"] for g in page["data"]} == {None}
    one = conforms("GuardConfigurationRetrieveResponse", api("GET", f"/guardConfigurations/{page['data'][0]['id']}/"))
    assert (one["entityId"], one["deploymentId"], one["isValid"]) == (version, deployment, True)
    overall = conforms(
        "OverallModerationConfigurationResponse",
        api(
            "GET",
            "/overallModerationConfiguration/",
            params={"entityId": version, "entityType": "customModelVersion"},
        ),
    )
    assert (overall["timeoutSec"], overall["timeoutAction"]) == (5, "score")


def test_push_accepts_the_request_of_terraform(api, model):
    odd = guard(nemoInfo={}, modelInfo={}, additionalGuardConfig={}, parameters=[])
    version = push(api, model, odd).json()["customModelVersionId"]
    shown = of_version(api, version).json()["data"][0]
    assert "nemoInfo" not in shown
    assert "modelInfo" not in shown


def test_invalid_pushes_are_rejected(api, model, rejected_fields):
    assert push(api, "0123", guard()).status_code == 404
    assert push(api, api.model(), guard()).status_code == 404
    assert push(api, model, guard(), guard()).status_code == 409
    assert push(api, model, guard(deploymentId="0123")).status_code == 404
    assert "data" in rejected_fields(push(api, model, guard(type="odd")))
    assert "data" in rejected_fields(push(api, model, guard(surprise=1)))
    assert "overallConfig" in rejected_fields(
        push(api, model, guard(), overallConfig={"timeoutSec": 1, "timeoutAction": "block"})
    )
    assert len(api("GET", f"/customModels/{model}/versions/").json()["data"]) == 1
    version = api("GET", f"/customModels/{model}/").json()["latestVersion"]["id"]
    api.control("POST", "deployments", {"label": "live", "modelId": version})
    frozen = push(api, model, guard())
    assert frozen.status_code == 409
    assert "frozen" in frozen.json()["message"]


def test_incomplete_guard_is_stored_as_invalid(api, model):
    version = push(api, model, guard(type="guardModel")).json()["customModelVersionId"]
    stored = of_version(api, version).json()["data"][0]
    assert stored["isValid"] is False
    assert stored["errorMessage"]


def test_list_requires_an_entity(api):
    assert api("GET", "/guardConfigurations/").status_code == 400
    assert of_version(api, "0123").status_code == 404
    assert api("GET", "/guardConfigurations/0123/").status_code == 404


def test_single_configurations(api, conforms, model, rejected_fields):
    version = api("GET", f"/customModels/{model}/").json()["latestVersion"]["id"]
    template = api("GET", "/guardTemplates/").json()["data"][0]["id"]
    body = {
        "templateId": template,
        "name": "Mine",
        "stages": ["prompt"],
        "entityId": version,
        "entityType": "customModelVersion",
    }
    created = conforms("GuardConfigurationRetrieveResponse", api("POST", "/guardConfigurations/", json=body), 201)
    assert (created["type"], created["ootbType"]) == ("ootb", "token_count")
    assert api("POST", "/guardConfigurations/", json=body).status_code == 409
    assert api("POST", "/guardConfigurations/", json={**body, "templateId": "0123"}).status_code == 404
    assert "name" in rejected_fields(api("POST", "/guardConfigurations/", json={**body, "name": ""}))
    other = api("POST", "/guardConfigurations/", json={**body, "name": "Other"}).json()
    path = f"/guardConfigurations/{created['id']}/"
    changed = conforms("GuardConfigurationRetrieveResponse", api("PATCH", path, json={"name": "New"}))
    assert (changed["name"], changed["id"]) == ("New", created["id"])
    assert api("PATCH", path, json={"name": other["name"]}).status_code == 409
    assert api("PATCH", path, json={"deploymentId": "0123"}).status_code == 404
    assert api("DELETE", path).status_code == 204
    assert api("DELETE", path).status_code == 404
    api.version(model)
    assert api("POST", "/guardConfigurations/", json={**body, "name": "Late"}).status_code == 409


def test_overall_configuration(api, conforms, model, rejected_fields):
    path = "/overallModerationConfiguration/"
    entity = {"entityId": model, "entityType": "customModel"}
    assert api("GET", path, params=entity).status_code == 404
    body = {**entity, "timeoutSec": 30, "timeoutAction": "block"}
    assert conforms("OverallModerationConfigurationResponse", api("PATCH", path, json=body))["timeoutSec"] == 30
    assert api("GET", path, params=entity).json()["timeoutAction"] == "block"
    assert api("PATCH", path, json={**body, "timeoutSec": 0}).json()["timeoutSec"] == 0
    assert "timeoutAction" in rejected_fields(api("PATCH", path, json={**body, "timeoutAction": "wait"}))
    assert api("PATCH", path, json={**body, "entityId": "0123"}).status_code == 404
    assert "entityType" in rejected_fields(api("GET", path, params={"entityId": model, "entityType": "odd"}))


def in_use(api, version, **more):
    return api(
        "GET", "/guardConfigurations/predictionEnvironmentsInUse/", params={"customModelVersionId": version, **more}
    )


def test_prediction_environments_in_use(api, conforms, model):
    deployment = api.control("POST", "deployments", {"label": "toxic"})["id"]
    deployed = guard(name="Toxicity", type="guardModel", ootbType=None, deploymentId=deployment)
    version = push(api, model, guard(), deployed).json()["customModelVersionId"]
    schema = "GuardConfigurationPredictionEnvironmentsInUseListResponse"
    page = conforms(schema, in_use(api, version, limit=1))
    used = of_version(api, version).json()["data"]
    guard_id = next(g["id"] for g in used if g["name"] == "Toxicity")
    assert page["data"][0]["usedBy"] == [{"configurationId": guard_id, "deploymentId": deployment, "name": "Toxicity"}]
    assert (page["totalCount"], page["next"]) == (1, None)
    environment = api("GET", f"/deployments/{deployment}/").json()["predictionEnvironment"]
    assert page["data"][0]["id"] == environment["id"]


def test_prediction_environments_of_guards_without_deployments(api, conforms, model, rejected_fields):
    version = push(api, model, guard()).json()["customModelVersionId"]
    schema = "GuardConfigurationPredictionEnvironmentsInUseListResponse"
    assert conforms(schema, in_use(api, version))["data"] == []
    assert in_use(api, "0123").status_code == 404
    missing = api("GET", "/guardConfigurations/predictionEnvironmentsInUse/")
    assert "customModelVersionId" in rejected_fields(missing)
