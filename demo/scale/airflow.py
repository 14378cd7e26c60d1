"""A distributed Airflow: CeleryExecutor, two workers and two triggerers that do not share a disk."""

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
SHARED_CODE = ROOT / "example_dags" / "datarobot_examples"
WORKERS = ("worker-1", "worker-2")
TRIGGERERS = ("triggerer-1", "triggerer-2")
#: Tasks that a worker runs in parallel.
CONCURRENCY = 4
SLOTS = CONCURRENCY * len(WORKERS)
READY = " ready."

#: Timeouts in seconds for the detection of dead components; Airflow's defaults are minutes.
FAILURE_DETECTION = {
    # A task without a heartbeat from its worker is retried.
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    # A task that no worker has started is queued again.
    "SCHEDULER__TASK_QUEUED_TIMEOUT": "30",
    "SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "5",
    # A message that a worker received but did not acknowledge returns to the queue. Tasks take less time than this,
    # because all waits are deferred.
    "CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "60",
    # The triggers of a triggerer without a heartbeat move to another one.
    "TRIGGERER__JOB_HEARTBEAT_SEC": "2",
    "TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "15",
}


def distributed_environment(postgres: Postgres, redis: Redis) -> dict[str, str]:
    """Return the environment variables of all components."""
    options = {
        "CORE__EXECUTOR": "CeleryExecutor",
        # The scheduler queues only as many tasks as the workers can start. The others remain in the database, where
        # the death of a worker does not affect them.
        "CORE__PARALLELISM": str(SLOTS),
        "CORE__HOSTNAME_CALLABLE": "demo.scale.hostname.hostname",
        "DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg:{postgres.address}",
        "DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"postgresql+psycopg:{postgres.address}",
        "CELERY__BROKER_URL": redis.url,
        "CELERY__RESULT_BACKEND": f"db+postgresql+psycopg:{postgres.address}",
        "CELERY__WORKER_CONCURRENCY": str(CONCURRENCY),
        # One process instead of one per core sends to the broker, with a timeout that suits a busy machine.
        "CELERY__SYNC_PARALLELISM": "1",
        "CELERY__OPERATION_TIMEOUT": "10",
        **FAILURE_DETECTION,
    }
    return {"PYTHONPATH": str(ROOT), HOSTNAME: "main", **{f"AIRFLOW__{name}": value for name, value in options.items()}}


def components(folder: Path) -> dict[str, Component]:
    """Return all components; workers and triggerers have their own folders for DAGs and logs below ``folder``."""
    central = {name: component for name, component in COMPONENTS.items() if name != "triggerer"}
    workers = {
        name: ("celery", "worker", "--celery-hostname", f"celery@{name}", "--skip-serve-logs") for name in WORKERS
    }
    triggerers = dict.fromkeys(TRIGGERERS, COMPONENTS["triggerer"].arguments)
    return central | {
        name: Component(arguments, _component_environment(folder / name), folder / name)
        for name, arguments in (workers | triggerers).items()
    }


def _component_environment(folder: Path) -> dict[str, str]:
    return {
        HOSTNAME: folder.name,
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder / "logs"),
    }


def deploy(folder: Path) -> None:
    """Copy the DAG and the code that it imports to ``folder``, as a deployment does; model files are not copied."""
    shutil.copytree(DAGS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(SHARED_CODE, folder / SHARED_CODE.name, ignore=shutil.ignore_patterns("__pycache__"))


class DistributedAirflow(AirflowStack):
    """An Airflow with two workers and two triggerers.

    :param folder: the folder of all components.
    :param postgres: its database, which must be running.
    :param redis: its broker, which must be running.
    :param connections: Airflow connections by id.
    :param log: called with progress messages.
    """

    def __init__(
        self,
        folder: Path,
        postgres: Postgres,
        redis: Redis,
        *,
        connections: Mapping[str, Mapping[str, Any]],
        log: Callable[[str], None],
    ) -> None:
        super().__init__(
            folder / "main",
            dags_folder=folder / "main" / "dags",
            connections=connections,
            env=distributed_environment(postgres, redis),
            components=components(folder.resolve()),
            log=log,
        )
        self._folder = folder

    def launch(self) -> None:
        """Deploy the DAGs and start the creation of the database."""
        for name in ("main", *WORKERS, *TRIGGERERS):
            deploy(self._folder / name / "dags")
        super().launch()

    def wait_until_ready(self) -> None:
        """Start all components and wait until every worker and every triggerer is ready."""
        super().wait_until_ready()
        wait_until(self._complete, what="all workers and triggerers", timeout=120, check=self.check, interval=0.5)

    def task_log(self, task: dict[str, Any]) -> Path | None:
        """Return the log file of a task's last attempt, from the worker that ran it."""
        mapped = f"map_index={task['map_index']}" if task["map_index"] >= 0 else ""
        logs = self._folder.glob(
            f"worker-*/logs/**/task_id={task['task_id']}/{mapped}/attempt={task['try_number']}.log"
        )
        return next(logs, None)

    def _complete(self) -> bool | None:
        triggerers = set(self.api.alive_components("TriggererJob").values()) >= set(TRIGGERERS)
        workers = all(f"celery@{name}{READY}" in self.component_log(name).read_text("utf-8") for name in WORKERS)
        return True if triggerers and workers else None
