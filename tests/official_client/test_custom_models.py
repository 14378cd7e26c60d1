"""Custom models."""

import zipfile

import datarobot as dr
import pytest
from datarobot.enums import NETWORK_EGRESS_POLICY, SHARING_ROLE, TARGET_TYPE
from datarobot.errors import ClientError

EXTRAS = {TARGET_TYPE.MULTICLASS: {"class_labels": ["low", "high"]}, TARGET_TYPE.MULTILABEL: {"class_labels": ["a"]}}
WITHOUT_TARGET = {TARGET_TYPE.UNSTRUCTURED, TARGET_TYPE.ANOMALY}


@pytest.mark.parametrize("target_type", TARGET_TYPE.ALL)
def test_every_target_type(target_type):
    target = None if target_type in WITHOUT_TARGET else "price"
    created = dr.CustomInferenceModel.create(
        name="m", target_type=target_type, target_name=target, **EXTRAS.get(target_type, {})
    )
    read = dr.CustomInferenceModel.get(created.id)
    assert (read.target_type, read.target_name, read.latest_version) == (target_type, target, None)
    assert read.description == ""


def test_all_fields(make_model):
    created = make_model(
        target_type=TARGET_TYPE.BINARY,
        description="sells houses",
        language="python",
        positive_class_label="yes",
        negative_class_label="no",
        prediction_threshold=0.25,
        network_egress_policy=NETWORK_EGRESS_POLICY.PUBLIC,
        maximum_memory=512 * 1024 * 1024,
        replicas=2,
    )
    read = dr.CustomInferenceModel.get(created.id)
    assert (read.positive_class_label, read.negative_class_label, read.prediction_threshold) == ("yes", "no", 0.25)
    assert (read.description, read.language) == ("sells houses", "python")
    assert (read.network_egress_policy, read.maximum_memory, read.replicas) == ("PUBLIC", 512 * 1024 * 1024, 2)
    assert read.is_training_data_for_versions_permanently_enabled
    assert (read.deployments_count, read.training_data_assignment_in_progress) == (0, False)


def test_class_labels_from_a_file(tmp_path):
    labels = tmp_path / "labels.txt"
    labels.write_text("a\nb\nc\n", encoding="utf-8")
    created = dr.CustomInferenceModel.create(
        name="m", target_type=TARGET_TYPE.MULTICLASS, target_name="y", class_labels_file=str(labels)
    )
    assert created.class_labels == ["a", "b", "c"]


def test_list_with_filters(make_model, make_version, control):
    models = [make_model(name=name) for name in ("first", "second", "third")]
    make_version(models[1])
    control.deployment(modelId=models[1].id)
    listed = dr.CustomInferenceModel.list
    assert [m.name for m in listed()] == ["third", "second", "first"]
    assert [m.name for m in listed(order_by="created")] == ["first", "second", "third"]
    models[0].update(description="newer than the others")
    assert listed(order_by="-updated")[0].name == "first"
    assert [m.name for m in listed(search_for="eco")] == ["second"]
    assert [m.name for m in listed(is_deployed=True)] == ["second"]
    assert [m.name for m in listed(is_deployed=False)] == ["third", "first"]
    assert listed(is_deployed=True)[0].deployments_count == 1


def test_update_and_refresh(model):
    other = dr.CustomInferenceModel.get(model.id)
    model.update(name="New", description="said more", language="R", target_name="cost")
    assert (model.name, model.description, model.language, model.target_name) == ("New", "said more", "R", "cost")
    assert other.name == "Prices"
    other.refresh()
    assert (other.name, other.target_name) == ("New", "cost")


def test_update_of_labels_and_threshold(make_model):
    created = make_model(target_type=TARGET_TYPE.BINARY)
    assert (created.positive_class_label, created.negative_class_label) == ("1", "0")
    created.update(positive_class_label="y", negative_class_label="n", prediction_threshold=0.1)
    assert (created.positive_class_label, created.prediction_threshold) == ("y", 0.1)


def test_update_of_class_labels(make_model):
    created = make_model(target_type=TARGET_TYPE.MULTICLASS, class_labels=["a", "b"])
    created.update(class_labels=["a", "b", "c"])
    assert dr.CustomInferenceModel.get(created.id).class_labels == ["a", "b", "c"]


def test_training_data_can_be_enabled_for_versions(make_model, make_version, control):
    created = make_model(is_training_data_for_versions_permanently_enabled=False)
    with pytest.raises(ClientError) as error:
        make_version(created, training_dataset_id=control.dataset())
    assert error.value.status_code == 422
    created.update(is_training_data_for_versions_permanently_enabled=True)
    assert created.is_training_data_for_versions_permanently_enabled
    assert make_version(created, training_dataset_id=control.dataset()).training_data.dataset_id


