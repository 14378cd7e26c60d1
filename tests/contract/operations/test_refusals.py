"""Every refusal that the contract lists for an operation comes out with the server's words, and is not retried."""

from __future__ import annotations

import re

import pytest

from datarobot_provider.core.request_operators import UpdateOperator
from datarobot_provider.version_compat import AirflowFailException
from tests.contract.operations.cases import CASES, SOMEWHERE
from tests.contract.operations.responses import PUBLISHED
from tests.contract.provider.conftest import READER, TOKEN

REASON = "The reason that only the server knows."
LISTED = [
    (name, int(status))
    for name, operation in PUBLISHED.items()
    for status in operation.spec["responses"]
    if status.startswith("4")
]
CHANGING = [name for name, operation in PUBLISHED.items() if operation.method != "GET"]
UPDATES = [name for name, (task, _) in CASES.items() if issubclass(task, UpdateOperator)]


@pytest.fixture
def run(runner, tmp_path):
    """Run an operation that is refused; return the text of its exception."""

    def refused(name, /, **changed):
        task, given = CASES[name]
        folder = tmp_path / "model"
        folder.mkdir(exist_ok=True)
        (folder / "custom.py").write_text("", encoding="utf-8")
        places = {"folder": str(folder), "target": str(tmp_path / "download")}
        given = {key: places[key] if value is SOMEWHERE else value for key, value in given.items()}
        with pytest.raises(AirflowFailException) as caught:
            runner.run(task, **{**given, **changed})
        assert not (tmp_path / "download").exists()
        return str(caught.value)

    return refused


def where(name):
    """Return the pattern of an operation's path, and its method."""
    operation = PUBLISHED[name]
    pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(operation.path))
    return {"method": operation.method, "path": f"^{pattern}$"}


def refuse(runner, name, status, body):
    runner.emulator.control("POST", "faults", {**where(name), "status": status, "body": body, "times": None})
    nothing_yet(runner, name)
    if name == "download_pps_image":
        runner.emulator.control("POST", "image", {"size": 1, "redirect": False})
    if name == "start_dependency_build":
        # A refused build is looked at before it counts as refused.
        found = {"dependencies": [{"line": "numpy"}]}
        runner.emulator.control("POST", "faults", {"path": "/versions/v/$", "status": 200, "body": found})
    if name == "assign_custom_model_training_data":
        # So is a refused assignment: another one may be going on.
        found = {"trainingDataAssignmentInProgress": False}
        poll = {"method": "GET", "path": "/customModels/m/$", "status": 200, "body": found}
        runner.emulator.control("POST", "faults", poll)


def nothing_yet(runner, name):
    """Before a task makes something, it looks at what there is; here that is nothing, and not refused."""
    if PUBLISHED[name].method != "GET":
        polls = {"method": "GET", "path": r"/(versions|conversions|guardConfigurations)/$"}
        nothing = {"data": [], "count": 0, "totalCount": 0, "next": None, "previous": None}
        runner.emulator.control("POST", "faults", {**polls, "status": 200, "body": nothing, "times": None})


@pytest.mark.parametrize(("name", "status"), LISTED)
def test_what_the_server_says_is_what_the_task_says(runner, run, name, status):
    genai = "/genai/" in PUBLISHED[name].path
    located = [{"loc": ["body", "theField"], "msg": "is wrong", "type": "value_error"}]
    public = {"message": REASON, "errors": {"theField": "is wrong", "nested": {"other": ["one", "two"]}}}
    refuse(runner, name, status, {"detail": located} if genai else public)
    message = run(name)
    method, path = next(
        (e.method, e.path)
        for e in runner.received
        if e.method == PUBLISHED[name].method and re.match(where(name)["path"], e.path)
    )
    first = "Invalid field data" if genai else REASON
    assert message.startswith(f"DataRobot returned {status} for {method} {path.removeprefix('/api/v2/')}: {first}\n")
    assert "\n  theField: is wrong\n" in message
    assert genai or "\n  nested.other: one; two\n" in message
    refusals = [e for e in runner.log() if e["method"] == method and e["path"] == path and e["status"] == status]
    assert len(refusals) == 1
    assert f"\nRequest id: {refusals[0]['requestId']}" in message
    assert runner.store.values == {}


@pytest.mark.parametrize(("name", "status"), [(name, status) for name, status in LISTED if "vector" in name])
def test_the_genai_family_may_also_answer_with_a_sentence(runner, run, name, status):
    refuse(runner, name, status, {"detail": REASON})
    assert f": {REASON}\n" in run(name)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_wrong_token_is_told_so(runner, run, name):
    runner.connect("a-token-that-nobody-knows")
    message = run(name)
    assert "returned 401" in message
    assert "Invalid Authorization header" in message
    assert "set a valid API token as the password of the Airflow connection" in message
    assert "a-token-that-nobody-knows" not in message
    assert TOKEN not in message


@pytest.mark.parametrize("name", CHANGING)
def test_a_user_who_may_only_read_is_told_so(runner, run, name):
    runner.emulator.control("POST", "tokens", {"token": READER, "readOnly": True})
    runner.connect(READER)
    nothing_yet(runner, name)
    message = run(name)
    assert f"returned 403 for {PUBLISHED[name].method}" in message
    assert "You do not have permission to perform this action." in message
    assert READER not in message


@pytest.mark.parametrize("name", UPDATES)
def test_a_change_of_nothing_is_refused_before_it_is_sent(runner, run, name):
    task, given = CASES[name]
    unset = {field: None for field in given if field in task.api_fields}
    message = run(name, **unset)
    assert message.startswith("There is nothing to change: give at least one of ")
    assert all(field in message for field in task.api_fields)
    assert runner.received == []


def test_every_operation_is_a_case_and_every_update_is_among_them():
    assert set(CASES) == set(PUBLISHED)
    assert set(UPDATES) == {
        "update_custom_model",
        "update_custom_model_version",
        "update_guard_configuration",
        "update_vector_database_validation",
    }
