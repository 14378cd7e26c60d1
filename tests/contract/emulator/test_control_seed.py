"""Seeding through the control API, and seeded versions with files, builds and guards."""

import base64
import json

import pytest

from datarobot_provider.emulator import running

ENVIRONMENT = {"id": "65b0000000000000000000e1", "name": "Python"}
DATASET = {"id": "65b0000000000000000000d1", "name": "houses.csv", "csv": "size,price\n1,10\n2,20\n"}
MODEL_ID, VERSION_ID = "65b0000000000000000000a1", "65b0000000000000000000a2"
FILES = {
    "custom.py": "def score(data, model, **kwargs):\n    return data\n",
    "requirements.txt": "numpy\n",
    "lib/model.pkl": {"base64": base64.b64encode(b"\x80\x04").decode()},
}
VERSION = {"id": VERSION_ID, "environmentId": ENVIRONMENT["id"], "files": FILES}
MODEL = {"id": MODEL_ID, "name": "Prices", "targetType": "Regression", "targetName": "price"}
COLUMNS = {"promptColumnName": "prompt", "targetColumnName": "target"}
LISTS = ("datasets", "environments", "deployments", "use-cases", "credentials")


def document(version=None, **more):
    """Return a seed with one model and one version."""
    model = {**MODEL, "version": {**VERSION, **(version or {})}}
    return {"environments": [ENVIRONMENT], "datasets": [DATASET], "customModels": [model], **more}


def test_resources_of_every_kind_are_added(api):
    api.control("POST", "use-cases", {"name": "before"})
    deployment = {"id": "65b0000000000000000000f1", "label": "Handbook", "columns": ["prompt", "target"]}
    added = api.control(
        "POST",
        "seed",
        document(
            {"trainingDatasetId": DATASET["id"], "guards": [{"template": "Prompt Tokens"}]},
            deployments=[deployment],
            useCases=[{"id": "65b0000000000000000000c1", "name": "after"}],
            credentials=[{"name": "Key"}],
            validations=[{"name": "V", "deploymentId": deployment["id"], **COLUMNS}],
            image={"size": 10},
        ),
    )["data"]
    assert {entry["kind"] for entry in added} == {
        "dataset", "execution environment", "deployment", "use case", "credential", "custom model",
        "custom model version", "guard", "vector database validation", "prediction server image",
    }  # fmt: skip
    assert {"kind": "custom model version", "name": "Prices 1.0", "id": VERSION_ID} in added
    assert [use_case["name"] for use_case in api.control("GET", "use-cases")["data"]] == ["before", "after"]
    version = api("GET", f"/customModels/{MODEL_ID}/versions/{VERSION_ID}/").json()
    assert {item["filePath"] for item in version["items"]} == set(FILES)
    assert version["trainingData"]["datasetId"] == DATASET["id"]
    assert api("GET", "/mlops/portablePredictionServerImage/metadata/").json()["imageSize"] == 10


def test_seeded_version_can_be_tested_at_once(api):
    api.control("POST", "seed", document())
    build = api("GET", f"/customModels/{MODEL_ID}/versions/{VERSION_ID}/dependencyBuild/").json()
    assert build["buildStatus"] == "success"
    test = api.finished_test(api.start_test(MODEL_ID, VERSION_ID, datasetId=DATASET["id"]))
    assert test["overallStatus"] == "succeeded"
    assert api("GET", f"/customModels/{MODEL_ID}/").json()["predictionThreshold"] == 0.5


def test_version_that_is_not_built_can_be_built(api):
    api.control("POST", "seed", document({"built": False}))
    assert api.start_test(MODEL_ID, VERSION_ID, datasetId=DATASET["id"]).status_code == 422
    assert api.built(MODEL_ID, VERSION_ID)["buildStatus"] == "success"


def test_model_has_several_versions_with_runtime_parameters(api):
    metadata = "runtimeParameterDefinitions:\n- fieldName: TOP\n  type: string\n  defaultValue: five\n"
    versions = [{**VERSION, "files": {**FILES, "model-metadata.yaml": metadata}}, {**VERSION, "id": "v2"}]
    api.control("POST", "seed", {"environments": [ENVIRONMENT], "customModels": [{**MODEL, "versions": versions}]})
    second, first = api("GET", f"/customModels/{MODEL_ID}/versions/").json()["data"]
    assert [(v["id"], v["label"], v["isFrozen"]) for v in (first, second)] == [
        (VERSION_ID, "1.0", True),
        ("v2", "1.1", False),
    ]
    assert [p["currentValue"] for p in first["runtimeParameters"]] == ["five"]
    assert second["runtimeParameters"] == []


def test_seeded_guards_have_the_values_of_their_templates(api):
    deployment = {"id": "65b0000000000000000000f1", "label": "Toxicity"}
    guards = [
        {"template": "Prompt Tokens", "openaiApiKey": "sk-secret-key"},
        {"template": "Toxicity", "name": "T", "stages": ["prompt"], "deploymentId": deployment["id"]},
    ]
    api.control("POST", "seed", document({"guards": guards}, deployments=[deployment]))
    path = f"/guardConfigurations/?entityType=customModelVersion&entityId={VERSION_ID}"
    response = api("GET", path)
    toxicity, tokens = response.json()["data"]
    assert (tokens["name"], tokens["ootbType"], tokens["stages"]) == ("Prompt Tokens", "token_count", ["prompt"])
    assert tokens["intervention"]["message"] == "This text was stopped by a guard."
    assert (toxicity["name"], toxicity["stages"], toxicity["isValid"]) == ("T", ["prompt"], True)
    assert toxicity["deploymentId"] == deployment["id"]
    assert "sk-secret-key" not in response.text


