"""Downloads and copies of versions."""

import io
import zipfile

import pytest
import requests

FILES = {"custom.py": b"x = 1\n", "requirements.txt": b"numpy\n", "data/big.bin": bytes(range(256)) * 10_000}


@pytest.fixture
def uploaded(api):
    model = api.model()
    return model, api.version(model, FILES)


def unpacked(response):
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_version(api, uploaded):
    model, version = uploaded
    response = api("GET", f"/customModels/{model}/versions/{version}/download/")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/zip")
    name = f"attachment;filename=model-{model}-version-{version}.zip"
    assert response.headers["Content-Disposition"] == name
    assert int(response.headers["Content-Length"]) == len(response.content)
    assert unpacked(response) == FILES


def test_model_download_returns_the_latest_version(api, uploaded):
    model, _ = uploaded
    second = api.version(model, {"new.py": b""})
    response = api("GET", f"/customModels/{model}/download/")
    assert second in response.headers["Content-Disposition"]
    assert unpacked(response) == {"new.py": b""}


@pytest.mark.parametrize("value", ["true", "True"])
def test_install_script(api, uploaded, value):
    model, version = uploaded
    for path in (f"/customModels/{model}/download/", f"/customModels/{model}/versions/{version}/download/"):
        files = unpacked(api("GET", path, params={"pps": value}))
        assert b"pip install" in files.pop("install_dependencies.sh")
        assert files == FILES
        assert unpacked(api("GET", path, params={"pps": "false"})) == FILES


def test_invalid_parameter_is_rejected(api, uploaded, rejected_fields):
    assert "pps" in rejected_fields(api("GET", f"/customModels/{uploaded[0]}/download/", params={"pps": "maybe"}))


def test_download_without_a_version_is_404(api, uploaded):
    model = api.model()
    assert api("GET", f"/customModels/{model}/download/").status_code == 404
    assert api("GET", f"/customModels/{model}/versions/{uploaded[1]}/download/").status_code == 404
    assert api("GET", "/customModels/0123/download/").status_code == 404


def test_download_can_be_cut_in_the_middle(api, uploaded):
    path = f"/customModels/{uploaded[0]}/download/"
    api.control("POST", "faults", {"path": "download", "cut": "inside"})
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        api("GET", path)
    assert unpacked(api("GET", path)) == FILES


def copied(api, model, status=201):
    response = api("POST", "/customModels/fromCustomModel/", json={"customModelId": model})
    assert response.status_code == status
    return response


def test_copy(api, conforms, uploaded):
    model, version = uploaded
    api("PATCH", f"/customModels/{model}/", json={"description": "the original"})
    twin = conforms("CustomModelResponse", copied(api, model), 201)
    assert twin["id"] != model
    assert (twin["name"], twin["description"], twin["targetName"]) == ("Prices", "the original", "price")
    latest = twin["latestVersion"]
    assert (latest["customModelId"], latest["label"]) == (twin["id"], "1.0")
    assert latest["id"] != version
    assert unpacked(api("GET", f"/customModels/{twin['id']}/download/")) == FILES
    before = {i["id"] for i in api("GET", f"/customModels/{model}/versions/{version}/").json()["items"]}
    assert before.isdisjoint({i["id"] for i in latest["items"]})


def test_copy_and_original_are_independent(api, uploaded):
    model, version = uploaded
    api("PATCH", f"/customModels/{model}/versions/{version}/", json={"description": "one"})
    twin = copied(api, model).json()
    path = f"/customModels/{twin['id']}/versions/{twin['latestVersion']['id']}/"
    api("PATCH", path, json={"description": "two"})
    api.version(twin["id"], {"new.py": b""})
    assert api("GET", f"/customModels/{model}/versions/{version}/").json()["description"] == "one"
    assert api("GET", f"/customModels/{model}/").json()["latestVersion"]["id"] == version
    assert api("DELETE", f"/customModels/{twin['id']}/").status_code == 204
    assert unpacked(api("GET", f"/customModels/{model}/download/")) == FILES


def test_copy_keeps_training_data_but_no_jobs_and_no_unique_id(api):
    model, version = api.trained(api.model(userProvidedId="repo/one"), files={"requirements.txt": b"numpy\n"})
    api.built(model, version)
    twin = copied(api, model).json()
    assert "userProvidedId" not in twin
    assert twin["latestVersion"]["trainingData"]["datasetId"]
    path = f"/customModels/{twin['id']}/versions/{twin['latestVersion']['id']}/"
    assert api("GET", path + "dependencyBuild/").status_code == 422
    assert api("GET", path + "featureImpact/").status_code == 404


def test_invalid_copies_are_rejected(api, rejected_fields):
    copied(api, "0123", 404)
    assert "customModelId" in rejected_fields(api("POST", "/customModels/fromCustomModel/", json={}))
    assert "name" in rejected_fields(
        api("POST", "/customModels/fromCustomModel/", json={"customModelId": "x", "name": "y"})
    )
