"""Execution environments and their versions: from a Docker context or an image, build, log, get, list, delete."""

from __future__ import annotations

import stat
import tarfile
import zipfile

import pytest

from datarobot_provider.operators.environment_versions import (
    CreateEnvironmentVersionOperator,
    DownloadEnvironmentVersionOperator,
    GetEnvironmentBuildLogOperator,
    GetEnvironmentVersionOperator,
    ListEnvironmentVersionsOperator,
)
from datarobot_provider.operators.execution_environments import (
    CreateExecutionEnvironmentOperator,
    DeleteExecutionEnvironmentOperator,
    GetExecutionEnvironmentOperator,
    ListExecutionEnvironmentsOperator,
    UpdateExecutionEnvironmentOperator,
)
from datarobot_provider.operators.versions import CreateVersionOperator, GetVersionOperator
from datarobot_provider.sensors.environment_versions import EnvironmentBuildSensor
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.contract.operations.register import covers
from tests.contract.operations.test_custom_models import names, queries
from tests.support.life_cycle import create_model
from tests.support.task_runner import WAIT

IMAGE = "registry.example.com/python:3.12"
BOTH_MODES = pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "trigger"])


@pytest.fixture
def context(tmp_path):
    folder = tmp_path / "context"
    (folder / "code").mkdir(parents=True)
    (folder / "Dockerfile").write_text("# comment\nFROM python:3.12\nCOPY . /opt/code\n", encoding="utf-8")
    script = folder / "code" / "start_server.sh"
    script.write_text("#!/bin/sh\n" + "# padding\n" * 100, encoding="utf-8")
    script.chmod(0o755)
    (folder / "größe.txt").write_text("x" * 512, encoding="utf-8")
    (folder / ".env").write_text("SECRET=1\n", encoding="utf-8")
    return folder


@pytest.fixture
def environment(runner):
    return runner.run(CreateExecutionEnvironmentOperator, name="Python", programming_language="python")


@covers("create_execution_environment", "get_execution_environment")
def test_create_and_get(runner):
    keys = [{"fieldName": "region", "displayName": "Region"}]
    environment = runner.run(
        CreateExecutionEnvironmentOperator,
        name="Python",
        description="With drivers",
        programming_language="python",
        required_metadata_keys=keys,
        is_public="false",
        use_cases=["customModel"],
    )
    seen = runner.run(GetExecutionEnvironmentOperator, environment_id=environment)
    assert (seen["id"], seen["name"], seen["description"]) == (environment, "Python", "With drivers")
    assert (seen["programmingLanguage"], seen["isPublic"], seen["useCases"]) == ("python", False, ["customModel"])
    assert (seen["requiredMetadataKeys"], seen["latestVersion"]) == (keys, None)
    assert runner.ti.xcoms["_link_EnvironmentLink"].endswith(f"/model-registry/custom-environments/{environment}")


@covers("create_execution_environment")
def test_an_environment_is_found_by_its_whole_name(runner, environment):
    runner.run(CreateExecutionEnvironmentOperator, name="Python 3")
    assert runner.run(CreateExecutionEnvironmentOperator, name="Python", if_exists="reuse") == environment
    with pytest.raises(AirflowFailException, match=f"The execution environment 'Python' already exists: {environment}"):
        runner.run(CreateExecutionEnvironmentOperator, name="Python", if_exists="fail")


@BOTH_MODES
@covers("create_execution_environment_version", "get_execution_environment_version", "list_execution_environments")
def test_a_folder_is_uploaded_and_built(runner, environment, context, deferrable):
    version = runner.run(
        CreateEnvironmentVersionOperator,
        environment_id=environment,
        docker_context=context,
        version_label="v1",
        description="first",
        deferrable=deferrable,
        **WAIT,
    )
    ids = {"environment_id": environment, "environment_version_id": version}
    seen = runner.run(GetEnvironmentVersionOperator, **ids)
    assert (seen["buildStatus"], seen["label"], seen["description"]) == ("success", "v1", "first")
    (found,) = runner.run(ListExecutionEnvironmentsOperator, search_for="python", is_own=True, use_cases=None)
    assert found["latestSuccessfulVersion"]["id"] == version


