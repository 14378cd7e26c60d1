"""A DAG file for DataRobot's own provider 1.0.2: it scores rows with a deployment and reads what DataRobot monitors."""

import pendulum
from airflow import DAG
from airflow.models.baseoperator import chain
from datarobot_provider.operators.mlops import SubmitActualsOperator
from datarobot_provider.operators.monitoring import (
    GetAccuracyOperator,
    GetMonitoringSettingsOperator,
    GetServiceStatsOperator,
    UpdateDriftTrackingOperator,
    UpdateMonitoringSettingsOperator,
)

from datarobot_provider.operators.deployment import (
    ActivateDeploymentOperator,
    GetFeatureDriftOperator,
    GetTargetDriftOperator,
    ScorePredictionsOperator,
)

PARAMS = {
    "deployment_id": "",
    "score_settings": {
        "intake_settings": {"type": "dataset", "dataset_id": "65a0000000000000000000d1"},
        "output_settings": {"type": "localFile", "path": "predictions.csv"},
        "passthrough_columns_set": "all",
    },
    "association_id_column": ["age"],
    "required_association_id": False,
}
DEPLOYMENT = "{{ params.deployment_id }}"
ACTUALS = [{"association_id": "0.0380759064334241", "actual_value": 151.0}]

with DAG(
    "other_provider_monitoring",
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    params=PARAMS,
) as dag:
    chain(
        ActivateDeploymentOperator(task_id="activate", deployment_id=DEPLOYMENT, activate=True),
        UpdateDriftTrackingOperator(
            task_id="drift_tracking",
            deployment_id=DEPLOYMENT,
            target_drift_enabled=True,
            feature_drift_enabled=True,
        ),
        UpdateMonitoringSettingsOperator(task_id="update_settings", deployment_id=DEPLOYMENT),
        GetMonitoringSettingsOperator(task_id="settings", deployment_id=DEPLOYMENT),
        ScorePredictionsOperator(task_id="score", deployment_id=DEPLOYMENT),
        SubmitActualsOperator(task_id="actuals", deployment_id=DEPLOYMENT, data=ACTUALS),
        GetServiceStatsOperator(task_id="service", deployment_id=DEPLOYMENT),
        GetAccuracyOperator(task_id="accuracy", deployment_id=DEPLOYMENT),
        GetFeatureDriftOperator(task_id="feature_drift", deployment_id=DEPLOYMENT),
        GetTargetDriftOperator(task_id="target_drift", deployment_id=DEPLOYMENT),
    )
