"""Runs every DAG file of Airflow's DAGs folder with ``dag.test()``, without a logical date.

``python run_snippets.py RESET_URL RESULTS``: before each run, a POST to RESET_URL resets the emulator; the states of
the tasks are written to the file RESULTS as JSON: file name -> task id -> state.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import requests


def main(reset_url: str, results: str) -> None:
    """Run all DAG files."""
    from airflow.configuration import conf
    from airflow.models import DagBag
    from airflow.utils.db import initdb

    initdb()
    bag = DagBag(dag_folder=conf.get("core", "dags_folder"))
    assert bag.import_errors == {}
    states = {}
    for dag in bag.dags.values():
        requests.post(reset_url, timeout=30).raise_for_status()
        run = dag.test(logical_date=None)
        assert run.logical_date is None
        states[Path(dag.fileloc).stem] = {
            f"{task.task_id}[{task.map_index}]": str(task.state) for task in run.get_task_instances()
        }
        Path(results).write_text(json.dumps(states), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
