"""Score the customers of a database every night."""

from datetime import datetime, timedelta

from airflow.decorators import dag
from datarobot_provider.operators.data_registry import GetDataStoreOperator
from datarobot_provider.operators.deployment import GetDeploymentStatusOperator, ScorePredictionsOperator
from datarobot_provider.sensors.datarobot import ScoringCompleteSensor

SCORE_SETTINGS = {
    "intake_settings": {"type": "jdbc", "table": "customers", "schema": "public"},
    "output_settings": {"type": "jdbc", "table": "scores", "schema": "public", "statement_type": "insert"},
    "passthrough_columns": ["customer_id"],
}


@dag(
    schedule="0 3 * * *",
    start_date=datetime(2024, 1, 1),
    catchup=False,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5)},
    params={"data_connection": "warehouse", "score_settings": SCORE_SETTINGS},
)
def batch_scoring():
    active = GetDeploymentStatusOperator(task_id="active", deployment_id="65a0000000000000000000f1")  # found
    store = GetDataStoreOperator(task_id="store")  # found
    score = ScorePredictionsOperator(  # found
        task_id="score",
        deployment_id="65a0000000000000000000f1",
        intake_datastore_id=store.output,
        intake_credential_id="65a0000000000000000000b1",
        output_datastore_id=store.output,
        output_credential_id="65a0000000000000000000b1",
    )
    scored = ScoringCompleteSensor(  # found
        task_id="scored",
        job_id=score.output,
        poke_interval=60,
        timeout=6 * 3600,
        mode="reschedule",
    )
    active >> score >> scored


batch_scoring()
