"""A DAG file for DataRobot's own provider 1.0.2, from an environment to a deployment, unchanged for this provider."""

from datetime import datetime

from airflow import DAG
from airflow.operators.python import BranchPythonOperator

from datarobot_provider.operators.custom_models import (
    CreateCustomInferenceModelOperator,
    CreateCustomModelDeploymentOperator,
    CreateCustomModelVersionOperator,
    CreateExecutionEnvironmentOperator,
    CreateExecutionEnvironmentVersionOperator,
    CustomModelTestOperator,
    GetCustomModelTestOverallStatusOperator,
)
from datarobot_provider.operators.deployment import (
    ActivateDeploymentOperator,
    GetDeploymentModelOperator,
    GetDeploymentStatusOperator,
)

PARAMS = {
    "execution_environment_name": "Diabetes, Python 3.11",
    "programming_language": "python",
    "docker_context_path": "/opt/diabetes/environment",
    "custom_model_name": "Diabetes",
    "target_type": "Regression",
    "target_name": "target",
    "is_training_data_for_versions_permanently_enabled": True,
    "custom_model_folder": "/opt/diabetes/model",
    "is_major_update": False,
}


def choose(ti):
    return "deploy" if ti.xcom_pull("status") == "succeeded" else "stop"


with DAG("other_provider", schedule=None, start_date=datetime(2024, 1, 1), params=PARAMS) as dag:
    environment = CreateExecutionEnvironmentOperator(task_id="environment")
    environment_version = CreateExecutionEnvironmentVersionOperator(
        task_id="environment_version",
        execution_environment_id=environment.output,
        environment_version_label="1.0",
        max_wait_sec=1800,
    )
    model = CreateCustomInferenceModelOperator(task_id="model", description="Predicts the progression")
    version = CreateCustomModelVersionOperator(
        task_id="version",
        custom_model_id=model.output,
        base_environment_id=environment.output,
        training_dataset_id="65a0000000000000000000d1",
        create_from_previous=False,
        max_wait_sec=600,
    )
    test = CustomModelTestOperator(
        task_id="test",
        custom_model_id=model.output,
        custom_model_version_id=version.output,
        dataset_id="65a0000000000000000000d1",
    )
    status = GetCustomModelTestOverallStatusOperator(task_id="status", custom_model_test_id=test.output)
    branch = BranchPythonOperator(task_id="branch", python_callable=choose)
    deploy = CreateCustomModelDeploymentOperator(
        task_id="deploy",
        custom_model_version_id=version.output,
        deployment_name="Diabetes, {{ run_id }}",
        importance="HIGH",
    )
    deactivate = ActivateDeploymentOperator(task_id="deactivate", deployment_id=deploy.output, activate=False)
    deployed = GetDeploymentModelOperator(task_id="deployed", deployment_id=deploy.output)
    state = GetDeploymentStatusOperator(task_id="state", deployment_id=deploy.output)
    environment_version >> version
    status >> branch >> deploy
    deactivate >> [deployed, state]
