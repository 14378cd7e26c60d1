"""Versions: from files, from the latest, from a repository, with training data; get, list, update."""

from __future__ import annotations

import json

import pytest

from datarobot_provider.operators.repository_versions import CreateVersionFromRepositoryOperator
from datarobot_provider.operators.training_data import CreateVersionWithTrainingDataOperator
from datarobot_provider.operators.versions import (
    CreateVersionOperator,
    GetVersionOperator,
    ListVersionsOperator,
    UpdateVersionOperator,
)
from datarobot_provider.sensors.training_data import TrainingDataAssignmentSensor
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.contract.operations.register import covers
from tests.contract.operations.test_custom_models import GIT, queries
from tests.support.emulator import DATASET, ENVIRONMENT
from tests.support.life_cycle import create_model, create_version
from tests.support.task_runner import WAIT

BOTH_MODES = pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "trigger"])
REPOSITORY = "65a0000000000000000000c1"
METADATA = [{"fieldName": "key", "value": "v"}]


def paths(version):
    return sorted(item["filePath"] for item in version["items"])


def get(runner, model, version):
    return runner.run(GetVersionOperator, custom_model_id=model, custom_model_version_id=version)


@covers("create_custom_model_version", "get_custom_model_version")
def test_create_and_get(runner, model_folder):
    model = create_model(runner)
    version = create_version(runner, model, model_folder, replicas=2)
    seen = get(runner, model, version)
    assert (seen["id"], seen["customModelId"], seen["label"], seen["replicas"]) == (version, model, "1.0", 2)
    assert paths(seen) == ["custom.py", "requirements.txt", "sub/größe.txt"]
    assert runner.ti.xcoms["_link_CustomModelVersionLink"].endswith(f"/{model}/versions/{version}")


@covers("create_custom_model_version_from_latest", "list_custom_model_versions")
def test_from_the_latest(runner, model_folder, tmp_path):
    model = create_model(runner)
    create_version(runner, model, model_folder)
    (tmp_path / "custom.py").write_text("def score(data, model, **kwargs):\n    return 1\n", encoding="utf-8")
    second = runner.run(
        CreateVersionOperator,
        custom_model_id=model,
        files=[str(tmp_path / "custom.py")],
        files_to_delete=["sub/größe.txt"],
        from_latest=True,
        is_major_update=False,
    )
    assert runner.bodies("PATCH", f"customModels/{model}/versions/")
    seen = get(runner, model, second)
    assert (seen["label"], paths(seen)) == ("1.1", ["custom.py", "requirements.txt"])


@covers("list_custom_model_versions")
def test_list(runner, model_folder):
    model = create_model(runner)
    first = create_version(runner, model, model_folder, git_model_version=GIT)
    second, third = (create_version(runner, model, model_folder) for _ in range(2))
    runner.received.clear()

    def listed(**arguments):
        return [version["id"] for version in runner.run(ListVersionsOperator, custom_model_id=model, **arguments)]

    assert listed() == [third, second, first]
    assert listed(main_branch_commit_sha="a" * 40) == [first]
    assert listed(limit=2) == [third, second]
    assert queries(runner, f"customModels/{model}/versions/") == [
        {"offset": "0", "limit": "100"},
        {"offset": "0", "limit": "100", "mainBranchCommitSha": "a" * 40},
        {"offset": "0", "limit": "2"},
    ]


@covers("list_custom_model_versions")
def test_a_list_of_several_pages(runner, model_folder):
    model = create_model(runner)
    path, form = f"customModels/{model}/versions/", {"isMajorUpdate": True}
    created = [create_version(runner, model, model_folder)]
    created += [runner.send("PATCH", path, **form)["id"] for _ in range(102)]
    found = runner.run(ListVersionsOperator, custom_model_id=model)
    assert [version["id"] for version in found] == created[::-1]


@covers("update_custom_model_version")
def test_update(runner, model_folder):
    model = create_model(runner)
    version = create_version(runner, model, model_folder)
    arguments = {
        "description": "the best so far",
        "required_metadata": '{"key": "v"}',
        "required_metadata_values": METADATA,
        "git_model_version": GIT,
    }
    ids = {"custom_model_id": model, "custom_model_version_id": version}
    changed = runner.run(UpdateVersionOperator, **ids, **arguments)
    assert (changed["id"], changed["description"], changed["gitModelVersion"]) == (version, "the best so far", GIT)
    assert (changed["requiredMetadata"], changed["requiredMetadataValues"]) == ({"key": "v"}, METADATA)
    (body,) = runner.bodies("PATCH", f"customModels/{model}/versions/{version}/")
    assert json.loads(body) == {
        "description": "the best so far",
        "requiredMetadata": {"key": "v"},
        "requiredMetadataValues": METADATA,
        "gitModelVersion": GIT,
    }


