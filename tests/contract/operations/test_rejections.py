"""Every rejection that the contract lists for an operation is reported with the server's message, and not retried."""

from __future__ import annotations

import re

import pytest

from datarobot_provider.core.request_operators import UpdateOperator
from datarobot_provider.version_compat import AirflowFailException
from tests.contract.operations.cases import CASES, PLACEHOLDER
from tests.contract.operations.responses import PUBLISHED
from tests.contract.provider.conftest import READER, TOKEN

REASON = "A reason from the server."
LISTED = [
    (name, int(status))
    for name, operation in PUBLISHED.items()
    for status in operation.spec["responses"]
    if status.startswith("4")
]
CHANGING = [name for name, operation in PUBLISHED.items() if operation.method != "GET"]
#: The operations that read the deployment first, and the responses to these requests.
DEPLOYMENT_CHANGES = {"update_deployment_status", "replace_model"}
DEPLOYED = {
    "/deployments/p/$": {"status": "active", "modelPackage": {"id": "another"}},
    "/model/validation/$": {"status": "passing", "checks": {}},
}
UPDATES = [name for name, (task, _) in CASES.items() if issubclass(task, UpdateOperator)]


@pytest.fixture
def run(runner, tmp_path):
    """Return a function that runs an operation that is rejected, and returns the error message."""

    def run_rejected(name, /, **changed):
        task, arguments = CASES[name]
        folder = tmp_path / "model"
        folder.mkdir(exist_ok=True)
        (folder / "custom.py").write_text("", encoding="utf-8")
        (tmp_path / "table.csv").write_text("age,price\n1,10\n", encoding="utf-8")
        paths = {"folder": str(folder), "file": str(tmp_path / "table.csv"), "target": str(tmp_path / "download")}
        arguments = {key: paths[key] if value is PLACEHOLDER else value for key, value in arguments.items()}
        with pytest.raises(AirflowFailException) as caught:
            runner.run(task, **{**arguments, **changed})
        assert not (tmp_path / "download").exists()
        return str(caught.value)

    return run_rejected


def where(name):
    """Return the pattern of an operation's path, and its method."""
    operation = PUBLISHED[name]
    pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(operation.path))
    return {"method": operation.method, "path": f"^{pattern}$"}


def reject(runner, name, status, body):
    runner.emulator.control("POST", "faults", {**where(name), "status": status, "body": body, "times": None})
    respond_without_resources(runner, name)
    if name == "download_pps_image":
        runner.emulator.control("POST", "image", {"size": 1, "redirect": False})
    if name == "start_dependency_build":
        # After a rejected build, the operator requests the version.
        found = {"dependencies": [{"line": "numpy"}]}
        runner.emulator.control("POST", "faults", {"path": "/versions/v/$", "status": 200, "body": found})
    if name == "assign_custom_model_training_data":
        # After a rejected assignment, the operator checks whether another one is in progress.
        found = {"trainingDataAssignmentInProgress": False}
        poll = {"method": "GET", "path": "/customModels/m/$", "status": 200, "body": found}
        runner.emulator.control("POST", "faults", poll)


def respond_without_resources(runner, name):
    """Respond with empty lists to the requests that search for existing resources."""
    if PUBLISHED[name].method != "GET":
        polls = {"method": "GET", "path": r"/(versions|conversions|guardConfigurations|challengers)/$"}
        nothing = {"data": [], "count": 0, "totalCount": 0, "next": None, "previous": None}
        runner.emulator.control("POST", "faults", {**polls, "status": 200, "body": nothing, "times": None})
    for path, body in DEPLOYED.items() if name in DEPLOYMENT_CHANGES else ():
        runner.emulator.control("POST", "faults", {"path": path, "status": 200, "body": body})


@pytest.mark.parametrize(("name", "status"), LISTED)
def test_a_rejection_contains_the_details_of_the_server(runner, run, name, status):
    genai = "/genai/" in PUBLISHED[name].path
    located = [{"loc": ["body", "theField"], "msg": "is wrong", "type": "value_error"}]
    public = {"message": REASON, "errors": {"theField": "is wrong", "nested": {"other": ["one", "two"]}}}
    reject(runner, name, status, {"detail": located} if genai else public)
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
def test_a_genai_rejection_may_contain_a_string(runner, run, name, status):
    reject(runner, name, status, {"detail": REASON})
    assert f": {REASON}\n" in run(name)


@pytest.mark.parametrize("name", PUBLISHED)
def test_an_invalid_token_is_reported(runner, run, name):
    runner.connect("an-invalid-token")
    message = run(name)
    assert "returned 401" in message
    assert "Invalid Authorization header" in message
    assert "set a valid API token as the password of the Airflow connection" in message
    assert "an-invalid-token" not in message
    assert TOKEN not in message


@pytest.mark.parametrize("name", CHANGING)
def test_a_read_only_user_is_reported(runner, run, name):
    runner.emulator.control("POST", "tokens", {"token": READER, "readOnly": True})
    runner.connect(READER)
    respond_without_resources(runner, name)
    message = run(name)
    assert f"returned 403 for {PUBLISHED[name].method}" in message
    assert "You do not have permission to perform this action." in message
    assert READER not in message


@pytest.mark.parametrize("name", UPDATES)
def test_an_empty_update_is_rejected_before_any_request(runner, run, name):
    task, arguments = CASES[name]
    unset = {field: None for field in arguments if field in task.api_fields}
    message = run(name, **unset)
    assert message.startswith("There is nothing to change: give at least one of ")
    assert all(field in message for field in task.api_fields)
    assert runner.received == []


def test_every_operation_and_update_is_a_case():
    assert set(CASES) == set(PUBLISHED)
    assert set(UPDATES) == {
        "update_custom_model",
        "update_custom_model_version",
        "update_dataset",
        "update_deployment",
        "update_execution_environment",
        "update_guard_configuration",
        "update_registered_model",
        "update_use_case",
        "update_vector_database_validation",
    }
