"""A temporary Airflow: api-server, scheduler, dag-processor and triggerer, with LocalExecutor and SQLite."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.airflow_api import AirflowApi
from harness.airflow_env import (
    LOCK_TIMEOUT,
    LOCK_TIMEOUT_OF_API_SERVER,
    USER,
    Settings,
    airflow_environment,
    connection_environment,
)
from harness.processes import Child, Service, free_ports, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Component:
    """One process of Airflow.

    :param arguments: arguments of the ``airflow`` command.
    :param env: environment variables of this component only.
    :param folder: working directory, which must exist when the component starts; default is the home of its Airflow.
    """

    arguments: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None


COMPONENTS: Mapping[str, Component] = {
    "api-server": Component(("api-server",)),
    "scheduler": Component(("scheduler", "--skip-serve-logs")),
    "dag-processor": Component(("dag-processor",)),
    "triggerer": Component(("triggerer", "--skip-serve-logs")),
}


class AirflowStack(Service):
    """An Airflow in its own folder, on free ports: ``with AirflowStack(...) as airflow``.

    :param home: the folder of the database and the logs.
    :param dags_folder: the folder of the DAG files.
    :param connections: Airflow connections by id; passed as environment variables, so that no secret is stored.
    :param env: environment variables of all components; they override all others except those of a component.
    :param components: the components by name; default is one of each type.
    :param log: called with progress messages.
    """

    def __init__(
        self,
        home: Path,
        *,
        dags_folder: Path,
        connections: Mapping[str, Mapping[str, Any]] | None = None,
        env: Mapping[str, str] | None = None,
        components: Mapping[str, Component] = COMPONENTS,
        log: Callable[[str], None] = lambda _: None,
    ) -> None:
        super().__init__()
        api_port, worker_log_port, triggerer_log_port = free_ports(3)
        self.settings = Settings(home.resolve(), dags_folder.resolve(), api_port, worker_log_port, triggerer_log_port)
        self.api = AirflowApi(self.settings.base_url, USER, self.settings.password, check=self.check)
        self._connections = dict(connections or {})
        self._env = dict(env or {})
        self._log = log
        self._migration: Child | None = None
        self._components = components
        self._running: dict[str, Child] = {}
        self._starts = 0

    def launch(self) -> None:
        """Start the creation of the database."""
        self.settings.home.mkdir(parents=True, exist_ok=True)
        self.settings.write_passwords()
        self._migration = self._start("database", Component(("db", "migrate")))

    def wait_until_ready(self) -> None:
        """Wait for the database, start the components and wait until they are healthy."""
        if self._migration is not None:
            self._processes.finish(self._migration, timeout=120)
            self._migration = None
        self._log(f"The database is ready, starting {', '.join(self._components)}")
        for component in self._components:
            self.start(component)
        wait_until(self._healthy, what="a healthy Airflow", timeout=180, check=self.check, interval=0.2)

    def start(self, component: str) -> None:
        """Start or restart a component; each start has its own log file."""
        suffix = f"-{self._starts}" if self._starts >= len(self._components) else ""
        self._starts += 1
        self._running[component] = self._start(component + suffix, self._components[component])

    def stop(self, component: str, *, graceful: bool = True) -> None:
        """Stop a component and its child processes: with SIGTERM, or with SIGKILL if not ``graceful``."""
        self._processes.stop(self._running.pop(component), graceful=graceful)

    def pid(self, component: str) -> int:
        """Return the process id of a running component."""
        return self._running[component].popen.pid

    @property
    def database(self) -> Path:
        """Return the path of the metadata database."""
        return self.settings.home / "airflow.db"

    def component_log(self, name: str) -> Path:
        """Return the path of a component's output."""
        return self.settings.home / "components" / f"{name}.log"

    def _start(self, name: str, component: Component) -> Child:
        is_api_server = component.arguments[0] == "api-server"
        env = {
            **airflow_environment(
                os.environ, self.settings, LOCK_TIMEOUT_OF_API_SERVER if is_api_server else LOCK_TIMEOUT
            ),
            **connection_environment(self._connections),
            **self._env,
            **component.env,
        }
        argv = [sys.executable, "-m", "airflow", *component.arguments]
        cwd = component.folder or self.settings.home
        return self._processes.start(name, argv, env=env, log=self.component_log(name), cwd=cwd)

    def _healthy(self) -> bool | None:
        health = self.api.health()
        return True if health and all(part.get("status") == "healthy" for part in health.values()) else None
