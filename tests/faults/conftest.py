"""Fixtures of the fault tests: an emulator with resources, and servers in front of it."""

from __future__ import annotations

import types
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from datarobot_provider.client import download
from datarobot_provider.emulator import running
from tests.faults.resources import Resources
from tests.faults.runs import Runner
from tests.support.emulator import IMAGE_SIZE, TOKEN
from tests.support.proxy import Proxy, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
_MATRIX = "tests/faults/test_matrix_"
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Report how many cases of the matrix were run, and how many failed."""
    ended = {
        outcome: {report.nodeid for report in terminalreporter.getreports(outcome) if _MATRIX in report.nodeid}
        for outcome in ("passed", "failed", "error")
    }
    failed = ended["failed"] | ended["error"]
    total = ended["passed"] | failed
    if total:
        terminalreporter.write_line(f"fault matrix: {len(total)} cases run, {len(failed)} failed")


@pytest.fixture(scope="session")
def resources(seed: Path) -> Iterator[Resources]:
    """Run an emulator whose jobs end as soon as they are started."""
    with running(token=TOKEN, seed=seed, time_scale=0) as emulator:
        emulator.control("POST", "image", {"size": IMAGE_SIZE, "redirect": False})
        yield Resources(emulator.endpoint)


@pytest.fixture(autouse=True)
def _own_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ignore the machine's proxies and trust settings, and do not pause before a download is resumed."""
    for name in _PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    clock = types.SimpleNamespace(sleep=lambda _: None, monotonic=download.time.monotonic)
    monkeypatch.setattr(download, "time", clock)
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="session")
def _proxy(resources: Resources) -> Iterator[Proxy]:
    with serve(resources.url) as started:
        yield started


@pytest.fixture(scope="session")
def _foreign_host() -> Iterator[Proxy]:
    with serve() as started:
        yield started


@pytest.fixture
def proxy(_proxy: Proxy) -> Proxy:
    """Return a server in front of the emulator that can change responses."""
    _proxy.reset()
    return _proxy


@pytest.fixture
def foreign_host(_foreign_host: Proxy) -> Proxy:
    """Return a server to which nothing must ever be sent."""
    _foreign_host.reset()
    return _foreign_host


@pytest.fixture
def runner(resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Return a runner of tasks with a connection to the emulator, without faults of other tests."""
    resources.clear_faults()
    return Runner(resources, tmp_path, monkeypatch)
