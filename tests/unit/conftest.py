"""Fixtures of the unit tests. Airflow is configured to run without a database before it is imported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.airflow import is_before
from tests.unit.support import ORIGIN, TOKEN, FakeApi, FakeStore, FakeTaskInstance

if TYPE_CHECKING:
    from collections.abc import Callable

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@pytest.fixture(autouse=True)
def _own_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the proxy and CA settings of the environment."""
    for name in _PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch):
    """Set the connection ``datarobot_default`` and return a function that changes its fields."""

    def change(**fields):
        values = {"conn_type": "datarobot", "host": ORIGIN, "password": TOKEN, **fields}
        monkeypatch.setenv("AIRFLOW_CONN_DATAROBOT_DEFAULT", json.dumps(values))

    change()
    return change


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, connection) -> FakeApi:
    """Replace both transports by a fake."""
    fake = FakeApi()
    monkeypatch.setattr("datarobot_provider.client.sync_transport.SyncTransport", lambda *_: fake)
    monkeypatch.setattr("datarobot_provider.client.async_transport.AsyncTransport", lambda *_: fake.asynchronous())
    return fake


@pytest.fixture
def ti() -> FakeTaskInstance:
    return FakeTaskInstance()


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def context(ti: FakeTaskInstance, store: FakeStore) -> dict[str, object]:
    """Return the context of a task in Airflow 3.3."""
    return {"ti": ti, "task_state_store": store}


@pytest.fixture
def task_log(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Return a function that reads the log. Airflow 3.1 and later log to the standard output."""
    caplog.set_level("INFO")
    written: list[str] = []

    def read() -> str:
        if is_before("3.1"):
            return caplog.text
        written.extend(capsys.readouterr())
        return "".join(written) + caplog.text

    return read
