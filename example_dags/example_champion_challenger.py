"""Challenge a deployed model when new data arrives, and promote the challenger after a user has approved it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import airflow
from airflow.sdk import DAG, Asset, Param, task
from datarobot_examples.params import MODELS, environment, model_folder, model_name, text
from packaging.version import Version

from datarobot_provider.operators.actuals import SubmitActualsOperator
from datarobot_provider.operators.challengers import CreateChallengerOperator, DeleteChallengerOperator
from datarobot_provider.operators.custom_models import CreateCustomModelOperator
from datarobot_provider.operators.datasets import CreateDatasetFromFileOperator
from datarobot_provider.operators.deployment_settings import UpdateDeploymentSettingsOperator
from datarobot_provider.operators.deployments import ListDeploymentsOperator
from datarobot_provider.operators.model_quality_gates import ModelQualityGateOperator
from datarobot_provider.operators.model_replacement import ReplaceModelOperator
from datarobot_provider.operators.predictions import MakePredictionsOperator
from datarobot_provider.operators.registered_models import RegisterCustomModelVersionOperator
from datarobot_provider.operators.versions import CreateVersionOperator

#: A task of another DAG that has this asset as an outlet starts a run.
NEW_DATA = Asset("diabetes_training_data")
ROWS = [{"patient": "p-1", "age": 0.038, "bmi": 0.062}, {"patient": "p-2", "age": -0.002, "bmi": -0.051}]
ACTUALS = [{"associationId": "p-1", "actualValue": 151}, {"associationId": "p-2", "actualValue": 75}]
PARAMS = {
    "model_name": model_name("Diabetes progression in production"),
    "model_folder": model_folder(),
    "environment_id": environment(),
    "training_file": text(
        str(MODELS / "diabetes_training.csv"), "New data", description="CSV file; a path on the Airflow workers."
    ),
    "rows": Param(
        ROWS,
        type="array",
        items={"type": "object", "required": ["patient"]},
        title="Rows to compare",
        description="Rows whose actual values are known; `patient` identifies a row.",
    ),
    "actuals": Param(ACTUALS, type="array", items={"type": "object"}, title="Actual values of these rows"),
    "min_improvement": Param(0, type="number", minimum=0, title="Necessary improvement of the RMSE"),
}


@task
def champion(deployments: list[dict[str, Any]], params: dict[str, Any] | None = None) -> str:
    """Return the id of the deployment with the name of the model."""
    label = (params or {})["model_name"]
    ids = [str(each["id"]) for each in deployments if each["label"] == label]
    if not ids:
        raise ValueError(f"There is no deployment {label!r}: run example_model_to_production first.")
    return ids[0]


# Earlier versions of Airflow have no approvals, and a model must not be promoted without one.
if Version(airflow.__version__) >= Version("3.1"):
    from airflow.providers.standard.operators.hitl import ApprovalOperator

    with DAG(
        dag_id="example_champion_challenger",
        description="Challenge a deployed model when new data arrives.",
        schedule=[NEW_DATA],
        catchup=False,
        max_active_runs=1,
        params=PARAMS,
        default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
        tags=["datarobot", "deployment", "scheduled", "approval", "example"],
        doc_md="""
        # Champion and challenger

        Needs the deployment that `example_model_to_production` creates. When new data arrives, a version of the model
        is created with it and challenges the deployed one: both predict the same rows, whose actual values are known.
        If the challenger is not worse, a user decides (**Required Actions** in Airflow's UI) whether it replaces the
        deployed model. In the end, it is no longer a challenger. Requires Airflow 3.1.
        """,
    ):
        list_deployments = ListDeploymentsOperator(task_id="list_deployments", search="{{ params.model_name }}")
        deployment_id = champion(list_deployments.output)
        allow_challengers = UpdateDeploymentSettingsOperator(
            task_id="allow_challengers",
            deployment_id=deployment_id,
            challenger_models={"enabled": True},
            association_id={"columnNames": ["patient"], "requiredInPredictionRequests": False},
            deferrable=True,
        )
        upload_dataset = CreateDatasetFromFileOperator(
            task_id="upload_dataset", file="{{ params.training_file }}", deferrable=True
        )
        find_model = CreateCustomModelOperator(
            task_id="find_model",
            name="{{ params.model_name }}",
            target_type="Regression",
            target_name="target",
            is_training_data_for_versions_permanently_enabled=True,
            if_exists="reuse",
        )
        create_version = CreateVersionOperator(
            task_id="create_version",
            custom_model_id=find_model.output,
            folder="{{ params.model_folder }}",
            base_environment_id="{{ params.environment_id }}",
            training_data={"datasetId": upload_dataset.output},
            deferrable=True,
        )
        register = RegisterCustomModelVersionOperator(
            task_id="register",
            custom_model_version_id=create_version.output,
            registered_model_name="{{ params.model_name }}",
            deferrable=True,
        )
        add_challenger = CreateChallengerOperator(
            task_id="add_challenger",
            deployment_id=deployment_id,
            model_package_id=register.output["datarobot_id"],
            name="{{ run_id }}",
            deferrable=True,
        )
        predict = MakePredictionsOperator(
            task_id="predict", deployment_id=deployment_id, rows="{{ params.rows | tojson }}"
        )
        submit_actuals = SubmitActualsOperator(
            task_id="submit_actuals",
            deployment_id=deployment_id,
            data="{{ params.actuals | tojson }}",
            deferrable=True,
        )
        compare = ModelQualityGateOperator(
            task_id="compare",
            deployment_id=deployment_id,
            metric="RMSE",
            challenger_model_id=create_version.output,
            min_improvement="{{ params.min_improvement }}",
            if_rejected="skip",
        )
        approve = ApprovalOperator(
            task_id="approve",
            subject="Replace the model of {{ params.model_name }}?",
            body="{% for each in ti.xcom_pull(task_ids='compare')['criteria'] %}"
            "* {{ each.name }}: {{ each.value }}, {{ each.limit }}\n{% endfor %}",
        )
        promote = ReplaceModelOperator(
            task_id="promote",
            deployment_id=deployment_id,
            model_package_id=register.output["datarobot_id"],
            reason="ACCURACY",
            deferrable=True,
        )
        remove_challenger = DeleteChallengerOperator(
            task_id="remove_challenger",
            deployment_id=deployment_id,
            challenger_id="{{ ti.xcom_pull(task_ids='add_challenger')['id'] }}",
            trigger_rule="none_failed",
        )
        allow_challengers >> add_challenger >> predict >> submit_actuals >> compare >> approve >> promote
        promote >> remove_challenger