def test_seeded_deployment_freezes_its_version(api):
    api.control("POST", "seed", document(deployments=[{"label": "P", "modelId": VERSION_ID}]))
    assert api("GET", f"/customModels/{MODEL_ID}/versions/{VERSION_ID}/").json()["isFrozen"] is True


def test_entry_can_refer_to_an_existing_resource(api):
    environment = api.environment()
    api.control("POST", "seed", {"customModels": [{**MODEL, "version": {**VERSION, "environmentId": environment}}]})
    assert api("GET", f"/customModels/{MODEL_ID}/").json()["latestVersion"]["id"] == VERSION_ID


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ({"colour": []}, "body: violates additionalProperties; allowed fields: datasets, environments"),
        ({"customModels": [{"name": "M"}]}, "customModels/0: violates required; required fields: name, targetType"),
        ({"datasets": [{"name": "D"}]}, "datasets: D: a dataset requires either file or csv"),
        ({"datasets": [{"name": "D", "file": "/etc/hostname"}]}, "datasets: D: file is possible in a seed folder only"),
        ({"datasets": [{"name": "D", "csv": "a\n", "file": "a"}]}, "a dataset requires either file or csv"),
        ({"datasets": [{"name": "D", "csv": ""}]}, "datasets: D: the CSV text has no header row"),
        ({"environments": [ENVIRONMENT, ENVIRONMENT]}, f"the id {ENVIRONMENT['id']} of the environment is in use"),
        (document({"folder": "/etc"}), "Prices: a version requires either folder or files"),
        (document({"files": {}}), "customModels/0/version/files: violates minProperties"),
        (document({"files": {"../x": ""}}), "Prices: ../x has to be a relative path inside the model's folder"),
        (document({"files": {"a": "", "a/b": ""}}), "files names a file and a folder of the same name"),
        (document({"files": {"a": {"base64": "?"}}}), "files: a: the content is not valid base64"),
        (document({"files": {"a": {"hex": "00"}}}), "customModels/0/version/files/a: violates"),
        (document({"files": {"requirements.txt": "--odd\n"}}), 'Set "built": false.'),
        (document({"files": {"model-metadata.yaml": "["}}), "customModels: Prices: "),
        (document({"environmentId": "none"}), "the seed has no environment none, and none exists in the emulator"),
        (document({"trainingDatasetId": "none"}), "the seed has no dataset none"),
        (document({"built": "yes"}), "customModels/0/version/built: violates type"),
        (document({"guards": [{}]}), "customModels/0/version/guards/0: violates required; required fields: template"),
        (document({"guards": [{"template": "Courtesy"}]}), "Prices: there is no guard template Courtesy"),
        (document({"guards": [{"template": "Cost", "colour": "red"}]}), "Prices: colour is not an allowed key"),
        (document({"guards": [{"template": "Cost", "deploymentId": "none"}]}), "Prices: Deployment not found."),
        (document({"guards": [{"template": "Cost"}] * 2}), "with this name exists already"),
        (
            {"environments": [ENVIRONMENT], "customModels": [{**MODEL, "version": VERSION, "versions": [VERSION]}]},
            "a custom model has either version or versions",
        ),
        (
            {"environments": [ENVIRONMENT], "customModels": [{**MODEL, "versions": [VERSION, VERSION]}]},
            f"the id {VERSION_ID} of the version is in use",
        ),
        (
            document(
                validations=[{"name": "V", "deploymentId": "p", "promptColumnName": "a", "targetColumnName": "b"}]
            ),
            "validations: V: the seed has no deployment p",
        ),
    ],
)
def test_invalid_seed_changes_nothing(api, seed, message):
    with pytest.raises(RuntimeError, match="returned 422") as error:
        api.control("POST", "seed", {"useCases": [{"name": "U"}], **seed})
    assert message in json.loads(str(error.value).split(": ", 1)[1])["message"]
    assert [api.control("GET", path)["data"] for path in LISTS] == [[]] * len(LISTS)
    assert api("GET", "/customModels/").json()["data"] == []


def test_training_data_without_the_target_is_rejected(api):
    seed = document({"trainingDatasetId": DATASET["id"]})
    seed["customModels"][0]["targetName"] = "weight"
    with pytest.raises(RuntimeError, match="there is no column 'weight'"):
        api.control("POST", "seed", seed)


def test_resource_cannot_be_seeded_twice(api):
    api.control("POST", "seed", document())
    before = [api.control("GET", path)["data"] for path in LISTS]
    with pytest.raises(RuntimeError, match="is in use"):
        api.control("POST", "seed", document(useCases=[{"name": "U"}]))
    assert [api.control("GET", path)["data"] for path in LISTS] == before


def test_seed_folder_may_contain_contents(tmp_path):
    (tmp_path / "seed.json").write_text(json.dumps(document()), encoding="utf-8")
    with running(token="token-of-the-seed-tests", seed=tmp_path) as emulator:
        assert [dataset["id"] for dataset in emulator.control("GET", "datasets")["data"]] == [DATASET["id"]]
