"""Execution environments that are built, versions of datasets, credentials and registered models."""

import io

import datarobot as dr
import pytest
from datarobot.errors import ClientError
from datarobot.models.execution_environment_version import ExecutionEnvironmentVersion
from datarobot.models.model_registry import RegisteredModel, RegisteredModelVersion

CSV = "age,price\n1,10\n2,21\n"


@pytest.fixture
def environment():
    return dr.ExecutionEnvironment.create(name="Python", programming_language="python", description="With drivers")


@pytest.fixture
def context(tmp_path):
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM python:3.12\n", encoding="utf-8")
    return folder


def test_environment_is_created_changed_and_deleted(environment):
    assert (environment.name, environment.programming_language) == ("Python", "python")
    assert environment.latest_version is None
    environment.update(name="Python 3", description="New")
    read = dr.ExecutionEnvironment.get(environment.id)
    assert (read.name, read.description) == ("Python 3", "New")
    assert [e.id for e in dr.ExecutionEnvironment.list(is_own=True)] == [environment.id]
    environment.delete()
    assert dr.ExecutionEnvironment.list() == []


def test_docker_context_is_built(environment, context, tmp_path):
    version = ExecutionEnvironmentVersion.create(environment.id, str(context), label="v1", description="first")
    assert (version.build_status, version.label, version.description) == ("success", "v1", "first")
    log, error = version.get_build_log()
    assert (log.splitlines()[0], error) == ("Step 1/1 : FROM python:3.12", None)
    target = tmp_path / "context.download"
    version.download(str(target))
    assert target.stat().st_size == version.docker_context_size
    assert dr.ExecutionEnvironment.get(environment.id).latest_successful_version.id == version.id


def test_failed_build_has_a_log(environment, context):
    (context / "Dockerfile").write_text("RUN apt-get update\n", encoding="utf-8")
    version = ExecutionEnvironmentVersion.create(environment.id, str(context))
    assert version.build_status == "failed"
    assert "no FROM instruction" in version.get_build_log()[1]


def test_image_is_used_without_a_context(environment):
    version = ExecutionEnvironmentVersion.create(environment.id, docker_image_uri="example.com/python:3.12")
    assert (version.build_status, version.docker_image_uri) == ("success", "example.com/python:3.12")


def test_version_of_a_dataset(tmp_path):
    dataset = dr.Dataset.create_from_file(filelike=io.BytesIO(CSV.encode()))
    newer = dr.Dataset.create_version_from_file(dataset.id, filelike=io.BytesIO(f"{CSV}3,30\n".encode()))
    assert (newer.id, newer.row_count) == (dataset.id, 3)
    assert newer.version_id != dataset.version_id
    dataset.modify(name="Prices", categories=["TRAINING"])
    read = dr.Dataset.get(dataset.id)
    assert (read.name, read.categories, read.version_id) == ("Prices", ["TRAINING"], newer.version_id)
    read.get_file(file_path=str(tmp_path / "prices.csv"))
    assert (tmp_path / "prices.csv").read_text(encoding="utf-8") == f"{CSV}3,30\n"


def test_custom_model_version_is_registered(model, version):
    first = RegisteredModelVersion.create_for_custom_model_version(
        version.id, name="first", registered_model_name="Prices", tags=[{"name": "team", "value": "pricing"}]
    )
    assert (first.name, first.registered_model_version, first.model_id) == ("first", 1, version.id)
    second = RegisteredModelVersion.create_for_custom_model_version(
        version.id, registered_model_id=first.registered_model_id
    )
    (registered,) = RegisteredModel.list(search="prices")
    assert [v.id for v in registered.list_versions()] == [second.id, first.id]
    assert registered.get_version(first.id).name == "first"
    with pytest.raises(ClientError) as error:
        RegisteredModelVersion.create_for_custom_model_version(version.id, registered_model_name="Prices")
    assert error.value.status_code == 409
    assert RegisteredModel.update(registered.id, name="Costs").name == "Costs"
    RegisteredModel.archive(registered.id)
    assert RegisteredModel.list() == []


def test_credentials(control):
    created = control("POST", "credentials", {"name": "database", "credentialType": "basic"})["id"]
    assert [c.credential_id for c in dr.Credential.list()] == [created]
    assert dr.Credential.get(created).name == "database"
