"""The pytest plugin: fixtures that run a DAG against an emulator of the DataRobot API.

Pytest loads this module in every session, so it imports nothing but pytest until a fixture is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datarobot_provider.testing.dag_runs import DagRunner
    from datarobot_provider.testing.emulator import DataRobotEmulator


@pytest.fixture(scope="session")
def _datarobot_emulator_server() -> Iterator[DataRobotEmulator]:
    from datarobot_provider.testing.emulator import running_emulator

    with running_emulator() as emulator:
        yield emulator


@pytest.fixture
def datarobot_emulator(_datarobot_emulator_server: DataRobotEmulator) -> DataRobotEmulator:
    """Return a running emulator in its initial state, on a free port of the loopback interface.

    One emulator runs for the whole session. Before each test that uses it, all resources, jobs, outcomes, faults and
    recorded requests are removed, and the default seed is loaded again. Jobs take some hundredths of a second.
    """
    _datarobot_emulator_server.reset()
    return _datarobot_emulator_server


@pytest.fixture
def datarobot_connection(datarobot_emulator: DataRobotEmulator, monkeypatch: pytest.MonkeyPatch) -> str:
    """Set the Airflow connection ``datarobot_default`` to the emulator for the duration of a test; return its id."""
    conn_id = "datarobot_default"
    monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", datarobot_emulator.connection)
    return conn_id


@pytest.fixture(scope="session")
def _airflow_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    from datarobot_provider.testing.database import temporary_database

    with temporary_database(tmp_path_factory.mktemp("airflow")):
        yield


@pytest.fixture
def run_dag(
    datarobot_connection: str,  # noqa: ARG001 - the tasks use it
    _airflow_database: None,
) -> DagRunner:
    """Return a function that runs a DAG to its end with ``dag.test()``, including deferred waits.

    Call it with a DAG, or with the path of a DAG file: ``run_dag(dag, conf={"model_name": "churn"})``. It returns a
    :class:`~datarobot_provider.testing.dag_runs.DagResult`. Airflow uses a temporary database.
    """
    from datarobot_provider.testing.dag_runs import run_dag

    return run_dag
