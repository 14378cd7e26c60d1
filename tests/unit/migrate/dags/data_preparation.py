"""Upload data, wrangle it, and refresh the settings of the deployment that uses it."""

from datetime import datetime

from airflow import DAG
from airflow.utils.task_group import TaskGroup
from datarobot_provider.operators.bias_and_fairness import UpdateBiasAndFairnessSettingsOperator
from datarobot_provider.operators.data_prep import CreateWranglingRecipeOperator
from datarobot_provider.operators.data_registry import CreateDatasetFromRecipeOperator, UploadDatasetOperator
from datarobot_provider.operators.monitoring import UpdateDriftTrackingOperator
from datarobot_provider.operators.notebook import NotebookRunOperator
from datarobot_provider.operators.scoring_code import DownloadDeploymentScoringCodeOperator

DEPLOYMENT = "{{ params.deployment_id }}"

with DAG(
    "data_preparation",
    schedule=None,
    start_date=datetime(2024, 1, 1),
    params={"deployment_id": "65a0000000000000000000f1", "notebook_id": "65a0000000000000000000cc"},
):
    with TaskGroup("data"):
        upload = UploadDatasetOperator(task_id="upload", file_path="/data/orders.csv")  # found
        recipe = CreateWranglingRecipeOperator(  # found
            task_id="recipe",
            dataset_id=upload.output,
            dialect="spark",
            recipe_name="Orders",
            operations=[{"directive": "drop-columns", "arguments": {"columns": ["comment"]}}],
        )
        clean = CreateDatasetFromRecipeOperator(  # found
            task_id="clean",
            recipe_id=recipe.output,
            do_snapshot=True,
        )
    with TaskGroup("settings"):
        drift = UpdateDriftTrackingOperator(  # found
            task_id="drift",
            deployment_id=DEPLOYMENT,
            target_drift_enabled=False,
        )
        fairness = UpdateBiasAndFairnessSettingsOperator(task_id="fairness", deployment_id=DEPLOYMENT)  # found
    notebook = NotebookRunOperator(task_id="notebook")  # found
    code = DownloadDeploymentScoringCodeOperator(  # found
        task_id="code",
        deployment_id=DEPLOYMENT,
        base_path="/artifacts",
    )
    clean >> [drift, fairness] >> notebook >> code
