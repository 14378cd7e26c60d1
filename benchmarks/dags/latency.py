"""Waits of ours and of Airflow's own that end in turns, each followed by a task that does nothing."""

from __future__ import annotations

import os

from airflow.providers.common.compat.sdk import DAG

from benchmarks.moment import MomentOperator, NothingOperator
from datarobot_provider.operators.vector_databases import ValidateVectorDatabaseOperator

with DAG("latency", schedule=None, catchup=False, max_active_tasks=64):
    for place in range(int(os.environ["BENCH_ROUNDS"])):
        ours = ValidateVectorDatabaseOperator(
            task_id=f"ours_{place}",
            deployment_id=os.environ["BENCH_DEPLOYMENT"],
            prompt_column_name="promptText",
            target_column_name="relevant",
            name=f"latency {place}",
            deferrable=True,
            poll_interval=float(os.environ["BENCH_POLL_INTERVAL"]),
        )
        seconds = float(os.environ["BENCH_FIRST"]) + float(os.environ["BENCH_APART"]) * (2 * place + 1)
        airflow = MomentOperator(task_id=f"airflow_{place}", seconds=seconds)
        for wait in (ours, airflow):
            wait >> NothingOperator(task_id=f"{wait.task_id}_next")