def test_copy_has_versions_and_files(model, version):
    twin = dr.CustomInferenceModel.copy_custom_model(model.id)
    assert twin.id != model.id
    assert (twin.name, twin.target_type) == (model.name, model.target_type)
    copied = dr.CustomModelVersion.list(twin.id)
    assert [v.label for v in copied] == ["1.0"]
    assert copied[0].id != version.id
    assert {i.file_path for i in copied[0].items} == {i.file_path for i in version.items}
    twin.delete()
    assert dr.CustomModelVersion.get(model.id, version.id).id == version.id


def test_delete(model):
    model.delete()
    with pytest.raises(ClientError) as error:
        dr.CustomInferenceModel.get(model.id)
    assert error.value.status_code == 404
    assert dr.CustomInferenceModel.list() == []


def test_deployed_model_is_not_deleted(model, version, control):
    control.deployment(modelId=model.id)
    with pytest.raises(ClientError, match="deployments") as error:
        model.delete()
    assert error.value.status_code == 409


def test_field_errors_reach_the_client(make_model):
    with pytest.raises(ClientError) as error:
        make_model(name="x" * 256)
    assert error.value.status_code == 422
    assert "name" in error.value.json["errors"]
    assert "255" in str(error.value)


def test_download_of_the_latest_version(model, version, tmp_path, folder):
    target = tmp_path / "latest.zip"
    model.download_latest_version(str(target))
    with zipfile.ZipFile(target) as archive:
        assert sorted(archive.namelist()) == ["custom.py", "data/notes.txt", "requirements.txt"]
        assert archive.read("custom.py") == (folder / "custom.py").read_bytes()


def test_sharing_and_revoking(model):
    owner = model.get_access_list()[0]
    assert (owner.role, owner.can_share) == (SHARING_ROLE.OWNER, True)
    reader = dr.SharingAccess("reviewer@example.com", SHARING_ROLE.READ_ONLY, can_share=False, can_use_data=True)
    model.share([reader])
    entries = {entry.username: entry for entry in model.get_access_list()}
    assert (entries["reviewer@example.com"].role, entries["reviewer@example.com"].can_share) == ("READ_ONLY", False)
    assert entries["reviewer@example.com"].user_id
    model.share([dr.SharingAccess("reviewer@example.com", None)])
    assert [entry.username for entry in model.get_access_list()] == [owner.username]


def test_ownership_can_be_transferred_but_not_removed(model):
    owner = model.get_access_list()[0].username
    with pytest.raises(ClientError) as error:
        model.share([dr.SharingAccess(owner, None)])
    assert error.value.status_code == 409
    with pytest.raises(ClientError) as error:
        model.share([dr.SharingAccess("nobody@example.com", SHARING_ROLE.READ_ONLY)])
    assert error.value.status_code == 422
    model.share([dr.SharingAccess(owner, None), dr.SharingAccess("operator@example.com", SHARING_ROLE.OWNER)])
    assert [entry.username for entry in model.get_access_list()] == ["operator@example.com"]


def test_training_data_of_a_model(make_model, make_version, control):
    model = make_model(is_training_data_for_versions_permanently_enabled=False)
    version = make_version(model)
    dataset = control.dataset()
    with pytest.warns(dr.errors.DataRobotDeprecationWarning):
        model.assign_training_data(dataset, partition_column="split")
    assert (model.training_dataset_id, model.training_data_file_name) == (dataset, "houses.csv")
    assert (model.training_data_partition_column, model.training_data_assignment_in_progress) == ("split", False)
    version.calculate_feature_impact()
    assert {entry["featureName"] for entry in version.get_feature_impact()} == {"age", "city"}


def test_training_data_of_a_model_without_waiting(make_model, control, wait_until):
    model = make_model(is_training_data_for_versions_permanently_enabled=False)
    with pytest.warns(dr.errors.DataRobotDeprecationWarning):
        model.assign_training_data(control.dataset(), max_wait=None)
    assert model.training_data_assignment_in_progress
    wait_until(lambda: model.refresh() or not model.training_data_assignment_in_progress)
    assert model.training_dataset_id


def test_training_data_of_a_model_is_rejected_if_versions_have_it(model, control):
    with (
        pytest.warns(dr.errors.DataRobotDeprecationWarning),
        pytest.raises(ClientError, match="permanently disabled") as error,
    ):
        model.assign_training_data(control.dataset())
    assert error.value.status_code == 422


def test_failed_assignment_of_training_data(make_model, control):
    model = make_model(is_training_data_for_versions_permanently_enabled=False)
    control.outcome("training_data", "failed", message="no room")
    with (
        pytest.warns(dr.errors.DataRobotDeprecationWarning),
        pytest.raises(dr.errors.AsyncProcessUnsuccessfulError, match="no room"),
    ):
        model.assign_training_data(control.dataset())
    model.refresh()
    assert model.training_dataset_id is None
