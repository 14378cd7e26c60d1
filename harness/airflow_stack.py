"""A real Airflow of one's own: api-server, scheduler, dag-processor and triggerer on LocalExecutor and SQLite."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.airflow_api import AirflowApi
from harness.airflow_env import USER, Settings, airflow_environment, connection_environment
from harness.processes import Child, Service, free_ports, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Component:
    """One process of Airflow: what ``airflow`` is called with, what is set for it alone, and its working folder.

    ``folder`` must exist when it starts; without one it works in the home of its Airflow.
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
    """One Airflow in a folder of its own, on free ports: ``with AirflowStack(...) as airflow``.

    Connections reach the components as environment variables, so that nothing secret is stored. ``env`` is set on top
    of everything else, but for what a component sets for itself. ``announce`` is told what is going on.
    """

    def __init__(
        self,
        home: Path,
        *,
        dags_folder: Path,
        connections: Mapping[str, Mapping[str, Any]] | None = None,
        env: Mapping[str, str] | None = None,
        components: Mapping[str, Component] = COMPONENTS,
        announce: Callable[[str], None] = lambda _: None,
    ) -> None:
        super().__init__()
        api_port, worker_log_port, triggerer_log_port = free_ports(3)
        self.settings = Settings(home.resolve(), dags_folder.resolve(), api_port, worker_log_port, triggerer_log_port)
        self.api = AirflowApi(self.settings.base_url, USER, self.settings.password, check=self.check)
        self._connections = dict(connections or {})
        self._env = dict(env or {})
        self._announce = announce
        self._migration: Child | None = None
        self._components = components
        self._running: dict[str, Child] = {}
        self._starts = 0

    def begin(self) -> None:
        """Start making the database."""
        self.settings.home.mkdir(parents=True, exist_ok=True)
        self.settings.write_passwords()
        self._migration = self._start("database", Component(("db", "migrate")))

    def connect(self, conn_id: str, fields: Mapping[str, Any]) -> None:
        """Give Airflow a connection; it has to be there before ``ready``."""
        self._connections[conn_id] = fields

    def ready(self) -> None:
        """Start the components once the database is there, and wait until they are healthy."""
        if self._migration is not None:
            self._processes.finish(self._migration, timeout=120)
            self._migration = None
        self._announce(f"the database is ready, starting {', '.join(self._components)}")
        for component in self._components:
            self.start(component)
        wait_until(self._healthy, what="a healthy Airflow", timeout=180, check=self.check, interval=0.2)

    def start(self, component: str) -> None:
        """Start a component, for the first time or again; then it writes to a log of its own."""
        again = f"-{self._starts}" if self._starts >= len(self._components) else ""
        self._starts += 1
        self._running[component] = self._start(component + again, self._components[component])

    def stop(self, component: str, *, gently: bool = True) -> None:
        """Stop a component with everything it has started; not ``gently``, with SIGKILL."""
        self._processes.stop(self._running.pop(component), gently=gently)

    def pid(self, component: str) -> int:
        """Return the process id of a component that runs."""
        return self._running[component].popen.pid

    @property
    def database(self) -> Path:
        """Return the file that holds the metadata database."""
        return self.settings.home / "airflow.db"

    def component_log(self, name: str) -> Path:
        """Return the file that a component writes what it has to say to."""
        return self.settings.home / "components" / f"{name}.log"

    def _start(self, name: str, component: Component) -> Child:
        env = {
            **airflow_environment(os.environ, self.settings),
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
