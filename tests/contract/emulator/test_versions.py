"""Versions: uploads, inheritance, numbering, dependencies."""

import json

import pytest

PATHS = "/customModels/{}/versions/"


def paths_of(version):
    return sorted(item["filePath"] for item in version["items"])


def test_create_reads_requirements(api, conforms):
    model = api.model()
    files = {
        "custom.py": b"def score(): ...\n",
        "requirements.txt": b"# tools\npandas[excel]>=2.0,<3,!=2.1\nnumpy\n\n-r other.txt\n",
        "helpers/more.py": b"",
    }
    body = conforms("CustomModelVersionResponse", api.upload(model, files), 201)
    assert (body["versionMajor"], body["versionMinor"], body["label"]) == (1, 0, "1.0")
    assert paths_of(body) == ["custom.py", "helpers/more.py", "requirements.txt"]
    first, second = body["dependencies"]
    assert first["packageName"] == "pandas"
    assert first["extras"] == "excel"
    assert first["lineNumber"] == 2
    assert {(c["constraintType"], c["version"]) for c in first["constraints"]} == {(">=", "2.0"), ("<", "3")}
    assert (second["packageName"], second["lineNumber"], second["constraints"]) == ("numpy", 3, [])
    assert api("GET", f"/customModels/{model}/").json()["latestVersion"]["id"] == body["id"]
    one = conforms("CustomModelVersionResponse", api("GET", PATHS.format(model) + body["id"] + "/"))
    assert one == body


def test_file_paths_pair_by_position_in_any_order(api):
    parts = [
        ("isMajorUpdate", (None, "True")),
        ("baseEnvironmentId", (None, api.environment())),
        ("filePath", (None, "a.txt")),
        ("filePath", (None, "sub/b.txt")),
        ("file", ("sub/b.txt", b"1")),
        ("file", ("b.txt", b"22")),
    ]
    response = api("POST", PATHS.format(api.model()), files=parts)
    assert response.status_code == 201
    assert paths_of(response.json()) == ["a.txt", "sub/b.txt"]


def test_patch_inherits_from_the_latest_version(api, conforms):
    model = api.model()
    first = api.upload(model, {"a.py": b"1", "b.py": b"2", "c.py": b"3"}).json()
    deleted = next(item["id"] for item in first["items"] if item["filePath"] == "a.py")
    response = api.upload(model, {"b.py": b"changed", "d.py": b"4"}, method="PATCH", filesToDelete=[deleted])
    second = conforms("CustomModelVersionResponse", response, 201)
    assert second["label"] == "1.1"
    assert paths_of(second) == ["b.py", "c.py", "d.py"]
    assert second["baseEnvironmentId"] == first["baseEnvironmentId"]
    assert api("GET", PATHS.format(model) + first["id"] + "/").json()["isFrozen"] is True
    assert second["isFrozen"] is False


def test_patch_of_a_new_model_creates_version_1_0(api):
    model = api.model()
    body = {"isMajorUpdate": "false", "baseEnvironmentId": api.environment(), "resourceBundleId": None}
    response = api("PATCH", PATHS.format(model), json=body)
    assert response.status_code == 201
    assert (response.json()["label"], response.json()["items"]) == ("1.0", [])


@pytest.mark.parametrize(
    ("value", "label"),
    [("true", "2.0"), ("True", "2.0"), (True, "2.0"), ("false", "1.1"), (False, "1.1"), ("None", "1.1"), (None, "1.1")],
)
def test_values_of_is_major_update_in_json(api, value, label):
    model = api.model()
    api.version(model)
    assert api("PATCH", PATHS.format(model), json={"isMajorUpdate": value}).json()["label"] == label


def test_json_patch_accepts_json_strings(api):
    model = api.model()
    metadata = b"runtimeParameterDefinitions:\n- fieldName: KEY\n  type: string\n"
    api.version(model, {"custom.py": b"", "model-metadata.yaml": metadata})
    body = {
        "isMajorUpdate": "false",
        "replicas": 2,
        "maximumMemory": 268435456,
        "networkEgressPolicy": "PUBLIC",
        "runtimeParameterValues": json.dumps([{"fieldName": "KEY", "type": "string", "value": "x"}]),
        "requiredMetadataValues": json.dumps([{"fieldName": "A", "value": "1"}]),
    }
    version = api("PATCH", PATHS.format(model), json=body).json()
    assert (version["replicas"], version["networkEgressPolicy"]) == (2, "PUBLIC")
    assert version["runtimeParameters"][0]["currentValue"] == "x"
    assert version["requiredMetadataValues"] == [{"fieldName": "A", "value": "1"}]
    later = api("PATCH", PATHS.format(model), json={"isMajorUpdate": "false"}).json()
    assert later["replicas"] == 2


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"baseEnvironmentId": "unknown"}, "baseEnvironmentId"),
        ({"baseEnvironmentVersionId": "unknown"}, "baseEnvironmentVersionId"),
        ({"isMajorUpdate": "perhaps"}, "isMajorUpdate"),
        ({"replicas": "9"}, "replicas"),
        ({"maximumMemory": "lots"}, "maximumMemory"),
        ({"networkEgressPolicy": "DR_API_ACCESS"}, "networkEgressPolicy"),
        ({"trainingData": "{"}, "trainingData"),
        ({"trainingData": "[]"}, "trainingData"),
        ({"requiredMetadataValues": "{}"}, "requiredMetadataValues"),
        ({"surprise": "1"}, "surprise"),
        ({"filesToDelete": "x"}, "filesToDelete"),
    ],
)
def test_invalid_form_fields_are_named(api, rejected_fields, fields, field):
    assert field in rejected_fields(api.upload(api.model(), {"a.py": b""}, **fields))


