"""Create a custom model with its environment, test it, and deploy it if the test has passed."""

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

PARAMS = {
    "execution_environment_name": "Churn, Python 3.11",
    "programming_language": "python",
    "docker_context_path": "/opt/churn/environment",
    "custom_model_name": "Churn",
    "target_type": "Binary",
    "target_name": "churned",
    "custom_model_folder": "/opt/churn/model",
}


def choose(ti):
    return "deploy" if ti.xcom_pull("status") == "succeeded" else "stop"


with DAG("custom_model_life_cycle", schedule=None, start_date=datetime(2024, 1, 1), params=PARAMS) as dag:
    environment = CreateExecutionEnvironmentOperator(task_id="environment")  # found
    environment_version = CreateExecutionEnvironmentVersionOperator(  # found
        task_id="environment_version",
        execution_environment_id=environment.output,
        environment_version_label="1.0",
        max_wait_sec=1800,
    )
    model = CreateCustomInferenceModelOperator(task_id="model", description="Predicts churn")  # found
    version = CreateCustomModelVersionOperator(  # found
        task_id="version",
        custom_model_id=model.output,
        base_environment_id=environment.output,
        training_dataset_id="65a0000000000000000000d1",
        create_from_previous=False,
        max_wait_sec=600,
    )
    test = CustomModelTestOperator(  # found
        task_id="test",
        custom_model_id=model.output,
        custom_model_version_id=version.output,
        dataset_id="65a0000000000000000000d2",
        retries=2,
    )
    status = GetCustomModelTestOverallStatusOperator(  # found
        task_id="status",
        custom_model_test_id=test.output,
        datarobot_conn_id="datarobot_staging",
    )
    branch = BranchPythonOperator(task_id="branch", python_callable=choose)
    deploy = CreateCustomModelDeploymentOperator(  # found
        task_id="deploy",
        custom_model_version_id=version.output,
        deployment_name="Churn, {{ ds }}",
        importance="HIGH",
    )
    environment_version >> version
    status >> branch >> deploy