@covers("download_execution_environment_version")
def test_the_archive_has_the_files_of_the_folder(runner, environment, context, tmp_path):
    version = runner.run(
        CreateEnvironmentVersionOperator, environment_id=environment, docker_context=str(context), **WAIT
    )
    target = tmp_path / "download.tar"
    done = runner.run(
        DownloadEnvironmentVersionOperator, environment_id=environment, environment_version_id=version, target=target
    )
    seen = runner.run(GetEnvironmentVersionOperator, environment_id=environment, environment_version_id=version)
    assert done["size"] == seen["dockerContextSize"]
    with tarfile.open(target) as archive:
        members = {member.name: member for member in archive}
        assert sorted(members) == ["Dockerfile", "code/start_server.sh", "größe.txt"]
        assert stat.S_IMODE(members["code/start_server.sh"].mode) == 0o755
        for name in members:
            assert archive.extractfile(name).read() == (context / name).read_bytes()


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz"])
def test_an_archive_is_uploaded_as_it_is(runner, environment, context, tmp_path, suffix):
    archive = tmp_path / f"context{suffix}"
    if suffix == ".zip":
        with zipfile.ZipFile(archive, "w") as content:
            content.write(context / "Dockerfile", "Dockerfile")
    else:
        with tarfile.open(archive, "w:gz") as content:
            content.add(context, "context")
    version = runner.run(CreateEnvironmentVersionOperator, environment_id=environment, docker_context=archive, **WAIT)
    seen = runner.run(GetEnvironmentVersionOperator, environment_id=environment, environment_version_id=version)
    assert (seen["buildStatus"], seen["dockerContextSize"]) == ("success", archive.stat().st_size)


@covers("create_execution_environment_version", "list_execution_environment_versions")
def test_an_image_is_used_without_a_context(runner, environment):
    version = runner.run(CreateEnvironmentVersionOperator, environment_id=environment, docker_image_uri=IMAGE, **WAIT)
    (seen,) = runner.run(ListEnvironmentVersionsOperator, environment_id=environment, build_status="success")
    assert (seen["id"], seen["sourceDockerImageUri"], seen["dockerContextSize"]) == (version, IMAGE, None)
    assert runner.run(ListEnvironmentVersionsOperator, environment_id=environment, build_status="failed") == []
    assert queries(runner, f"executionEnvironments/{environment}/versions/")[-1]["buildStatus"] == "failed"


@BOTH_MODES
@covers("get_execution_environment_build_log", "create_execution_environment_version")
def test_a_failed_build_shows_its_log(runner, environment, context, deferrable):
    (context / "Dockerfile").write_text("RUN apt-get update\n", encoding="utf-8")
    with pytest.raises(AirflowFailException) as caught:
        runner.run(
            CreateEnvironmentVersionOperator,
            environment_id=environment,
            docker_context=context,
            deferrable=deferrable,
            **WAIT,
        )
    message = str(caught.value)
    assert message.startswith("The environment build failed")
    assert "the Dockerfile has no FROM instruction" in message
    assert f"/model-registry/custom-environments/{environment}" in message
    version = runner.ti.xcoms["datarobot_id"]
    log = runner.run(GetEnvironmentBuildLogOperator, environment_id=environment, environment_version_id=version)
    assert log.splitlines()[0] == "Step 1/1 : RUN apt-get update"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, "requires docker_context or docker_image_uri"),
        ({"docker_context": "context/code"}, "has no Dockerfile at its top"),
        ({"docker_context": "context/größe.txt"}, "is neither a folder nor one of .tar, .tar.gz, .tgz, .zip"),
        ({"docker_context": "nowhere.zip"}, "nowhere.zip does not exist"),
    ],
)
def test_an_unusable_context_sends_nothing(runner, context, arguments, expected):
    paths = {name: context.parent / value for name, value in arguments.items()}
    with pytest.raises(AirflowFailException, match=expected):
        runner.run(CreateEnvironmentVersionOperator, environment_id="e", **paths)
    assert runner.received == []


