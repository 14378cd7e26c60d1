"""Runs operators as tasks against an emulator, and records their requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.emulator import CONNECTION, EmulatorClient, connection
from tests.support.tasks import run_task
from tests.unit.support import FakeStore, FakeTaskInstance

if TYPE_CHECKING:
    import pytest

    from datarobot_provider.emulator import Emulator
    from tests.support.proxy import Proxy

#: Arguments of a task that waits for a short job.
WAIT = {"poll_interval": 0.05, "timeout": 60}


class TaskRunner:
    """Runs tasks against an emulator, through a proxy that records every request.

    :param token: the API token of the connection.
    """

    def __init__(self, emulator: Emulator, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, token: str) -> None:
        self.emulator, self.origin, self.received = emulator, proxy.url, proxy.received
        self.ti, self.store = FakeTaskInstance(), FakeStore()
        self._patch = monkeypatch
        self.datarobot = EmulatorClient(emulator.endpoint, token)
        self.connect(token)

    def connect(self, token: str, **extra: Any) -> None:
        """Set the connection with a token."""
        self._patch.setenv(CONNECTION, connection(f"{self.origin}/api/v2", token, **extra))

    def run(self, kind: type, *, task_id: str = "t", **arguments: Any) -> Any:
        """Run the first attempt of a new task to its end, through the trigger if it defers."""
        self.store = FakeStore()
        return self._attempt(kind, task_id=task_id, **arguments)

    def retry(self, kind: type, *, task_id: str = "t", **arguments: Any) -> Any:
        """Run the next attempt of the previous task, with the same task state store."""
        self.ti.retry()
        return self._attempt(kind, task_id=task_id, **arguments)

    def _attempt(self, kind: type, *, task_id: str, **arguments: Any) -> Any:
        context = {"ti": self.ti, "task_state_store": self.store}
        return run_task(lambda: kind(task_id=task_id, **arguments), context)

    def send(self, method: str, path: str, **body: Any) -> Any:
        """Send a request without the provider, which is much faster; return the JSON of the response."""
        return self.datarobot.send(method, path, json=body)

    def log(self) -> list[dict[str, Any]]:
        """Return the emulator's own log of the requests."""
        return self.datarobot.requests()

    def bodies(self, method: str, path: str) -> list[bytes]:
        """Return the bodies that were sent to a path below ``/api/v2/``."""
        return [e.body for e in self.received if e.method == method and e.path == f"/api/v2/{path}"]
