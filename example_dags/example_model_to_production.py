"""Take a custom model from a folder to a deployment that makes predictions, and replace it in later runs.

All waits are deferred: while DataRobot builds, tests and predicts, no worker is occupied.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, task
from datarobot_examples.params import MODELS, model_folder, model_name, text

from datarobot_provider.operators.batch_predictions import RunBatchPredictionOperator
from datarobot_provider.operators.custom_models import CreateCustomModelOperator
from datarobot_provider.operators.datasets import CreateDatasetFromFileOperator
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.deployment_settings import UpdateDeploymentSettingsOperator
from datarobot_provider.operators.deployment_statistics import GetServiceStatisticsOperator
from datarobot_provider.operators.deployments import CreateDeploymentOperator
from datarobot_provider.operators.environment_versions import CreateEnvironmentVersionOperator
from datarobot_provider.operators.execution_environments import CreateExecutionEnvironmentOperator
from datarobot_provider.operators.model_quality_gates import ModelQualityGateOperator
from datarobot_provider.operators.model_replacement import ReplaceModelOperator
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.operators.predictions import MakePredictionsOperator
from datarobot_provider.operators.registered_models import RegisterCustomModelVersionOperator
from datarobot_provider.operators.versions import CreateVersionOperator

log = logging.getLogger(__name__)

SMOKE_TEST = [{"age": 0.038, "bmi": 0.062, "bp": 0.022}]
PARAMS = {
    "model_name": model_name("Diabetes progression in production"),
    "model_folder": model_folder(),
    "target_name": text(
        "target", "Target column", description="The column of the training data that the model predicts."
    ),
    "training_file": text(
        str(MODELS / "diabetes_training.csv"), "Training data", description="CSV file; a path on the Airflow workers."
    ),
    "docker_context": text(
        str(MODELS / "python_environment"),
        "Docker context",
        description="Folder with a Dockerfile, from which the execution environment is built.",
    ),
    "smoke_test_rows": Param(
        SMOKE_TEST,
        type="array",
        items={"type": "object"},
        title="Rows of the smoke test",
        description="Rows that the deployment must be able to predict.",
    ),
}


@task
def report(
    deployment: dict[str, Any], smoke_test: dict[str, Any], batch: dict[str, Any], statistics: dict[str, Any]
) -> dict[str, Any]:
    """Log and return a summary of the run."""
    summary = {
        "deployment": deployment["id"],
        "registered_version": deployment["modelPackage"]["name"],
        "smoke_test": [row["prediction"] for row in smoke_test["data"]],
        "predicted_rows": batch["scoredRows"],
        "predictions_this_week": statistics["metrics"]["totalPredictions"],
    }
    for name, value in summary.items():
        log.info("%-22s %s", name.replace("_", " "), value)
    return summary


with DAG(
    dag_id="example_model_to_production",
    description="Take a custom model from a folder to a deployment that makes predictions.",
    schedule=None,
    catchup=False,
    params=PARAMS,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
    tags=["datarobot", "custom model", "deployment", "example"],
    doc_md="""
    # Model to production

    Builds an execution environment, uploads the training data and the code of a model, tests it, registers it, and
    deploys it. A gate lets only a version pass whose checks are all green. Then a few rows are predicted as a smoke
    test, and the training data as a batch.

    A later run adds a version to the same registered model, and replaces the model of the same deployment.

    Start it with the **Trigger** button: every field of the form has a default that works on the emulator.
    """,
):
    create_environment = CreateExecutionEnvironmentOperator(
        task_id="create_environment",
        name="{{ params.model_name }}",
        programming_language="python",
        if_exists="reuse",
    )
    build_environment = CreateEnvironmentVersionOperator(
        task_id="build_environment",
        environment_id=create_environment.output,
        docker_context="{{ params.docker_context }}",
        deferrable=True,
    )
    upload_dataset = CreateDatasetFromFileOperator(
        task_id="upload_dataset", file="{{ params.training_file }}", deferrable=True
    )
    create_model = CreateCustomModelOperator(
        task_id="create_model",
        name="{{ params.model_name }}",
        target_type="Regression",
        target_name="{{ params.target_name }}",
        is_training_data_for_versions_permanently_enabled=True,
        if_exists="reuse",
    )
    create_version = CreateVersionOperator(
        task_id="create_version",
        custom_model_id=create_model.output,
        folder="{{ params.model_folder }}",
        base_environment_id=create_environment.output,
        training_data={"datasetId": upload_dataset.output},
        deferrable=True,
    )
    build_dependencies = StartDependencyBuildOperator(
        task_id="build_dependencies",
        custom_model_id=create_model.output,
        custom_model_version_id=create_version.output,
        deferrable=True,
    )
    test_version = RunModelTestOperator(
        task_id="test_version",
        custom_model_id=create_model.output,
        custom_model_version_id=create_version.output,
        dataset_id=upload_dataset.output,
        deferrable=True,
    )
    gate = ModelQualityGateOperator(task_id="gate", custom_model_test_id=test_version.output["datarobot_id"])
    register = RegisterCustomModelVersionOperator(
        task_id="register",
        custom_model_version_id=create_version.output,
        registered_model_name="{{ params.model_name }}",
        deferrable=True,
    )
    deploy = CreateDeploymentOperator(
        task_id="deploy",
        model_package_id=register.output["datarobot_id"],
        deployment_label="{{ params.model_name }}",
        if_exists="reuse",
        deferrable=True,
    )
    enable_monitoring = UpdateDeploymentSettingsOperator(
        task_id="enable_monitoring",
        deployment_id=deploy.output["datarobot_id"],
        target_drift={"enabled": True},
        feature_drift={"enabled": True},
        deferrable=True,
    )
    replace_model = ReplaceModelOperator(
        task_id="replace_model",
        deployment_id=deploy.output["datarobot_id"],
        model_package_id=register.output["datarobot_id"],
        reason="SCHEDULED_REFRESH",
        deferrable=True,
    )
    smoke_test = MakePredictionsOperator(
        task_id="smoke_test",
        deployment_id=deploy.output["datarobot_id"],
        rows="{{ params.smoke_test_rows | tojson }}",
    )
    predict_batch = RunBatchPredictionOperator(
        task_id="predict_batch",
        deployment_id=deploy.output["datarobot_id"],
        dataset_id=upload_dataset.output,
        deferrable=True,
    )
    statistics = GetServiceStatisticsOperator(task_id="statistics", deployment_id=deploy.output["datarobot_id"])

    build_environment >> create_version >> build_dependencies >> test_version >> gate >> register
    enable_monitoring >> replace_model >> smoke_test >> predict_batch >> statistics
    statistics >> report(replace_model.output, smoke_test.output, predict_batch.output, statistics.output)
