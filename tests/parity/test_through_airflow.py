"""Every job operator in each mode, run by Airflow itself: task runner, XCom, deferral, database.

``dag.test()`` runs the triggers in the same process and ignores the other arguments of ``defer``.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.parity.cases import CASES, Case
from tests.parity.runs import normalize
from tests.support.emulator import (
    CONNECTION,
    DATASET,
    DEPLOYMENT,
    ENVIRONMENT,
    FOLDER,
    TOKEN,
    EmulatorClient,
    connection,
)

if TYPE_CHECKING:
    from datarobot_provider.emulator import Emulator

pytestmark = pytest.mark.full

_SCRIPT = Path(__file__).with_name("dags") / "parity_dag.py"
_TASKS = {
    "training_data": "version",
    "dependency_build": "build",
    "model_test": "test",
    "feature_impact": "impact",
    "vector_database_validation": "validation",
}
_BOTH = [pytest.param(case, _TASKS[case.kind], id=case.name) for case in CASES]


class AirflowRun:
    """The contents of Airflow's database and of the emulator after a run."""

    def __init__(self, home: Path, datarobot: EmulatorClient) -> None:
        self.database = home / "airflow.db"
        self.requests = datarobot.requests()
        self.jobs = {kind: datarobot.jobs(kind) for kind in _TASKS}
        self.datarobot = datarobot

    def rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database)) as database:
            return database.execute(query, values).fetchall()

    def xcoms(self, task_id: str) -> dict[str, Any]:
        rows = self.rows("select key, value from xcom where task_id = ? order by key", task_id)
        return {key: json.loads(value) for key, value in rows}


@pytest.fixture(scope="module")
def run(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> AirflowRun:
    home, datarobot = tmp_path_factory.mktemp("airflow"), EmulatorClient(emulator.endpoint)
    datarobot.reset()
    for kind in _TASKS:
        # The job must still be running when the worker polls it, so that the task defers.
        datarobot.outcome(kind, "succeeded", seconds=1, times=2)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(_SCRIPT.parent),
        CONNECTION: connection(emulator.endpoint),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PARITY_FOLDER": str(Path(__file__).parents[2] / FOLDER),
        "PARITY_ENVIRONMENT": ENVIRONMENT,
        "PARITY_DATASET": DATASET,
        "PARITY_DEPLOYMENT": DEPLOYMENT,
    }
    completed = subprocess.run(
        [sys.executable, _SCRIPT], env=environment, cwd=home, capture_output=True, text=True, timeout=240, check=False
    )
    assert completed.returncode == 0, (completed.stdout + completed.stderr)[-5000:]
    # Airflow 3.0 itself writes what is to be masked into its debug log.
    lines = (completed.stdout + completed.stderr).splitlines()
    assert TOKEN not in "\n".join(line for line in lines if "MaskSecret(" not in line)
    return AirflowRun(home, datarobot)


@pytest.mark.parametrize(("case", "task"), _BOTH)
def test_both_modes_leave_the_same_xcoms(run: AirflowRun, case: Case, task: str) -> None:
    sync, deferrable = run.xcoms(f"sync.{task}"), run.xcoms(f"deferrable.{task}")
    assert normalize(deferrable) == normalize(sync)
    assert sorted(sync) == sorted(["datarobot_id", case.link, "return_value"])
    jobs = {job["ids"][case.handle]: job for job in run.jobs[case.kind]}
    for xcoms in (sync, deferrable):
        assert case.value(xcoms["return_value"], jobs[xcoms["datarobot_id"]])


@pytest.mark.parametrize(("case", "task"), _BOTH)
def test_each_mode_started_one_job(run: AirflowRun, case: Case, task: str) -> None:
    starts = [row for row in run.requests if row["method"] == "POST" and re.search(case.start, row["path"])]
    assert len(starts) == len(run.jobs[case.kind]) == 2
    assert [job["active"] for job in run.jobs[case.kind]] == [False, False]


@pytest.mark.parametrize(("case", "task"), _BOTH)
def test_only_the_deferrable_mode_was_deferred(run: AirflowRun, case: Case, task: str) -> None:
    query = "select task_id, state, try_number, trigger_id is not null from task_instance where task_id like ?"
    assert sorted(run.rows(query, f"%.{task}")) == [
        (f"deferrable.{task}", "success", 1, 1),
        (f"sync.{task}", "success", 1, 0),
    ]


def test_no_secret_was_stored(run: AirflowRun) -> None:
    assert TOKEN.encode() not in run.database.read_bytes()
    triggers = run.rows("select classpath, kwargs from trigger")
    assert [path for path, _ in triggers] == ["datarobot_provider.triggers.job.DataRobotJobTrigger"] * len(CASES)
    for _, kwargs in triggers:
        assert '"datarobot_conn_id"' in kwargs, "Airflow 3 stores the arguments in plain text"
        assert run.datarobot.host.partition(":")[0] not in kwargs


def test_every_response_conforms_to_the_contract(run: AirflowRun) -> None:
    assert [row for row in run.requests if row["violations"]] == []
    assert {row["method"] for row in run.requests} == {"GET", "POST"}
