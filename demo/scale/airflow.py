"""Airflow as it runs on several machines: CeleryExecutor, two workers and two triggerers that share no disk."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demo.scale.hostname import HOSTNAME
from harness.airflow_stack import COMPONENTS, AirflowStack, Component
from harness.emulator import ROOT
from harness.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from demo.scale.postgres import Postgres
    from demo.scale.redis import Redis

DAGS = Path(__file__).parent / "dags"
BUILDING_BLOCKS = ROOT / "example_dags" / "datarobot_examples"
WORKERS = ("worker-1", "worker-2")
TRIGGERERS = ("triggerer-1", "triggerer-2")
#: Tasks that one worker runs side by side.
CONCURRENCY = 4
SLOTS = CONCURRENCY * len(WORKERS)
READY = " ready."

#: How soon the dead are missed, in seconds; Airflow's own defaults wait minutes.
NOTICED_SOON = {
    # A worker that does not send a sign of life for its task has lost it.
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    # A task that was handed to the broker and that no worker starts is handed out again.
    "SCHEDULER__TASK_QUEUED_TIMEOUT": "30",
    "SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "5",
    # What a worker took from the broker and never finished goes back to it. No task runs as long as this, because all
    # the waiting is deferred.
    "CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "60",
    # A triggerer that does not send a sign of life loses its triggers to the other.
    "TRIGGERER__JOB_HEARTBEAT_SEC": "2",
    "TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "15",
}


def distributed(postgres: Postgres, redis: Redis) -> dict[str, str]:
    """Return what is set for all components."""
    options = {
        "CORE__EXECUTOR": "CeleryExecutor",
        # The scheduler hands out no more than the workers can start: the rest waits in the database, where no worker
        # can take it into its grave.
        "CORE__PARALLELISM": str(SLOTS),
        "CORE__HOSTNAME_CALLABLE": "demo.scale.hostname.hostname",
        "DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg:{postgres.address}",
        "DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"postgresql+psycopg:{postgres.address}",
        "CELERY__BROKER_URL": redis.url,
        "CELERY__RESULT_BACKEND": f"db+postgresql+psycopg:{postgres.address}",
        "CELERY__WORKER_CONCURRENCY": str(CONCURRENCY),
        # One process talks to the broker, not one for each core, and it may take its time on a busy machine.
        "CELERY__SYNC_PARALLELISM": "1",
        "CELERY__OPERATION_TIMEOUT": "10",
        **NOTICED_SOON,
    }
    return {"PYTHONPATH": str(ROOT), HOSTNAME: "main", **{f"AIRFLOW__{name}": value for name, value in options.items()}}


def components(folder: Path) -> dict[str, Component]:
    """Return all components; workers and triggerers have folders of their own in ``folder``, for DAGs and logs too."""
    central = {name: component for name, component in COMPONENTS.items() if name != "triggerer"}
    workers = {
        name: ("celery", "worker", "--celery-hostname", f"celery@{name}", "--skip-serve-logs") for name in WORKERS
    }
    triggerers = dict.fromkeys(TRIGGERERS, COMPONENTS["triggerer"].arguments)
    return central | {
        name: Component(arguments, _own(folder / name), folder / name)
        for name, arguments in (workers | triggerers).items()
    }


def _own(folder: Path) -> dict[str, str]:
    return {
        HOSTNAME: folder.name,
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder / "logs"),
    }


def deploy(folder: Path) -> None:
    """Copy the DAG and its building blocks, as whoever runs Airflow does for each machine; no model is among them."""
    shutil.copytree(DAGS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(BUILDING_BLOCKS, folder / BUILDING_BLOCKS.name, ignore=shutil.ignore_patterns("__pycache__"))


class DistributedAirflow(AirflowStack):
    """An Airflow with two workers and two triggerers, in ``folder``. The servers have to be there before it begins."""

    def __init__(
        self,
        folder: Path,
        postgres: Postgres,
        redis: Redis,
        *,
        connections: Mapping[str, Mapping[str, Any]],
        announce: Callable[[str], None],
    ) -> None:
        super().__init__(
            folder / "main",
            dags_folder=folder / "main" / "dags",
            connections=connections,
            env=distributed(postgres, redis),
            components=components(folder.resolve()),
            announce=announce,
        )
        self._folder = folder

    def begin(self) -> None:
        """Give every component its DAGs, and start making the database."""
        for name in ("main", *WORKERS, *TRIGGERERS):
            deploy(self._folder / name / "dags")
        super().begin()

    def ready(self) -> None:
        """Start everything, and wait until all of it is there, each worker and each triggerer too."""
        super().ready()
        wait_until(self._complete, what="all workers and triggerers", timeout=120, check=self.check, interval=0.5)

    def task_log(self, task: dict[str, Any]) -> Path | None:
        """Return the file that holds the log of a task's last try, on the worker where it ran."""
        mapped = f"map_index={task['map_index']}" if task["map_index"] >= 0 else ""
        logs = self._folder.glob(
            f"worker-*/logs/**/task_id={task['task_id']}/{mapped}/attempt={task['try_number']}.log"
        )
        return next(logs, None)

    def _complete(self) -> bool | None:
        triggerers = set(self.api.living("TriggererJob").values()) >= set(TRIGGERERS)
        workers = all(f"celery@{name}{READY}" in self.component_log(name).read_text("utf-8") for name in WORKERS)
        return True if triggerers and workers else None
