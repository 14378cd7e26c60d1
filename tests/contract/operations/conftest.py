"""The stage of the provider's contract tests; what an operation's test says it covers is checked when it has ended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import requests

from tests.contract.operations.responses import Heard, operation_id, problems
from tests.contract.provider.conftest import TOKEN, Stage, emulator, model_folder, proxy, seed, stage

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["emulator", "model_folder", "proxy", "seed", "stage"]

_FIRST_ERROR = 400
#: Routes around the contract, which have no schema here.
_NEIGHBOURS = (
    "/api/v2/datasets/", "/api/v2/deployments/", "/api/v2/useCases/", "/api/v2/credentials/", "/storage/",
)  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "operation(*ids): the operations of the contract that a test covers")


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[requests.Response]:
    """Take down every response that ``requests`` gives to the provider."""
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
    """After a test that covers operations: they were answered well, and nobody departed from the contract."""
    covered = {name for mark in request.node.iter_markers("operation") for name in mark.args}
    if not covered:
        yield
        return
    stage: Stage = request.getfixturevalue("stage")
    responses: list[requests.Response] = request.getfixturevalue("heard")
    yield
    asked = [e for e in stage.seen if not e.path.startswith(_NEIGHBOURS)]
    stage.seen[:] = asked
    assert stage.problems() == []
    assert {e.headers["authorization"] for e in asked} == {f"Bearer {TOKEN}"}
    answers = [Heard.of(response) for response in responses]
    good = [a for a in answers if a.status < _FIRST_ERROR and not a.path.startswith(_NEIGHBOURS)]
    assert [problem for answer in good for problem in problems(answer)] == []
    log = stage.log()
    assert [entry for entry in log if entry["violations"] or (entry["status"] or 0) >= 500] == []
    assert covered - {operation_id(e.method, e.path) for e in asked if e.status and e.status < _FIRST_ERROR} == set()


@pytest.fixture
def direct(stage: Stage) -> Stage:
    """Lead the connection straight to the emulator, for responses that are cut; a proxy would see them first."""
    stage.origin = stage.emulator.url
    stage.connect(TOKEN)
    return stage


@pytest.fixture
def once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Let every request be tried once only, straight at the emulator."""
    connection = {
        "conn_type": "datarobot",
        "host": f"{stage.emulator.url}/api/v2",
        "password": TOKEN,
        "extra": {"attempts": 1},
    }
    monkeypatch.setenv("AIRFLOW_CONN_DATAROBOT_DEFAULT", json.dumps(connection))
    return stage
