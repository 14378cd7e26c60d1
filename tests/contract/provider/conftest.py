"""An emulator, a proxy in front of it that records, and a connection that leads to the proxy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from datarobot_provider.emulator import Emulator, running
from tests.contract.provider.openapi import problems
from tests.support.emulator import EmulatorClient, write_seed
from tests.support.proxy import Proxy, serve
from tests.support.tasks import run_task
from tests.unit.support import FakeStore, FakeTaskInstance

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN, READER = "token-of-the-contract-tests", "token-that-may-only-read"
PATIENT = {"poll_interval": 0.05, "timeout": 60}


class Stage:
    """What a test acts on: tasks are run against the emulator, and every request is written down."""

    def __init__(self, emulator: Emulator, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
        self.emulator, self.origin, self.seen = emulator, proxy.url, proxy.received
        self.ti, self.store = FakeTaskInstance(), FakeStore()
        self._patch = monkeypatch
        self.datarobot = EmulatorClient(emulator.endpoint, TOKEN)
        self.connect(TOKEN)

    def connect(self, token: str) -> None:
        """Use this token from now on."""
        connection = {"conn_type": "datarobot", "host": f"{self.origin}/api/v2", "password": token}
        self._patch.setenv("AIRFLOW_CONN_DATAROBOT_DEFAULT", json.dumps(connection))

    def run(self, kind: type, *, task_id: str = "t", **given: Any) -> Any:
        """Run a new task to its end, through the trigger where it defers."""
        self.store = FakeStore()
        return self._attempt(kind, task_id=task_id, **given)

    def again(self, kind: type, *, task_id: str = "t", **given: Any) -> Any:
        """Run the next attempt of the task of before; what it stored is still there."""
        self.ti.retry()
        return self._attempt(kind, task_id=task_id, **given)

    def _attempt(self, kind: type, *, task_id: str, **given: Any) -> Any:
        context = {"ti": self.ti, "task_state_store": self.store}
        return run_task(lambda: kind(task_id=task_id, **given), context)

    def send(self, method: str, path: str, **body: Any) -> Any:
        """Send a request without the provider, which takes a tenth of the time; return the JSON of the response."""
        return self.datarobot.send(method, path, json=body)

    def problems(self) -> list[str]:
        """Return how the requests so far depart from the contract."""
        return [f"{e.method} {e.target}: {problem}" for e in self.seen for problem in problems(e)]

    def log(self) -> list[dict[str, Any]]:
        """Return the emulator's own log of the requests."""
        return self.datarobot.requests()

    def bodies(self, method: str, path: str) -> list[bytes]:
        """Return the bodies that were sent to a path below ``/api/v2/``."""
        return [e.body for e in self.seen if e.method == method and e.path == f"/api/v2/{path}"]


@pytest.fixture(scope="session")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the seed of the examples without its models and validations: of those, a test finds what it has made."""
    return write_seed(tmp_path_factory.mktemp("seed"), without=("customModels", "validations"))


@pytest.fixture(scope="session")
def emulator(seed: Path) -> Iterator[Emulator]:
    with running(token=TOKEN, seed=seed, time_scale=0.02) as started:
        yield started


@pytest.fixture(scope="session")
def proxy(emulator: Emulator) -> Iterator[Proxy]:
    with serve(emulator.url) as started:
        yield started


@pytest.fixture
def stage(emulator: Emulator, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Stage:
    emulator.control("POST", "reset")
    proxy.reset()
    return Stage(emulator, proxy, monkeypatch)


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    """Write a model that passes its test and has dependencies to build."""
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "custom.py").write_text("def score(data, model, **kwargs):\n    return data\n", encoding="utf-8")
    (folder / "requirements.txt").write_text("numpy>=1.26\n", encoding="utf-8")
    (folder / "sub" / "größe.txt").write_bytes(b"\0\r\n--boundary")
    return folder
