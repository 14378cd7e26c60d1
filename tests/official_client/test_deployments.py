"""Deployments, their statistics, challengers and batch predictions."""

import io

import datarobot as dr
import pytest
from datarobot.enums import DEPLOYMENT_IMPORTANCE, MODEL_REPLACEMENT_REASON
from datarobot.errors import ClientError
from datarobot.models.deployment.challenger import Challenger
from datarobot.models.model_registry import RegisteredModelVersion

ROWS = "id,age,rooms\na,1,3\nb,2,6\n"
RESULT = "price_PREDICTION,DEPLOYMENT_APPROVAL_STATUS,id\n2.0,APPROVED,a\n4.0,APPROVED,b\n"


@pytest.fixture
def register(version):
    def registered(name):
        return RegisteredModelVersion.create_for_custom_model_version(version.id, registered_model_name=name)

    return registered


@pytest.fixture
def deployment(register):
    package = register("Prices")
    return dr.Deployment.create_from_registered_model_version(
        package.id, "Prices", description="Of houses", importance=DEPLOYMENT_IMPORTANCE.LOW
    )


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


def test_deployment_is_created_changed_and_deleted(deployment):
    assert (deployment.label, deployment.description, deployment.status) == ("Prices", "Of houses", "active")
    assert deployment.id in [each.id for each in dr.Deployment.list(search="Prices")]
    deployment.update(label="Costs", importance=DEPLOYMENT_IMPORTANCE.MODERATE)
    read = dr.Deployment.get(deployment.id)
    assert (read.label, read.importance) == ("Costs", "MODERATE")
    deployment.deactivate()
    assert deployment.status == "inactive"
    deployment.activate()
    assert deployment.status == "active"
    deployment.delete()
    with pytest.raises(ClientError):
        dr.Deployment.get(deployment.id)


def test_custom_model_version_is_registered_and_deployed_at_once(version):
    deployment = dr.Deployment.create_from_custom_model_version(version.id, "Prices")
    assert (deployment.status, deployment.model["id"]) == ("active", version.id)
    again = dr.Deployment.create_from_custom_model_version(version.id, "Prices again")
    assert again.model_package == deployment.model_package


def test_model_is_validated_and_replaced(deployment, register):
    better = register("Better prices")
    status, _, checks = deployment.validate_replacement_model(new_registered_model_version_id=better.id)
    assert (status, checks["target_type"]["status"]) == ("passing", "passing")
    deployment.perform_model_replace(better.id, MODEL_REPLACEMENT_REASON.ACCURACY)
    assert dr.Deployment.get(deployment.id).model_package["id"] == better.id
    with pytest.raises(ClientError):
        deployment.perform_model_replace(better.id, MODEL_REPLACEMENT_REASON.ACCURACY)


def test_settings_are_changed(deployment):
    deployment.update_drift_tracking_settings(target_drift_enabled=True, feature_drift_enabled=True)
    assert deployment.get_drift_tracking_settings() == {
        "target_drift": {"enabled": True},
        "feature_drift": {"enabled": True},
    }
    deployment.update_association_id_settings(column_names=["id"], required_in_prediction_requests=True)
    assert deployment.get_association_id_settings()["column_names"] == ["id"]
    deployment.update_predictions_data_collection_settings(enabled=True)
    assert deployment.get_predictions_data_collection_settings() == {"enabled": True}


def test_challenger_is_created_and_deleted(deployment, register):
    deployment.update_challenger_models_settings(challenger_models_enabled=True)
    better = register("Better prices")
    challenger = Challenger.create(deployment.id, better.id, "64e0000000000000000000b0", "better", max_wait=60)
    assert [each.id for each in deployment.list_challengers()] == [challenger.id]
    assert Challenger.get(deployment.id, challenger.id).name == "better"
    challenger.delete()
    assert deployment.list_challengers() == []


def test_statistics_are_computed_from_predictions_and_actual_values(deployment, rows):
    deployment.update_association_id_settings(column_names=["id"], required_in_prediction_requests=False)
    deployment.update_drift_tracking_settings(target_drift_enabled=True, feature_drift_enabled=True)
    dr.BatchPredictionJob.score_to_file(deployment, str(rows), str(rows.with_suffix(".out")))
    deployment.submit_actuals(
        [
            {"association_id": "a", "actual_value": 3},
            {"association_id": "b", "actual_value": 5},
        ]
    )
    assert deployment.get_service_stats().metrics["totalPredictions"] == 2
    assert deployment.get_accuracy().metric_values["MAE"] == 1.0
    assert deployment.get_target_drift().target_name == "price"
    assert deployment.get_feature_drift() == []


def test_file_is_scored(deployment, rows, tmp_path):
    target = tmp_path / "result.csv"
    job = dr.BatchPredictionJob.score_to_file(
        deployment, str(rows), str(target), passthrough_columns=["id"], download_timeout=60
    )
    assert target.read_text(encoding="utf-8") == RESULT
    assert job.get_status()["status"] == "COMPLETED"
    assert [each["id"] for each in dr.BatchPredictionJob.list_by_status(["COMPLETED"])] == [job.id]


def test_dataset_is_scored(deployment):
    dataset = dr.Dataset.upload(io.BytesIO(ROWS.encode()))
    job = dr.BatchPredictionJob.score(
        deployment, intake_settings={"type": "dataset", "dataset": dataset}, passthrough_columns=["id"]
    )
    job.wait_for_completion()
    assert job.get_result_when_complete().decode() == RESULT


def test_job_is_aborted(deployment, control):
    control("POST", "outcomes", {"kind": "batch_prediction", "outcome": "stuck"})
    dataset = dr.Dataset.upload(io.BytesIO(ROWS.encode()))
    job = dr.BatchPredictionJob.score(deployment, intake_settings={"type": "dataset", "dataset": dataset})
    job.delete()
    assert dr.BatchPredictionJob.list_by_status() == []


def test_servers_and_environments_are_listed():
    assert dr.PredictionServer.list() == []
    (environment,) = dr.PredictionEnvironment.list()
    assert environment.platform == "datarobotServerless"
