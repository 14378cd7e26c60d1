"""Custom model tests."""

import datarobot as dr
import pytest
from datarobot.errors import ClientError
from datarobot.models.custom_model_version import CustomModelVersionDependencyBuild

CHECKS = ("error_check", "null_value_imputation", "long_running_service", "side_effects")
ENDED = {"succeeded", "failed", "warning", "canceled"}


@pytest.fixture
def built_version(model, version):
    CustomModelVersionDependencyBuild.start_build(model.id, version.id)
    return version


@pytest.fixture
def start(model, built_version, control):
    def run(**fields):
        return dr.CustomModelTest.create(model.id, built_version.id, **{"dataset_id": control.dataset(), **fields})

    return run


def test_start_with_waiting(start, built_version):
    test = start()
    assert test.overall_status == "succeeded"
    assert set(CHECKS) <= set(test.detailed_status)
    assert test.detailed_status["long_running_service"]["status"] == "succeeded"
    assert (test.image_type, test.custom_model_image_id) == ("customModelVersion", built_version.id)
    assert test.completed_at


def test_start_without_waiting(start, wait_until):
    test = start(max_wait=None)
    assert test.overall_status in {"not_tested", "queued", "in_progress"}
    assert test.completed_at is None
    wait_until(lambda: test.refresh() or test.overall_status in ENDED)
    assert test.overall_status == "succeeded"


def test_settings(start):
    test = start(network_egress_policy=dr.NETWORK_EGRESS_POLICY.PUBLIC, maximum_memory=512 * 1024 * 1024, replicas=1)
    assert (test.network_egress_policy, test.maximum_memory, test.replicas) == ("PUBLIC", 512 * 1024 * 1024, 1)


def test_list_and_get(start, model):
    first, second = start(), start()
    assert [t.id for t in dr.CustomModelTest.list(model.id)] == [second.id, first.id]
    assert dr.CustomModelTest.get(first.id).overall_status == "succeeded"
    with pytest.raises(ClientError) as error:
        dr.CustomModelTest.get(model.id)
    assert error.value.status_code == 404


def test_log_and_tail(start):
    test = start()
    log = test.get_log()
    assert "Test ended at" in log
    assert log.splitlines()[-1] in test.get_log_tail()


def test_failed_check(start, control):
    control.outcome("model_test", "failed", message="the model broke", checks={"errorCheck": "failed"})
    test = start()
    assert test.overall_status == "failed"
    assert test.detailed_status["error_check"] == {"status": "failed", "message": "the model broke"}
    assert "the model broke" in test.get_log()


def test_cancel(start, control):
    control.outcome("model_test", "stuck")
    test = start(max_wait=None)
    test.cancel()
    test.refresh()
    assert test.overall_status == "canceled"
    with pytest.raises(ClientError) as error:
        test.cancel()
    assert error.value.status_code == 409


def test_cancellation_by_another_client_while_waiting(start, control):
    control.outcome("model_test", "cancelled")
    assert start().overall_status == "canceled"


UNSTRUCTURED = """
def load_model(code_dir):
    return None

def score_unstructured(model, data, **kwargs):
    return data
"""


def test_unstructured_models_require_no_dataset(make_model, make_version, folder):
    (folder / "requirements.txt").unlink()
    (folder / "custom.py").write_text(UNSTRUCTURED, encoding="utf-8")
    model = make_model(target_type=dr.TARGET_TYPE.UNSTRUCTURED, target_name=None)
    version = make_version(model)
    assert dr.CustomModelTest.create(model.id, version.id).overall_status == "succeeded"


def test_dependencies_must_be_built(model, version, control):
    with pytest.raises(ClientError, match="have to be built") as error:
        dr.CustomModelTest.create(model.id, version.id, dataset_id=control.dataset())
    assert error.value.status_code == 422
