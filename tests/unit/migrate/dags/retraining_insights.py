"""Train a model from a blueprint and compute its insights."""

from datetime import datetime

from airflow import DAG
from datarobot_provider.operators.datarobot import GetProjectBlueprintsOperator
from datarobot_provider.operators.model_insights import (
    ComputeFeatureImpactOperator as FeatureImpact,
)
from datarobot_provider.operators.model_insights import (
    ComputeShapImpactOperator,
    GetRocCurveInsightOperator,
)
from datarobot_provider.operators.model_training import TrainModelOperator
from datarobot_provider.sensors.client import BaseAsyncResolutionSensor
from datarobot_provider.sensors.model_insights import DataRobotJobSensor
from datarobot_provider.sensors.model_training import ModelTrainingJobSensor

PROJECT = "65a0000000000000000000aa"

with DAG("retraining_insights", schedule="@monthly", start_date=datetime(2024, 1, 1), catchup=False):
    blueprint = GetProjectBlueprintsOperator(  # found
        task_id="blueprint",
        project_id=PROJECT,
        filter_model_type="gradient",
    )
    train = TrainModelOperator(task_id="train", project_id=PROJECT, blueprint_id=blueprint.output)  # found
    model = ModelTrainingJobSensor(task_id="model", project_id=PROJECT, job_id=train.output)  # found
    impact = FeatureImpact(task_id="impact", project_id=PROJECT, model_id=model.output)  # found
    impact_ready = DataRobotJobSensor(task_id="impact_ready", project_id=PROJECT, job_id=impact.output)  # found
    shap = ComputeShapImpactOperator(task_id="shap", model_id=model.output)  # found
    shap_ready = BaseAsyncResolutionSensor(task_id="shap_ready", job_id=shap.output, timeout=1800)  # found
    roc = GetRocCurveInsightOperator(  # found
        task_id="roc",
        project_id=PROJECT,
        model_id=model.output,
        source="crossValidation",
    )
    impact_ready >> roc
