"""Start an import of data with a plain HTTP request, and wait for its status record."""

from datetime import datetime

from airflow import DAG
from airflow.providers.http.operators.http import SimpleHttpOperator
from datarobot_provider.constants import DATAROBOT_CONN_ID
from datarobot_provider.sensors.datarobot import StatusCheckJobCompleteSensor

with DAG("wait_for_import", schedule=None, start_date=datetime(2024, 1, 1)) as dag:
    start = SimpleHttpOperator(
        task_id="start",
        http_conn_id="datarobot_api",
        endpoint="api/v2/datasets/fromURL/",
        data='{"url": "https://data.example.com/prices.csv"}',
        response_filter=lambda response: response.headers["Location"].rstrip("/").rpartition("/")[2],
    )
    imported = StatusCheckJobCompleteSensor(  # found
        task_id="imported",
        job_id="{{ ti.xcom_pull('start') }}",
        datarobot_conn_id=DATAROBOT_CONN_ID,  # found
        poke_interval=30,
        mode="reschedule",
        soft_fail=True,
    )
    start >> imported
