from __future__ import annotations

from typing import TYPE_CHECKING

from demo.scale.airflow import CONCURRENCY, TRIGGERERS, WORKERS, components, deploy, distributed_environment
from demo.scale.postgres import Postgres
from demo.scale.redis import Redis

if TYPE_CHECKING:
    from pathlib import Path


def test_workers_and_triggerers_share_no_folder(tmp_path: Path) -> None:
    parts = components(tmp_path)
    apart = [parts[name] for name in (*WORKERS, *TRIGGERERS)]
    for setting in ("AIRFLOW_HOME", "AIRFLOW__CORE__DAGS_FOLDER", "AIRFLOW__LOGGING__BASE_LOG_FOLDER", "DEMO_HOSTNAME"):
        assert len({part.env[setting] for part in apart}) == len(apart), setting
    assert len({part.folder for part in apart}) == len(apart)
    assert "triggerer" not in parts


def test_no_component_opens_a_log_server_to_the_network(tmp_path: Path) -> None:
    parts = components(tmp_path)
    for name in ("scheduler", *WORKERS, *TRIGGERERS):
        assert "--skip-serve-logs" in parts[name].arguments


def test_deployment_contains_dags_and_no_model(tmp_path: Path) -> None:
    deploy(tmp_path / "dags")
    files = {
        path.relative_to(tmp_path / "dags").as_posix() for path in (tmp_path / "dags").rglob("*") if path.is_file()
    }
    assert {"pipeline_over_models.py", "datarobot_examples/life_cycle.py"} <= files
    assert all(name.endswith(".py") for name in files)


def test_scheduler_queues_only_what_the_workers_can_start(tmp_path: Path) -> None:
    env = distributed_environment(Postgres(tmp_path), Redis(tmp_path))
    assert int(env["AIRFLOW__CORE__PARALLELISM"]) == CONCURRENCY * len(WORKERS)