def test_unknown_file_to_delete_is_422(api, rejected_fields):
    model = api.model()
    api.version(model)
    assert "filesToDelete" in rejected_fields(api("PATCH", PATHS.format(model), json={"filesToDelete": ["x"]}))


@pytest.mark.parametrize("path", ["/etc/x", "../x", "a//b", ""])
def test_paths_outside_of_the_folder_are_rejected(api, rejected_fields, path):
    assert "filePath" in rejected_fields(api.upload(api.model(), {path: b""}))


def test_files_and_paths_must_match(api, rejected_fields):
    parts = [("file", ("a", b"")), ("file", ("b", b"")), ("filePath", (None, "a"))]
    parts += [("isMajorUpdate", (None, "true")), ("baseEnvironmentId", (None, api.environment()))]
    assert "filePath" in rejected_fields(api("POST", PATHS.format(api.model()), files=parts))


def test_more_than_1000_files_are_rejected(api, rejected_fields):
    model = api.model()
    files = {f"f{n}.txt": b"" for n in range(1000)}
    assert api.upload(model, files).status_code == 201
    assert rejected_fields(api.upload(model, {**files, "one-more.txt": b""}))


def test_first_version_requires_an_environment(api, rejected_fields):
    parts = {"isMajorUpdate": (None, "true")}
    assert "baseEnvironmentId" in rejected_fields(api("POST", PATHS.format(api.model()), files=parts))


def test_post_requires_a_form(api):
    assert api("POST", PATHS.format(api.model()), json={"isMajorUpdate": "true"}).status_code == 422


def test_unknown_model_and_version_are_404(api):
    assert api.upload("0123", {"a": b""}).status_code == 404
    assert api("GET", PATHS.format("0123")).status_code == 404
    assert api("GET", PATHS.format(api.model()) + "0123/").status_code == 404


def test_list_newest_first(api, conforms):
    model = api.model()
    sha = "a" * 40
    git = {"refName": "main", "commitUrl": "https://x.example.com/1", "mainBranchCommitSha": sha}
    first = api.version(model, gitModelVersion=json.dumps({**git, "pullRequestCommitSha": None}))
    second = api.version(model, isMajorUpdate="true")
    page = conforms("CustomModelVersionListResponse", api("GET", PATHS.format(model)))
    assert [v["id"] for v in page["data"]] == [second, first]
    assert [v["label"] for v in page["data"]] == ["2.0", "1.0"]
    found = api("GET", PATHS.format(model), params={"mainBranchCommitSha": sha}).json()["data"]
    assert [v["id"] for v in found] == [first]
    assert api("GET", PATHS.format(model), params={"limit": "x"}).status_code == 400


def test_update_metadata(api, conforms, rejected_fields):
    model = api.model()
    path = PATHS.format(model) + api.version(model) + "/"
    body = {"description": "better", "requiredMetadataValues": [{"fieldName": "A", "value": "1"}]}
    assert conforms("CustomModelVersionResponse", api("PATCH", path, json=body))["description"] == "better"
    changed = {"requiredMetadataValues": [{"fieldName": "A", "value": "2"}]}
    assert "requiredMetadataValues" in rejected_fields(api("PATCH", path, json=changed))
    assert "items" in rejected_fields(api("PATCH", path, json={"items": []}))


def test_deployment_freezes_a_version(api):
    model = api.model()
    version = api.version(model)
    api.control("POST", "deployments", {"label": "live", "modelId": version})
    assert api("GET", f"/customModels/{model}/").json()["latestVersion"]["isFrozen"] is True


def test_large_files_are_kept(api):
    model = api.model()
    code = b"#" * 3_000_000 + b"\ndef score(data, model): ...\n"
    version = api.version(model, {"custom.py": code})
    test = api.finished_test(api.start_test(model, version, datasetId=api.dataset()))
    assert test["overallStatus"] == "succeeded"
