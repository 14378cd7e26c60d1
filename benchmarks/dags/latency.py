"""Deferred jobs and deferred timers that end alternately, each followed by a task that does nothing."""

from __future__ import annotations

import os

from airflow.providers.common.compat.sdk import DAG

from benchmarks.latency import DAG as DAG_ID
from benchmarks.latency import POLL_INTERVAL, ROUNDS_VARIABLE, ends
from benchmarks.seed import DEPLOYMENT
from benchmarks.timer import NoOpOperator, TimerOperator
from datarobot_provider.operators.vector_databases import ValidateVectorDatabaseOperator

with DAG(DAG_ID, schedule=None, catchup=False, max_active_tasks=64):
    for index, (_, seconds) in enumerate(ends(int(os.environ[ROUNDS_VARIABLE]))):
        ours = ValidateVectorDatabaseOperator(
            task_id=f"ours_{index}",
            deployment_id=DEPLOYMENT,
            prompt_column_name="promptText",
            target_column_name="relevant",
            name=f"latency {index}",
            deferrable=True,
            poll_interval=POLL_INTERVAL,
        )
        airflow = TimerOperator(task_id=f"airflow_{index}", seconds=seconds)
        for wait in (ours, airflow):
            wait >> NoOpOperator(task_id=f"{wait.task_id}_next")
