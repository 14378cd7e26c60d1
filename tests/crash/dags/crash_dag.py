"""A DAG for each row of the crash matrix, with a task that is killed at the point that the conf names."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

from airflow.sdk import DAG

from tests.crash.kill_points import Killed
from tests.crash.rows import ROWS, Row

MAX_ACTIVE = 200


def killed(row: Row) -> type:
    """Return the row's operator with kill points."""
    module, _, name = row.operator.partition(":")
    path = module if module.startswith("tests.") else f"datarobot_provider.operators.{module}"
    operator = getattr(import_module(path), name)
    return type(f"Killed{name}", (Killed, operator), {})


for each in ROWS:
    with DAG(each.dag_id, schedule=None, max_active_runs=MAX_ACTIVE, max_active_tasks=MAX_ACTIVE) as dag:
        arguments = {name: f"{{{{ dag_run.conf['{name}'] }}}}" for name in each.arguments}
        wait = {"deferrable": True, "poll_interval": 2.0} if each.kind else {}
        killed(each)(
            task_id="task",
            datarobot_conn_id="{{ dag_run.conf['conn_id'] }}",
            retries=3,
            retry_delay=timedelta(seconds=1),
            **arguments,
            **each.fixed,
            **wait,
        )
    globals()[each.dag_id] = dag
