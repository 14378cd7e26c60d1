"""Train models with Autopilot and deploy the recommended one."""

from airflow.models.baseoperator import chain
from airflow.models.dag import DAG
from airflow.utils.dates import days_ago
from datarobot_provider.operators.autopilot import StartAutopilotOperator
from datarobot_provider.operators.datarobot import CreateProjectOperator
from datarobot_provider.operators.deployment import DeployRecommendedModelOperator
from datarobot_provider.sensors.datarobot import AutopilotCompleteSensor

with DAG(
    dag_id="autopilot",
    schedule_interval=None,
    start_date=days_ago(1),
    params={
        "training_data": "https://data.example.com/loans.csv",
        "project_name": "Loans",
        "autopilot_settings": {"target": "is_bad", "mode": "quick", "max_wait": 3600},
        "deployment_label": "Loans",
    },
) as dag:
    project = CreateProjectOperator(task_id="project")  # found
    training = StartAutopilotOperator(  # found
        task_id="training",
        project_id="{{ ti.xcom_pull('project') }}",
        featurelist_id="65a0000000000000000000aa",
    )
    trained = AutopilotCompleteSensor(task_id="trained", project_id=project.output)  # found
    deployment = DeployRecommendedModelOperator(task_id="deployment", project_id=project.output)  # found
    chain(project, training, trained, deployment)
