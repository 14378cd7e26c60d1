"""One DAG with one task for each row of the crash matrix, which is killed at the point that the conf names."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

from airflow.sdk import DAG

from tests.crash.kill_points import Killed
from tests.crash.rows import ROWS, Row

MANY = 200


def killed(row: Row) -> type:
    """Return the row's operator, as a task that can be killed."""
    module, _, name = row.operator.partition(":")
    path = module if module.startswith("tests.") else f"datarobot_provider.operators.{module}"
    operator = getattr(import_module(path), name)
    return type(f"Killed{name}", (Killed, operator), {})


for each in ROWS:
    with DAG(each.dag_id, schedule=None, max_active_runs=MANY, max_active_tasks=MANY) as dag:
        arguments = {name: f"{{{{ dag_run.conf['{name}'] }}}}" for name in each.given}
        waiting = {"deferrable": True, "poll_interval": 2.0} if each.kind else {}
        killed(each)(
            task_id="task",
            datarobot_conn_id="{{ dag_run.conf['conn_id'] }}",
            retries=3,
            retry_delay=timedelta(seconds=1),
            **arguments,
            **each.fixed,
            **waiting,
        )
    globals()[each.dag_id] = dag
