"""Dependency builds."""

import pytest


@pytest.fixture
def version(api):
    model = api.model()
    return f"/customModels/{model}/versions/" + api.version(
        model, {"custom.py": b"", "requirements.txt": b"pandas>=2\nnumpy\n"}
    )


def test_build_from_start_to_log(api, conforms, version):
    build = f"{version}/dependencyBuild/"
    assert api("GET", build).status_code == 422
    assert "has not been started" in api("GET", build).json()["message"]
    assert api("GET", f"{version}/dependencyBuildLog/").status_code == 422
    # The build reports each state long enough to be seen: "submitted" for 2 s, then "processing" until it is ended.
    api.control("POST", "outcomes", {"kind": "dependency_build", "outcome": "default", "seconds": 8})
    started = conforms("BaseDependencyBuildMetadataResponse", api("POST", build), 202)
    assert (started["buildStatus"], started["buildEnd"], started["buildLogLocation"]) == ("submitted", None, None)
    assert api("GET", f"{version}/dependencyBuildLog/").status_code == 404
    api.wait_until(lambda: api("GET", build).json()["buildStatus"] == "processing")
    api.control("POST", "finish")
    api.wait_until(lambda: api("GET", build).json()["buildStatus"] == "success")
    done = conforms("BaseDependencyBuildMetadataResponse", api("GET", build))
    assert done["buildEnd"] > done["buildStart"]
    log = conforms("DependencyBuildLogResponse", api("GET", f"{version}/dependencyBuildLog/"))["data"]
    assert "Successfully installed pandas numpy" in log
    assert api("GET", done["buildLogLocation"]).status_code == 200
    again = api("POST", build)
    assert again.status_code == 422
    assert "already built" in again.json()["message"]
    assert api("DELETE", build).status_code == 409


def test_invalid_requirement_fails_with_the_message_of_pip(api):
    model = api.model()
    version = api.version(model, {"requirements.txt": b"numpy\npandas=>2.0\n"})
    assert api.built(model, version)["buildStatus"] == "failed"
    path = f"/customModels/{model}/versions/{version}"
    log = api("GET", f"{path}/dependencyBuildLog/").json()["data"]
    assert "Invalid requirement: 'pandas=>2.0'" in log
    assert "line 2" in log
    again = api("POST", f"{path}/dependencyBuild/")
    assert again.status_code == 422
    assert "failed" in again.json()["message"]
    assert api("DELETE", f"{path}/dependencyBuild/").status_code == 409


def test_one_build_at_a_time_and_cancel(api, version):
    build = f"{version}/dependencyBuild/"
    api.control("POST", "outcomes", {"kind": "dependency_build", "outcome": "stuck"})
    assert api("DELETE", build).status_code == 422
    assert api("POST", build, json={}).status_code == 202
    again = api("POST", build)
    assert again.status_code == 422
    assert "in progress" in again.json()["message"]
    assert api("DELETE", build).status_code == 204
    assert api("GET", build).status_code == 422
    assert api("DELETE", build).status_code == 422
    assert api("POST", build).status_code == 202


def test_nothing_to_build_is_422(api):
    model = api.model()
    response = api("POST", f"/customModels/{model}/versions/{api.version(model)}/dependencyBuild/")
    assert response.status_code == 422
    assert "no dependencies" in response.json()["message"]


def test_body_and_unknown_version(api, version, rejected_fields):
    assert "x" in rejected_fields(api("POST", f"{version}/dependencyBuild/", json={"x": 1}))
    assert api("POST", f"{version[:-4]}0000/dependencyBuild/").status_code == 404


def test_message_of_a_set_failure_is_in_the_log(api, version):
    order = {"kind": "dependency_build", "outcome": "failed", "message": "the disk is full"}
    api.control("POST", "outcomes", order)
    assert api("POST", f"{version}/dependencyBuild/").status_code == 202
    api.wait_until(lambda: api("GET", f"{version}/dependencyBuild/").json()["buildStatus"] == "failed")
    assert "the disk is full" in api("GET", f"{version}/dependencyBuildLog/").json()["data"]


@pytest.mark.parametrize(("outcome", "status"), [("cancelled", 422), ("expired", 404)])
def test_build_can_expire_or_be_cancelled(api, version, outcome, status):
    api.control("POST", "outcomes", {"kind": "dependency_build", "outcome": outcome})
    assert api("POST", f"{version}/dependencyBuild/").status_code == 202
    api.wait_until(lambda: api("GET", f"{version}/dependencyBuild/").status_code == status)


def test_unknown_state_can_be_set(api, version):
    order = {"kind": "dependency_build", "outcome": "unknown", "state": "pondering"}
    api.control("POST", "outcomes", order)
    assert api("POST", f"{version}/dependencyBuild/").json()["buildStatus"] == "pondering"
    assert api("GET", f"{version}/dependencyBuild/").json()["buildStatus"] == "pondering"
