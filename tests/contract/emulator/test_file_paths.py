"""File paths of versions."""

import json

import pytest

PATHS = "/customModels/{}/versions/"
BAD = {
    "empty": "",
    "absolute": "/etc/x",
    "above": "../x",
    "above, further on": "a/../b",
    "an empty segment": "a//b",
    "a folder": "a/",
    "a point": ".",
    "a point in it": "a/./b",
    "two points": "..",
    "a backslash": "a\\b",
    "a drive": "C:\\x",
    "a drive without a slash": "c:x",
    "a drive with a slash": "C:/x",
    "NUL": "a\0b",
    "a new line": "a\nb",
    "an escape": "a\x1b[31m",
    "DEL": "a\x7f",
    "C1": "a\x85b",
    "a long name": "x" * 256,
    "a long name in bytes": "\u00e9" * 128,
    "a long path": "/".join(["x" * 200] * 21),
}
GOOD = [
    "a b.txt",
    "model:v1.bin",
    "sub/C:x",
    "\u00e9\u4e2d.csv",
    ".hidden",
    "...",
    "a..b",
    "x" * 255,
    "a/b/c/d.py",
    "~",
    " ",
]


def upload(api, model, paths, method="POST", **fields):
    """Upload files with any paths, including those that the header of a part cannot contain."""
    form = [("isMajorUpdate", (None, "false")), *((k, (None, v)) for k, v in fields.items())]
    if method == "POST":
        form.append(("baseEnvironmentId", (None, api.environment())))
    form += [("file", ("f", f"file {n}".encode())) for n in range(len(paths))]
    form += [("filePath", (None, path)) for path in paths]
    return api(method, PATHS.format(model), files=form)


@pytest.mark.parametrize("path", BAD.values(), ids=BAD)
def test_invalid_paths_are_rejected(api, rejected_fields, path):
    model = api.model()
    assert "filePath" in rejected_fields(upload(api, model, [path]))
    api.version(model)
    assert "filePath" in rejected_fields(upload(api, model, ["ok.txt", path], method="PATCH"))
    assert len(api("GET", PATHS.format(model)).json()["data"]) == 1


@pytest.mark.parametrize(
    "paths",
    [["a", "a/b"], ["a/b", "a"], ["x/a/b/c", "x/a"], ["same", "same"]],
    ids=["after", "before", "deep", "twice"],
)
def test_path_cannot_be_a_file_and_a_folder(api, rejected_fields, paths):
    model = api.model()
    assert "filePath" in rejected_fields(upload(api, model, paths))
    assert api("GET", PATHS.format(model)).json()["data"] == []


@pytest.mark.parametrize(("first", "second"), [("a", "a/b"), ("a/b", "a")])
def test_new_file_cannot_replace_a_folder(api, rejected_fields, first, second):
    model = api.model()
    old = upload(api, model, [first]).json()["items"][0]["id"]
    assert "filePath" in rejected_fields(upload(api, model, [second], method="PATCH"))
    changed = upload(api, model, [second], method="PATCH", filesToDelete=old)
    assert [item["filePath"] for item in changed.json()["items"]] == [second]


def test_paths_are_returned_unchanged(api):
    model = api.model()
    response = upload(api, model, GOOD)
    assert response.status_code == 201, response.text
    assert [item["filePath"] for item in response.json()["items"]] == GOOD
    assert upload(api, model, ["a b.txt"], method="PATCH").status_code == 201


@pytest.mark.parametrize("source", ["a\0b.py", "../x.py", "a\\b.py", "C:x.py", "."])
def test_invalid_repository_paths_are_rejected(api, rejected_fields, source):
    body = {"repositoryId": "r", "baseEnvironmentId": api.environment(), "sourcePath": [source]}
    path = PATHS.format(api.model()) + "fromRepository/"
    assert "sourcePath" in rejected_fields(api("POST", path, json=body))


def test_repository_file_cannot_replace_a_folder(api, rejected_fields):
    model = api.model()
    upload(api, model, ["a.py/b"])
    body = {"repositoryId": "r", "sourcePath": "src/a.py"}
    assert "sourcePath" in rejected_fields(api("PATCH", PATHS.format(model) + "fromRepository/", json=body))


def test_training_data_must_contain_strings(api, rejected_fields):
    model = api.model()
    api.version(model)
    for value in ({"datasetId": 1}, {"datasetId": api.dataset(), "datasetVersionId": []}):
        body = {"isMajorUpdate": "false", "trainingData": json.dumps(value)}
        assert "trainingData" in rejected_fields(api("PATCH", PATHS.format(model), json=body))
    body = {"isMajorUpdate": "false", "holdoutData": json.dumps({"partitionColumn": {}})}
    assert "holdoutData" in rejected_fields(api("PATCH", PATHS.format(model), json=body))