@BOTH_MODES
@covers("create_custom_model_version_from_repository", "get_job_status")
def test_from_a_repository(runner, deferrable):
    model = create_model(runner)
    version = runner.run(
        CreateVersionFromRepositoryOperator,
        custom_model_id=model,
        repository_id=REPOSITORY,
        ref="release",
        source_path=["src/custom.py", "src/requirements.txt"],
        is_major_update="true",
        base_environment_id=ENVIRONMENT,
        keep_training_holdout_data="False",
        required_metadata={"key": "v"},
        required_metadata_values=METADATA,
        deferrable=deferrable,
        **WAIT,
    )
    seen = get(runner, model, version)
    assert (seen["id"], seen["label"], paths(seen)) == (version, "1.0", ["custom.py", "requirements.txt"])
    assert {item["ref"] for item in seen["items"]} == {"release"}
    (body,) = runner.bodies("POST", f"customModels/{model}/versions/fromRepository/")
    assert json.loads(body) == {
        "repositoryId": REPOSITORY,
        "ref": "release",
        "sourcePath": ["src/custom.py", "src/requirements.txt"],
        "isMajorUpdate": True,
        "baseEnvironmentId": ENVIRONMENT,
        "keepTrainingHoldoutData": False,
        "requiredMetadata": {"key": "v"},
        "requiredMetadataValues": METADATA,
    }


@BOTH_MODES
@covers("create_custom_model_version_from_latest_and_repository", "get_job_status")
def test_from_the_latest_and_a_repository(runner, model_folder, deferrable):
    model = create_model(runner)
    first = create_version(runner, model, model_folder)
    arguments = {"custom_model_id": model, "repository_id": REPOSITORY, "source_path": "src/custom.py"}
    version = runner.run(
        CreateVersionFromRepositoryOperator, **arguments, from_latest="True", deferrable=deferrable, **WAIT
    )
    seen = get(runner, model, version)
    assert version != first
    assert paths(seen) == ["custom.py", "requirements.txt", "sub/größe.txt"]
    (body,) = runner.bodies("PATCH", f"customModels/{model}/versions/fromRepository/")
    assert json.loads(body) == {"repositoryId": REPOSITORY, "sourcePath": "src/custom.py"}


@covers("create_custom_model_version_from_repository")
def test_from_a_repository_without_waiting(runner):
    arguments = {
        "custom_model_id": create_model(runner),
        "repository_id": REPOSITORY,
        "base_environment_id": ENVIRONMENT,
    }
    status = runner.run(CreateVersionFromRepositoryOperator, **arguments, wait_for_completion=False)
    (job,) = runner.emulator.control("GET", "jobs")["data"]
    assert (job["kind"], job["ids"]["statusId"]) == ("version_from_repository", status)


@BOTH_MODES
def test_a_repository_that_cannot_be_read(runner, deferrable):
    outcome = {"kind": "version_from_repository", "outcome": "failed", "message": "no such branch"}
    runner.emulator.control("POST", "outcomes", outcome)
    arguments = {
        "custom_model_id": create_model(runner),
        "repository_id": REPOSITORY,
        "base_environment_id": ENVIRONMENT,
    }
    with pytest.raises(AirflowException, match="no such branch"):
        runner.run(CreateVersionFromRepositoryOperator, **arguments, deferrable=deferrable, **WAIT)


@BOTH_MODES
@covers("create_custom_model_version_with_training_data", "get_custom_model_version")
def test_with_training_data(runner, model_folder, deferrable):
    model = create_model(runner)
    first = create_version(runner, model, model_folder)
    version = runner.run(
        CreateVersionWithTrainingDataOperator,
        custom_model_id=model,
        training_data={"datasetId": DATASET},
        holdout_data='{"partitionColumn": "sex"}',
        git_model_version=GIT,
        deferrable=deferrable,
        **WAIT,
    )
    seen = get(runner, model, version)
    assert version != first
    assert (seen["trainingData"]["datasetId"], seen["trainingData"]["assignmentInProgress"]) == (DATASET, False)
    assert (seen["holdoutData"]["partitionColumn"], seen["gitModelVersion"]) == ("sex", GIT)
    (body,) = runner.bodies("PATCH", f"customModels/{model}/versions/withTrainingData/")
    assert json.loads(body) == {
        "trainingData": {"datasetId": DATASET},
        "holdoutData": {"partitionColumn": "sex"},
        "gitModelVersion": GIT,
    }


@BOTH_MODES
def test_unsuitable_training_data(runner, model_folder, deferrable):
    model = create_model(runner, target_name="nothing")
    create_version(runner, model, model_folder)
    arguments = {"custom_model_id": model, "training_data": {"datasetId": DATASET}}
    with pytest.raises(AirflowFailException, match="there is no column 'nothing'"):
        runner.run(CreateVersionWithTrainingDataOperator, **arguments, deferrable=deferrable, **WAIT)


@BOTH_MODES
@covers("get_custom_model_version")
def test_training_data_assignment_sensor(runner, model_folder, deferrable):
    model = create_model(runner)
    create_version(runner, model, model_folder)
    version = runner.run(
        CreateVersionWithTrainingDataOperator,
        custom_model_id=model,
        training_data={"datasetId": DATASET},
        wait_for_completion=False,
    )
    ids = {"custom_model_id": model, "custom_model_version_id": version}
    seen = runner.run(TrainingDataAssignmentSensor, **ids, deferrable=deferrable, poke_interval=0.05, timeout=60)
    assert (seen["id"], seen["trainingData"]["datasetId"]) == (version, DATASET)
