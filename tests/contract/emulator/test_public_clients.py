"""Requests and expectations of public clients."""

import io
import json
import zipfile

import pytest

from datarobot_provider.emulator.routes import status_records

MODELS = "/customModels/"
TAGS = [{"name": "team", "value": "risk"}, {"name": "stage", "value": "live"}]
GUARD = {
    "name": "Tokens",
    "description": "Counts tokens.",
    "type": "ootb",
    "ootbType": "token_count",
    "stages": ["prompt"],
    "deploymentId": None,
    "intervention": {
        "action": "block",
        "allowedActions": ["block", "report"],
        "conditions": [{"comparator": "greaterThan", "comparand": 10}],
        "conditionLogic": "any",
        "message": "too long",
        "sendNotification": False,
    },
}


@pytest.fixture
def guarded(api):
    """Create a model whose latest version has a guard, and return both."""
    model = api.model()
    api.version(model)
    body = {"customModelId": model, "data": [GUARD], "overallConfig": {"timeoutSec": 9, "timeoutAction": "score"}}
    status_ids = api("POST", "/guardConfigurations/toNewCustomModelVersion/", json=body)
    return model, status_ids.json()["customModelVersionId"]


def guards_of(api, version):
    params = {"entityType": "customModelVersion", "entityId": version}
    return api("GET", "/guardConfigurations/", params=params).json()["data"]


def overall_of(api, version):
    params = {"entityType": "customModelVersion", "entityId": version}
    return api("GET", "/overallModerationConfiguration/", params=params)


def files_of(api, model):
    archive = zipfile.ZipFile(io.BytesIO(api("GET", f"/customModels/{model}/download/").content))
    return {name: archive.read(name) for name in archive.namelist()}


def test_pushed_guards_are_in_a_file_of_the_version(api, guarded):
    text = files_of(api, guarded[0])["moderation_config.yaml"]
    file = json.loads(text)
    assert (file["timeout_sec"], file["timeout_action"]) == (9, "score")
    (entry,) = file["guards"]
    assert (entry["name"], entry["stage"], entry["ootb_type"]) == ("Tokens", ["prompt"], "token_count")
    assert entry["intervention"]["conditions"] == [{"comparator": "greaterThan", "comparand": 10}]
    assert "deployment_id" not in entry


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("", {"isMajorUpdate": "false", "replicas": 2}),
        ("", {"isMajorUpdate": "true"}),
        ("fromRepository/", {"repositoryId": "r"}),
        ("withTrainingData/", {"trainingData": {}}),
    ],
    ids=["settings", "major", "repository", "training data"],
)
def test_version_from_the_latest_keeps_guards(api, guarded, route, body):
    model, old = guarded
    if "trainingData" in body:
        body = {"trainingData": {"datasetId": api.dataset()}}
    file = files_of(api, model)["moderation_config.yaml"]
    response = api("PATCH", f"/customModels/{model}/versions/{route}", json=body)
    assert response.status_code in {201, 202}, response.text
    if response.status_code == 202:
        api.finish(response)
    new = api("GET", f"/customModels/{model}/").json()["latestVersion"]["id"]
    assert new != old
    (before,), (after,) = guards_of(api, old), guards_of(api, new)
    assert after["entityId"] == new
    assert before["id"] != after["id"]
    ids = ("id", "entityId")
    assert {k: v for k, v in before.items() if k not in ids} == {k: v for k, v in after.items() if k not in ids}
    assert overall_of(api, new).json()["timeoutSec"] == 9
    assert files_of(api, model)["moderation_config.yaml"] == file


def test_version_from_files_has_no_guards(api, guarded):
    model, _ = guarded
    new = api.version(model)
    assert guards_of(api, new) == []
    assert overall_of(api, new).status_code == 404
    assert "moderation_config.yaml" not in files_of(api, model)


def test_update_of_an_inherited_guard_keeps_the_original(api, guarded):
    model, old = guarded
    new = api("PATCH", f"/customModels/{model}/versions/", json={"isMajorUpdate": "false"}).json()["id"]
    path = f"/guardConfigurations/{guards_of(api, new)[0]['id']}/"
    assert api("PATCH", path, json={"name": "Changed"}).status_code == 200
    assert [g["name"] for g in guards_of(api, old)] == ["Tokens"]


@pytest.mark.parametrize(("fields", "threshold"), [({}, 0.5), ({"predictionThreshold": 0.2}, 0.2)])
@pytest.mark.parametrize("kind", ["Regression", "Binary"])
def test_a_model_always_has_its_prediction_threshold(api, kind, fields, threshold):
    model = api.model(targetType=kind, **fields)
    (listed,) = api("GET", MODELS).json()["data"]
    one = api("GET", f"{MODELS}{model}/").json()
    changed = api("PATCH", f"{MODELS}{model}/", json={"name": "New"}).json()
    assert [body["predictionThreshold"] for body in (listed, one, changed)] == [threshold] * 3


def test_legacy_flag_sets_the_threshold(api):
    model = api.model(targetType=None, supportsRegression=True)
    assert api("GET", f"{MODELS}{model}/").json()["predictionThreshold"] == 0.5


def test_built_in_templates_have_no_creator(api):
    templates = api("GET", "/guardTemplates/").json()["data"]
    assert [t["name"] for t in templates if "creatorName" in t] == []


MEMORY = 512 * 1024 * 1024


