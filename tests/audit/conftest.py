"""Fixtures of the audit: an emulator behind a proxy, a foreign host, and secrets.

Airflow's masker is disabled, so that only the package keeps secrets out of the logs. The values that are registered
with the masker are recorded.
"""

from __future__ import annotations

import json
import logging
import secrets
from typing import TYPE_CHECKING, Any

import pytest

from datarobot_provider.emulator import Emulator, running
from datarobot_provider.version_compat import AirflowException
from tests.audit.search import Search
from tests.support.emulator import EmulatorClient
from tests.support.proxy import JSON, Proxy, Response, serve
from tests.support.tasks import find_jobs_running, run_task
from tests.unit.support import FakeStore, FakeTaskInstance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OUR_LOGGERS = ("airflow", "datarobot", "task")
CANARY = "canary-" + secrets.token_hex(4)
_SEARCHES: list[tuple[str, Search]] = []


def new_secret() -> str:
    """Return a secret with characters that are escaped in a URL, in JSON and in a form."""
    return f"sk-{secrets.token_hex(8)}/+={secrets.token_hex(8)}"


SECRETS = {
    name: new_secret()
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
    """Write the numbers of the searches."""
    for title, search in _SEARCHES:
        terminalreporter.write_line(f"\nAudit, {title}: {search.report()}")


@pytest.fixture(scope="session")
def report_search() -> Callable[[str, Search], Search]:
    """Return a function that adds a search to the summary of the session."""

    def report(title: str, search: Search) -> Search:
        _SEARCHES.append((title, search))
        return search

    return report


@pytest.fixture(scope="session")
def searched(report_search) -> Search:
    """Return the search of the session that all tests with faults share."""
    return report_search("faults in process", Search(SECRETS, CANARY))


class Captured(logging.Handler):
    """Keeps every formatted record of the standard library's loggers, with the name of the logger."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.name, self.format(record)))


class AuditedRun:
    """Runs tasks against the proxy, and keeps everything that they store."""

    def __init__(self, emulator: Emulator, proxy: Proxy, foreign_host: Proxy) -> None:
        self.datarobot = EmulatorClient(emulator.endpoint, emulator.token)
        self.proxy, self.foreign_host = proxy, foreign_host
        self.ti, self.store = FakeTaskInstance(), FakeStore()
        self.stored: list[Any] = []

    def run(self, kind: type, **arguments: Any) -> Any:
        """Run a task to its end, through the trigger if it defers."""
        context = {"ti": self.ti, "task_state_store": self.store}
        with pytest.MonkeyPatch.context() as patch:
            if arguments.get("deferrable"):
                find_jobs_running(patch)
            result = run_task(lambda: kind(task_id=CANARY, **arguments), context, store=self.stored.append)
        self.stored.append(result)
        return result


@pytest.fixture(scope="session")
def servers(seed: Path) -> Iterator[tuple[Emulator, Proxy, Proxy]]:
    with (
        running(token=TOKEN, seed=seed, time_scale=0.02) as emulator,
        serve(emulator.url) as proxy,
        serve(name="localhost", default=lambda: Response(404, JSON, b"{}")) as foreign_host,
    ):
        yield emulator, proxy, foreign_host


@pytest.fixture
def masked_values(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Disable the masker; return the values that are registered with it."""
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
def audited(servers, masked_values, monkeypatch: pytest.MonkeyPatch) -> AuditedRun:
    """Return a runner of tasks, with a connection to the proxy and connections that contain keys."""
    emulator, proxy, foreign_host = servers
    for each in (proxy, foreign_host):
        each.reset()
    connection = {"conn_type": "datarobot", "host": f"{proxy.url}/api/v2", "password": TOKEN, "extra": {"attempts": 2}}
    monkeypatch.setenv("AIRFLOW_CONN_DATAROBOT_DEFAULT", json.dumps(connection))
    for conn_id, name in (("MY_OPENAI", "key by connection"), ("OTHER_OPENAI", "other key by connection")):
        password = {"conn_type": "generic", "password": SECRETS[name]}
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id}", json.dumps(password))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr("time.sleep", lambda _: None)
    return AuditedRun(emulator, proxy, foreign_host)


class SearchedRun:
    """Runs a task, and searches everything that it stored or logged.

    :param masked_values: the values that were registered with the masker.
    :param read: returns the standard output, to which Airflow 3 writes its task logs.
    """

    def __init__(
        self, audited: AuditedRun, search: Search, captured: Captured, masked_values: list[Any], read: Callable[[], str]
    ) -> None:
        self._audited, self._search, self._captured = audited, search, captured
        self._masked_values, self._read = masked_values, read

    def __call__(self, where: str, kind: type, **arguments: Any) -> None:
        """Run a task; check that no secret was stored or logged."""
        before = len(self._search.hits)
        self._search.counts["tasks: run"] += 1
        try:
            self._audited.run(kind, **arguments)
        except AirflowException as error:
            self._search.counts["exceptions: raised"] += 1
            self._search.exception(where, error)
        self._search_everything(where)
        assert self._search.hits[before:] == []

    def _search_everything(self, where: str) -> None:
        audited, search = self._audited, self._search
        search.search_text("task log", where, self._read())
        for logger, line in self._captured.lines:
            if logger.startswith(OUR_LOGGERS):
                search.search_text("task log", f"{where}: {logger}", line)
            else:
                # Airflow masks the DEBUG lines of other libraries if the value is registered with the masker.
                search.search_text("logs of libraries, masked", f"{where}: {logger}", mask(line, self._masked_values))
        stored = [audited.stored, audited.ti.xcoms, audited.store.values, getattr(audited.store, "history", [])]
        search.search_text("XCom, trigger, event, state store", where, json.dumps(stored, default=str))
        for received in audited.foreign_host.received:
            search.counts["foreign host: requests"] += 1
            search.search_text("foreign host", where, received.raw(), allowed=["signature of a download"])
        search.counts["proxy: requests"] += len(audited.proxy.received)


@pytest.fixture
def run_and_search(audited, searched, captured, masked_values, capsys, request) -> Callable[..., None]:
    """Return a function that runs a task, and searches everything that it stored or logged."""
    searched_run = SearchedRun(audited, searched, captured, masked_values, lambda: "".join(capsys.readouterr()))
    return lambda kind, **arguments: searched_run(request.node.name, kind, **arguments)


def mask(line: str, masked_values: list[Any]) -> str:
    """Return a line as Airflow's masker would write it."""
    for secret in sorted({each for each in masked_values if isinstance(each, str) and each}, key=len, reverse=True):
        line = line.replace(secret, "***")
    return line
