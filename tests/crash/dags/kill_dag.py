"""A DAG for each job that the API can cancel, and for each way in which its task is ended."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

from airflow.sdk import DAG

from tests.crash.rows import LIMIT, ROWS, kill_dag_id

for row in ROWS:
    if not row.cancellable:
        continue
    module, _, name = row.operator.partition(":")
    operator = getattr(import_module(f"datarobot_provider.operators.{module}"), name)
    for deferrable in (True, False):
        for limited in (True, False):
            limit = timedelta(seconds=LIMIT) if limited else None
            dag_id = kill_dag_id(row, deferrable=deferrable, limited=limited)
            with DAG(dag_id, schedule=None, dagrun_timeout=limit) as dag:
                operator(
                    task_id="task",
                    datarobot_conn_id="{{ dag_run.conf['conn_id'] }}",
                    deferrable=deferrable,
                    poll_interval=2.0,
                    **{argument: f"{{{{ dag_run.conf['{argument}'] }}}}" for argument in row.arguments},
                    **row.fixed,
                )
            globals()[dag_id] = dag
