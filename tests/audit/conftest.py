"""The stage of the audit: an emulator behind a gate, a foreign host, marked secrets, and a masker that masks nothing.

Airflow's masker is switched off, so that what keeps a secret out of a log here is the package itself; what the masker
was told is written down.
"""

from __future__ import annotations

import json
import logging
import secrets
from typing import TYPE_CHECKING, Any

import pytest
import requests

from datarobot_provider.emulator import Emulator, running
from datarobot_provider.version_compat import AirflowException
from tests.audit.search import Search
from tests.support.proxy import JSON, Proxy, Response, serve
from tests.support.tasks import find_jobs_running, run_task
from tests.unit.support import FakeStore, FakeTaskInstance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OUR_LOGGERS = ("airflow", "datarobot", "task")
CANARY = "canary-" + secrets.token_hex(4)
_SEARCHES: list[tuple[str, Search]] = []


def marked() -> str:
    """Return a secret with characters that look different in a URL, in JSON and in a form."""
    return f"sk-{secrets.token_hex(8)}/+={secrets.token_hex(8)}"


SECRETS = {
    name: marked()
    for name in (
        "token of the connection",
        "key of create by value",
        "key of update by value",
        "key of apply by value",
        "key by connection",
        "other key by connection",
        "signature of a download",
    )
}
TOKEN = SECRETS["token of the connection"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was searched."""
    for title, search in _SEARCHES:
        terminalreporter.write_line(f"\nAudit, {title}: {search.report()}")


@pytest.fixture(scope="session")
def announce() -> Callable[[str, Search], Search]:
    """Have the numbers of a search printed at the end."""

    def announcing(title: str, search: Search) -> Search:
        _SEARCHES.append((title, search))
        return search

    return announcing


@pytest.fixture(scope="session")
def searched(announce) -> Search:
    """Return the one search of the session that all faults add their numbers to."""
    return announce("faults in process", Search(SECRETS, CANARY))


class Captured(logging.Handler):
    """Keeps every record of the standard library's loggers, as text, by the name of the logger."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.name, self.format(record)))


class Stage:
    """Runs tasks against the gate and keeps everything that they leave behind."""

    def __init__(self, emulator: Emulator, front: Proxy, foreign: Proxy) -> None:
        self.emulator, self.front, self.foreign = emulator, front, foreign
        self.ti, self.store = FakeTaskInstance(), FakeStore()
        self.left: list[Any] = []

    def run(self, kind: type, **given: Any) -> Any:
        """Run a task to its end, through the trigger where it defers."""
        context = {"ti": self.ti, "task_state_store": self.store}
        with pytest.MonkeyPatch.context() as patch:
            if given.get("deferrable"):
                find_jobs_running(patch)
            result = run_task(lambda: kind(task_id=CANARY, **given), context, store=self.left.append)
        self.left.append(result)
        return result

    def ask(self, method: str, path: str, **how: Any) -> Any:
        """Call the emulated API itself; return the JSON."""
        headers = {"Authorization": f"Bearer {self.emulator.token}"}
        response = requests.request(method, f"{self.emulator.endpoint}/{path}", headers=headers, timeout=10, **how)
        response.raise_for_status()
        return response.json() if response.content else None


@pytest.fixture(scope="session")
def servers(seed: Path) -> Iterator[tuple[Emulator, Proxy, Proxy]]:
    with (
        running(token=TOKEN, seed=seed, time_scale=0.02) as emulator,
        serve(emulator.url) as front,
        serve(name="localhost", default=lambda: Response(404, JSON, b"{}")) as foreign,
    ):
        yield emulator, front, foreign


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Switch the masker off; give what it was told."""
    from airflow._shared.secrets_masker import SecretsMasker as CoreMasker
    from airflow.sdk._shared.secrets_masker import SecretsMasker

    found: list[str] = []
    for masker in (CoreMasker, SecretsMasker):
        monkeypatch.setattr(masker, "add_mask", lambda _self, secret, *_: found.append(secret))
        monkeypatch.setattr(masker, "replacer", None)
    return found


@pytest.fixture
def captured() -> Iterator[Captured]:
    handler, root = Captured(), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture
def stage(servers, told, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Give a stage with connections to the gate, and with keys in connections."""
    emulator, front, foreign = servers
    for each in (front, foreign):
        each.reset()
    connection = {"conn_type": "datarobot", "host": f"{front.url}/api/v2", "password": TOKEN, "extra": {"attempts": 2}}
    monkeypatch.setenv("AIRFLOW_CONN_DATAROBOT_DEFAULT", json.dumps(connection))
    for conn_id, name in (("MY_OPENAI", "key by connection"), ("OTHER_OPENAI", "other key by connection")):
        password = {"conn_type": "generic", "password": SECRETS[name]}
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id}", json.dumps(password))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr("time.sleep", lambda _: None)
    return Stage(emulator, front, foreign)


class Watch:
    """Runs a task and looks through everything that it left behind.

    :param told: what the masker was told.
    :param read: gives what was written to the standard output, where Airflow 3 writes its task logs.
    """

    def __init__(
        self, stage: Stage, search: Search, captured: Captured, told: list[Any], read: Callable[[], str]
    ) -> None:
        self._stage, self._search, self._captured, self._told, self._read = stage, search, captured, told, read

    def __call__(self, where: str, kind: type, **given: Any) -> None:
        """Run a task; no secret may be left anywhere."""
        before = len(self._search.hits)
        self._search.counts["tasks: run"] += 1
        try:
            self._stage.run(kind, **given)
        except AirflowException as error:
            self._search.counts["exceptions: raised"] += 1
            self._search.exception(where, error)
        self._look_through(where)
        assert self._search.hits[before:] == []

    def _look_through(self, where: str) -> None:
        stage, search = self._stage, self._search
        search.poll("task log", where, self._read())
        for logger, line in self._captured.lines:
            if logger.startswith(OUR_LOGGERS):
                search.poll("task log", f"{where}: {logger}", line)
            else:
                # What other libraries write at the level DEBUG is the masker's to hide, if it was told.
                search.poll("logs of libraries, masked", f"{where}: {logger}", masked(line, self._told))
        stored = [stage.left, stage.ti.xcoms, stage.store.values, getattr(stage.store, "history", [])]
        search.poll("XCom, trigger, event, state store", where, json.dumps(stored, default=str))
        for received in stage.foreign.received:
            search.counts["foreign host: requests"] += 1
            search.poll("foreign host", where, received.raw(), allowed=["signature of a download"])
        search.counts["front: requests"] += len(stage.front.received)


@pytest.fixture
def watch(stage, searched, captured, told, capsys, request) -> Callable[..., None]:
    """Give a function that runs a task and looks through everything that it left behind."""
    watching = Watch(stage, searched, captured, told, lambda: "".join(capsys.readouterr()))
    return lambda kind, **given: watching(request.node.name, kind, **given)


def masked(line: str, told: list[Any]) -> str:
    """Return a line as Airflow's masker would have left it."""
    for secret in sorted({each for each in told if isinstance(each, str) and each}, key=len, reverse=True):
        line = line.replace(secret, "***")
    return line
