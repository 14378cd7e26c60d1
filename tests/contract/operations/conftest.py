"""Fixtures; after each test, the requests and responses of the covered operations are validated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from tests.contract.operations.responses import ReceivedResponse, operation_id, problems
from tests.contract.provider.conftest import TOKEN, emulator, model_folder, proxy, runner, seed
from tests.contract.provider.openapi import all_problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.task_runner import TaskRunner

__all__ = ["emulator", "model_folder", "proxy", "runner", "seed"]

_FIRST_ERROR = 400
#: Routes that are not part of the contract and have no schema.
_OTHER_ROUTES = ("/storage/",)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "operation(*ids): the operations of the contract that a test covers")


@pytest.fixture
def received_responses(monkeypatch: pytest.MonkeyPatch) -> list[requests.Response]:
    """Record every response that ``requests`` returns to the provider."""
    responses: list[requests.Response] = []
    send = requests.Session.send

    def sending(self: requests.Session, request: requests.PreparedRequest, **options: object) -> requests.Response:
        response = send(self, request, **options)
        responses.append(response)
        return response

    monkeypatch.setattr(requests.Session, "send", sending)
    return responses


@pytest.fixture(autouse=True)
def _check_contract(request: pytest.FixtureRequest) -> Iterator[None]:
    """Check that the covered operations succeeded, and that requests and responses conform to the contract."""
    covered = {name for mark in request.node.iter_markers("operation") for name in mark.args}
    if not covered:
        yield
        return
    runner: TaskRunner = request.getfixturevalue("runner")
    responses: list[requests.Response] = request.getfixturevalue("received_responses")
    yield
    sent = [e for e in runner.received if not e.path.startswith(_OTHER_ROUTES)]
    runner.received[:] = sent
    assert all_problems(runner.received) == []
    assert {e.headers["authorization"] for e in sent} == {f"Bearer {TOKEN}"}
    received = [ReceivedResponse.from_requests(response) for response in responses]
    successful = [r for r in received if r.status < _FIRST_ERROR and not r.path.startswith(_OTHER_ROUTES)]
    assert [problem for response in successful for problem in problems(response)] == []
    log = runner.log()
    assert [entry for entry in log if entry["violations"] or (entry["status"] or 0) >= 500] == []
    assert covered - {operation_id(e.method, e.path) for e in sent if e.status and e.status < _FIRST_ERROR} == set()


@pytest.fixture
def direct(runner: TaskRunner) -> TaskRunner:
    """Set a connection to the emulator without the proxy, which would read a response that is cut."""
    runner.origin = runner.emulator.url
    runner.connect(TOKEN)
    return runner


@pytest.fixture
def once(runner: TaskRunner) -> TaskRunner:
    """Set a connection to the emulator without the proxy, with one attempt per request."""
    runner.origin = runner.emulator.url
    runner.connect(TOKEN, attempts=1)
    return runner
