"""Versions of custom models."""

import zipfile

import datarobot as dr
import pytest
from datarobot.errors import ClientError, TrainingDataAssignmentError
from datarobot.models.custom_model_version import RequiredMetadataValue
from datarobot.models.runtime_parameters import RuntimeParameter, RuntimeParameterValue

MEMORY = 512 * 1024 * 1024


def paths(version):
    return sorted(item.file_path for item in version.items)


def test_clean_version_from_a_folder(model, version):
    assert (version.custom_model_id, version.label, version.is_frozen) == (model.id, "1.0", False)
    assert paths(version) == ["custom.py", "data/notes.txt", "requirements.txt"]
    assert {(d.package_name, d.line_number) for d in version.dependencies} == {("pandas", 1), ("numpy", 2)}
    assert [(c.constraint_type, c.version) for c in version.dependencies[0].constraints] == [(">=", "2.0")]
    model.refresh()
    assert model.latest_version.id == version.id


def test_clean_version_from_files_with_settings(model, control, folder, make_version):
    environment = control.environment()
    version = make_version(
        model,
        base_environment_id=None,
        base_environment_version_id=environment["versionId"],
        folder_path=None,
        files=[(str(folder / "custom.py"), "src/custom.py")],
        network_egress_policy=dr.NETWORK_EGRESS_POLICY.NONE,
        maximum_memory=MEMORY,
        replicas=3,
        required_metadata_values=[RequiredMetadataValue(field_name="OWNER", value="me")],
    )
    assert paths(version) == ["src/custom.py"]
    assert (version.base_environment_id, version.base_environment_version_id) == tuple(
        environment[key] for key in ("id", "versionId")
    )
    assert (version.network_egress_policy, version.maximum_memory, version.replicas) == ("NONE", MEMORY, 3)
    assert [(v.field_name, v.value) for v in version.required_metadata_values] == [("OWNER", "me")]


def test_version_without_files(model, control):
    environment = control.environment()["id"]
    version = dr.CustomModelVersion.create_from_previous(model.id, environment)
    assert (version.label, version.items) == ("1.0", [])


@pytest.mark.parametrize(("major", "label"), [(True, "2.0"), (False, "1.1"), (None, "1.1")])
def test_version_numbers(model, version, make_version, major, label):
    assert make_version(model, is_major_update=major).label == label


def test_version_from_previous(model, version, tmp_path):
    notes = next(item for item in version.items if item.file_path == "data/notes.txt")
    added = tmp_path / "extra.py"
    added.write_text("x = 1\n", encoding="utf-8")
    newer = dr.CustomModelVersion.create_from_previous(
        model.id,
        version.base_environment_id,
        is_major_update=False,
        files=[(str(added), "lib/extra.py")],
        files_to_delete=[notes.id],
        maximum_memory=MEMORY,
    )
    assert (newer.label, newer.maximum_memory) == ("1.1", MEMORY)
    assert paths(newer) == ["custom.py", "lib/extra.py", "requirements.txt"]
    version.refresh()
    assert version.is_frozen


def test_list_is_newest_first_and_get(model, version, make_version):
    second = make_version(model)
    assert [v.label for v in dr.CustomModelVersion.list(model.id)] == ["2.0", "1.0"]
    assert dr.CustomModelVersion.get(model.id, second.id).label == "2.0"
    with pytest.raises(ClientError) as error:
        dr.CustomModelVersion.get(model.id, model.id)
    assert error.value.status_code == 404


def test_update_and_refresh(model, version):
    other = dr.CustomModelVersion.get(model.id, version.id)
    values = [RequiredMetadataValue(field_name="OWNER", value="you")]
    version.update(description="the best", required_metadata_values=values)
    assert version.description == "the best"
    other.refresh()
    assert (other.description, other.required_metadata_values[0].value) == ("the best", "you")


def test_download(model, version, tmp_path):
    target = tmp_path / "version.zip"
    version.download(str(target))
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        assert archive.read("data/notes.txt") == b"notes"


def test_training_data_with_a_partition(model, make_version, control):
    dataset = control.dataset()
    version = make_version(model, training_dataset_id=dataset, partition_column="split")
    assert (version.training_data.dataset_id, version.training_data.dataset_name) == (dataset, "houses.csv")
    assert not version.training_data.assignment_in_progress
    assert version.training_data.assignment_error is None
    assert version.holdout_data.partition_column == "split"


def test_training_data_without_waiting(model, make_version, control, wait_until):
    version = make_version(model, training_dataset_id=control.dataset(), max_wait=None)
    assert version.training_data.assignment_in_progress
    wait_until(lambda: version.refresh() or not version.training_data.assignment_in_progress)


def test_unsuitable_training_data(model, make_version, control):
    with pytest.raises(TrainingDataAssignmentError, match="target is not found"):
        make_version(model, training_dataset_id=control.dataset("a,b\n1,2\n"))


def test_training_and_holdout_data_of_an_unstructured_model(make_model, make_version, control):
    model = make_model(target_type=dr.TARGET_TYPE.UNSTRUCTURED, target_name=None)
    training, holdout = control.dataset(), control.dataset()
    version = make_version(model, training_dataset_id=training, holdout_dataset_id=holdout)
    assert (version.training_data.dataset_id, version.holdout_data.dataset_id) == (training, holdout)


@pytest.mark.parametrize(("keep", "kept"), [(None, True), (True, True), (False, False)])
def test_training_data_is_kept_or_dropped(model, trained, keep, kept):
    newer = dr.CustomModelVersion.create_from_previous(
        model.id, trained.base_environment_id, keep_training_holdout_data=keep
    )
    held = newer.training_data.dataset_id if newer.training_data else None
    assert (held == trained.training_data.dataset_id) is kept


def test_runtime_parameters(model, version):
    defined = [RuntimeParameter(field_name="LIMIT", type="numeric", default_value=1.0)]
    newer = dr.CustomModelVersion.create_from_previous(
        model.id, version.base_environment_id, runtime_parameters=defined
    )
    assert [(p.field_name, p.type) for p in newer.runtime_parameters] == [("LIMIT", "numeric")]
    values = [RuntimeParameterValue(field_name="LIMIT", type="numeric", value=5.0)]
    newest = dr.CustomModelVersion.create_from_previous(
        model.id, version.base_environment_id, runtime_parameter_values=values
    )
    assert [(p.field_name, p.override_value, p.current_value) for p in newest.runtime_parameters] == [
        ("LIMIT", 5.0, 5.0)
    ]


def test_unknown_environment_is_named(model, make_version):
    with pytest.raises(ClientError) as error:
        make_version(model, base_environment_id="64f0000000000000000000ff")
    assert "baseEnvironmentId" in error.value.json["errors"]