@BOTH_MODES
def test_the_sensor_waits_for_a_build(runner, environment, deferrable):
    version = runner.run(
        CreateEnvironmentVersionOperator,
        environment_id=environment,
        docker_image_uri=IMAGE,
        wait_for_completion=False,
    )
    seen = runner.run(
        EnvironmentBuildSensor,
        environment_id=environment,
        environment_version_id=version,
        deferrable=deferrable,
        poke_interval=0.05,
        timeout=60,
    )
    assert (seen["id"], seen["buildStatus"]) == (version, "success")


def test_a_model_uses_the_version_that_is_built(runner, environment, context, model_folder):
    model = create_model(runner)
    arguments = {"custom_model_id": model, "folder": model_folder, "base_environment_id": environment}
    with pytest.raises(AirflowFailException, match="has no version that is built"):
        runner.run(CreateVersionOperator, **arguments)
    built = runner.run(CreateEnvironmentVersionOperator, environment_id=environment, docker_context=context, **WAIT)
    (context / "Dockerfile").write_text("RUN apt-get update\n", encoding="utf-8")
    with pytest.raises(AirflowFailException):
        runner.run(CreateEnvironmentVersionOperator, environment_id=environment, docker_context=context, **WAIT)
    version = runner.run(CreateVersionOperator, **arguments)
    seen = runner.run(GetVersionOperator, custom_model_id=model, custom_model_version_id=version)
    assert (seen["baseEnvironmentId"], seen["baseEnvironmentVersionId"]) == (environment, built)


def test_a_lost_upload_is_found_by_its_size(runner, environment, context):
    runner.run(CreateEnvironmentVersionOperator, environment_id=environment, docker_image_uri=IMAGE, **WAIT)
    runner.datarobot.fault("POST", "executionEnvironments/[^/]+/versions/", times=1, cut="after")
    arguments = {"environment_id": environment, "docker_context": context, **WAIT}
    with pytest.raises(AirflowException):
        runner.run(CreateEnvironmentVersionOperator, **arguments)
    version = runner.retry(CreateEnvironmentVersionOperator, **arguments)
    newest, _ = runner.run(ListEnvironmentVersionsOperator, environment_id=environment)
    assert newest["id"] == version
    uploads = [each for each in runner.log() if each["method"] == "POST" and each["path"].endswith("/versions/")]
    assert len(uploads) == 2


@covers("update_execution_environment")
def test_update_keeps_other_fields(runner, environment):
    changed = runner.run(UpdateExecutionEnvironmentOperator, environment_id=environment, description="New")
    assert (changed["name"], changed["description"], changed["programmingLanguage"]) == ("Python", "New", "python")
    changed = runner.run(UpdateExecutionEnvironmentOperator, environment_id=environment, name="Python 3")
    assert (changed["name"], changed["description"]) == ("Python 3", "New")


@covers("list_execution_environments")
def test_list_filters(runner, environment):
    assert names(runner.run(ListExecutionEnvironmentsOperator, limit=1)) == ["Python"]
    public = runner.run(ListExecutionEnvironmentsOperator, is_public=True, use_cases="customModel")
    assert environment not in [each["id"] for each in public]
    assert len(public) == 1


@covers("delete_execution_environment")
def test_delete(runner, environment):
    assert runner.run(DeleteExecutionEnvironmentOperator, environment_id=environment) is None
    runner.run(DeleteExecutionEnvironmentOperator, environment_id=environment, ignore_if_missing=True)
    with pytest.raises(AirflowFailException, match="404"):
        runner.run(GetExecutionEnvironmentOperator, environment_id=environment)