@pytest.mark.parametrize("memory", ["maximumMemory", "desiredMemory"])
def test_resource_bundle_and_memory_are_rejected(api, rejected_fields, memory):
    model = api.model()
    version = api.version(model)
    both = {"resourceBundleId": "cpu.small", memory: MEMORY}
    path = f"/customModels/{model}/versions/"
    assert "resourceBundleId" in rejected_fields(api("PATCH", path, json={"isMajorUpdate": "false", **both}))
    assert "resourceBundleId" in rejected_fields(api.upload(model, {"a": b""}, **{k: str(v) for k, v in both.items()}))
    assert "resourceBundleId" in rejected_fields(api.start_test(model, version, datasetId=api.dataset(), **both))
    assert len(api("GET", path).json()["data"]) == 1


def test_resource_bundle_replaces_inherited_memory_and_vice_versa(api):
    path = f"/customModels/{api.model()}/versions/"
    body = {"isMajorUpdate": "false", "baseEnvironmentId": api.environment()}

    def create(**more):
        version = api("PATCH", path, json={**body, **more}).json()
        return version["maximumMemory"], version["resourceBundleId"]

    # Terraform always sends the bundle, which is null if there is none.
    assert create(maximumMemory=MEMORY, resourceBundleId=None) == (MEMORY, None)
    assert create(resourceBundleId="cpu.small") == (None, "cpu.small")
    assert create(replicas=2) == (None, "cpu.small")
    assert create(maximumMemory=MEMORY) == (MEMORY, None)


def test_tags_and_the_proxy_flag_are_returned(api):
    model = api.model(tags=TAGS, isProxyModel=True)
    for body in (api("GET", f"{MODELS}{model}/").json(), api("GET", MODELS).json()["data"][0]):
        assert (body["tags"], body["isProxyModel"]) == (TAGS, True)
    plain = api("GET", f"{MODELS}{api.model()}/").json()
    assert (plain["tags"], plain["isProxyModel"]) == ([], False)


@pytest.mark.parametrize("tags", ["team", [1], [{"name": "a"}], [{"name": 1, "value": "b"}], [{**TAGS[0], "x": 1}]])
def test_tags_must_be_pairs_of_strings(api, rejected_fields, tags):
    body = {"name": "m", "customModelType": "inference", "targetType": "Unstructured", "tags": tags}
    assert "tags" in rejected_fields(api("POST", MODELS, json=body))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("targetType=Regression", {"a", "b"}),
        ("targetType=Binary&targetType=Unstructured", {"c", "d"}),
        ("targetType=Binary,Unstructured", {"c", "d"}),
        ("targetType=Anomaly", set()),
        ("tagKeys=team", {"a", "b"}),
        ("tagKeys=stage&tagKeys=team", {"a", "b", "c"}),
        ("tagValues=risk", {"a"}),
        ("tagValues=risk,live", {"a", "c"}),
        ("tagKeys=team&tagValues=sales", {"b"}),
        ("tagKeys=team&targetType=Binary", set()),
        ("tagKeys=&tagValues=&targetType=", {"a", "b", "c", "d"}),
    ],
)
def test_filters_of_the_list(api, query, names):
    api.model(name="a", tags=TAGS[:1])
    api.model(name="b", tags=[{"name": "team", "value": "sales"}])
    api.model(name="c", targetType="Binary", tags=TAGS[1:])
    api.model(name="d", targetType="Unstructured", targetName=None)
    page = api("GET", f"{MODELS}?limit=1&{query}").json()
    found = [m["name"] for m in page["data"]]
    while page["next"]:
        page = api("GET", page["next"]).json()
        found += [m["name"] for m in page["data"]]
    assert (set(found), page["totalCount"]) == (names, len(names))


@pytest.mark.parametrize(
    "path",
    [
        "/customModels/?limit=&offset=&searchFor=&customModelType=&isDeployed=&orderBy=&targetType=&tagKeys=",
        "/guardTemplates/?name=&limit=",
        "/datasets/?limit=&filterFailed=&orderBy=",
        "/deployments/?limit=&offset=",
        "/executionEnvironments/?searchFor=",
        "/useCases/?limit=&search=",
        "/status/?offset=&limit=",
        "/genai/customModelVectorDatabaseValidations/?useCaseId=&search=&sort=&completedOnly=&limit=&orderBy=",
    ],
)
def test_empty_query_value_is_ignored(api, path):
    api.model()
    api.dataset()
    bare = api("GET", path.partition("?")[0])
    response = api("GET", path)
    assert response.status_code == 200, response.text
    assert response.json() == bare.json()


def test_empty_value_of_a_required_parameter_is_rejected(api, rejected_fields):
    path = "/guardConfigurations/predictionEnvironmentsInUse/?customModelVersionId="
    assert "required" in rejected_fields(api("GET", path))["customModelVersionId"]


def test_empty_value_does_not_override_another_one(api):
    for _ in range(3):
        api.model()
    page = api("GET", "/customModels/?limit=1&limit=").json()
    assert page["count"] == 1
    assert "limit=1" in page["next"]
    assert "limit=&" not in page["next"]
    assert api("GET", f"/customModels/{api.model()}/accessControl/?username=&userId=").status_code == 200


def test_a_limit_of_0_lists_every_status_record(api, monkeypatch):
    monkeypatch.setattr(status_records, "PAGE", 2)
    dataset = {"url": "https://example.com/a.csv"}
    status_ids = [api("POST", "/datasets/fromURL/", json=dataset).json()["statusId"] for _ in range(3)]
    listed = api("GET", "/status/?offset=0&limit=0").json()
    assert [record["statusId"] for record in listed["data"]] == status_ids[::-1]
    assert (listed["count"], listed["next"], listed["previous"]) == (3, None, None)
    assert api("GET", "/status/").json()["count"] == 2
    assert api("GET", "/status/?offset=2&limit=0").json()["count"] == 1
