"""Check, after each test, the operations that it covers: the requests and the responses keep to the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from tests.contract.operations.responses import Heard, operation_id, problems
from tests.contract.provider.conftest import TOKEN, emulator, model_folder, proxy, runner, seed
from tests.contract.provider.openapi import all_problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.task_runner import TaskRunner

__all__ = ["emulator", "model_folder", "proxy", "runner", "seed"]

_FIRST_ERROR = 400
#: Routes around the contract, which have no schema here.
_NEIGHBOURS = (
    "/api/v2/datasets/", "/api/v2/deployments/", "/api/v2/useCases/", "/api/v2/credentials/", "/storage/",
)  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "operation(*ids): the operations of the contract that a test covers")


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[requests.Response]:
    """Record every response that ``requests`` returns to the provider."""
    responses: list[requests.Response] = []
    send = requests.Session.send

    def sending(self: requests.Session, request: requests.PreparedRequest, **how: object) -> requests.Response:
        response = send(self, request, **how)
        responses.append(response)
        return response

    monkeypatch.setattr(requests.Session, "send", sending)
    return responses


@pytest.fixture(autouse=True)
def _contract_is_kept(request: pytest.FixtureRequest) -> Iterator[None]:
    """Check after a test that the operations it covers succeeded, and that both sides kept to the contract."""
    covered = {name for mark in request.node.iter_markers("operation") for name in mark.args}
    if not covered:
        yield
        return
    runner: TaskRunner = request.getfixturevalue("runner")
    responses: list[requests.Response] = request.getfixturevalue("heard")
    yield
    asked = [e for e in runner.received if not e.path.startswith(_NEIGHBOURS)]
    runner.received[:] = asked
    assert all_problems(runner.received) == []
    assert {e.headers["authorization"] for e in asked} == {f"Bearer {TOKEN}"}
    answers = [Heard.of(response) for response in responses]
    good = [a for a in answers if a.status < _FIRST_ERROR and not a.path.startswith(_NEIGHBOURS)]
    assert [problem for answer in good for problem in problems(answer)] == []
    log = runner.log()
    assert [entry for entry in log if entry["violations"] or (entry["status"] or 0) >= 500] == []
    assert covered - {operation_id(e.method, e.path) for e in asked if e.status and e.status < _FIRST_ERROR} == set()


@pytest.fixture
def direct(runner: TaskRunner) -> TaskRunner:
    """Set a connection that leads straight to the emulator, because the proxy would read a response that is cut."""
    runner.origin = runner.emulator.url
    runner.connect(TOKEN)
    return runner


@pytest.fixture
def once(runner: TaskRunner) -> TaskRunner:
    """Set a connection that leads straight to the emulator and sends each request only once."""
    runner.origin = runner.emulator.url
    runner.connect(TOKEN, attempts=1)
    return runner
