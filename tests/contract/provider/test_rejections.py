"""Every rejection that the contract lists for an operator is reported with the server's message, and not retried."""

from __future__ import annotations

import pytest

from datarobot_provider.operators.custom_models import CreateCustomModelOperator
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.feature_impact import ComputeFeatureImpactOperator
from datarobot_provider.operators.guard_configurations import ApplyGuardConfigOperator
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.operators.vector_databases import ValidateVectorDatabaseOperator
from datarobot_provider.operators.versions import CreateVersionOperator
from datarobot_provider.version_compat import AirflowFailException
from tests.contract.provider.conftest import READER, TOKEN
from tests.contract.provider.openapi import operation
from tests.contract.provider.test_arguments import ROUTES
from tests.support.emulator import DATASET, DEPLOYMENT, ENVIRONMENT, GUARD
from tests.support.life_cycle import create_model, create_version

UNKNOWN_ID = "0" * 24
VALIDATION = {"deployment_id": DEPLOYMENT, "prompt_column_name": "promptText", "target_column_name": "relevant"}


def prepare(runner, folder, task):
    """Create the resources that a task requires; return valid arguments."""
    if task is CreateCustomModelOperator:
        return {"name": "Prices", "target_type": "Unstructured"}
    if task is ValidateVectorDatabaseOperator:
        return dict(VALIDATION)
    model = create_model(runner)
    if task is CreateVersionOperator:
        return {"custom_model_id": model, "folder": str(folder), "base_environment_id": ENVIRONMENT}
    version = create_version(runner, model, folder, trained=task is ComputeFeatureImpactOperator)
    if task is ApplyGuardConfigOperator:
        return {"custom_model_id": model, "guards": [GUARD]}
    ids = {"custom_model_id": model, "custom_model_version_id": version}
    return {**ids, "dataset_id": DATASET} if task is RunModelTestOperator else ids


#: (operator, status, changed arguments, expected part of the message)
REJECTIONS = [
    (CreateCustomModelOperator, 422, {"target_type": "Nonsense"}, "targetType: must be one of"),
    (CreateCustomModelOperator, 422, {"replicas": 99}, "replicas: must be at most 8"),
    (CreateVersionOperator, 404, {"custom_model_id": UNKNOWN_ID}, "Not Found"),
    (CreateVersionOperator, 422, {"base_environment_id": UNKNOWN_ID}, "baseEnvironmentId"),
    (CreateVersionOperator, 422, {"maximum_memory": 1}, "maximumMemory: must be at least 134217728"),
    (CreateVersionOperator, 422, {"training_data": {"colour": "blue"}}, "trainingData: colour is not an allowed key"),
    (StartDependencyBuildOperator, 404, {"custom_model_version_id": UNKNOWN_ID}, "Not Found"),
    (RunModelTestOperator, 404, {"custom_model_version_id": UNKNOWN_ID}, "Not Found"),
    (RunModelTestOperator, 422, {}, "have to be built before"),
    (
        RunModelTestOperator,
        422,
        {"configuration": {"errorCheck": "perhaps"}},
        "configuration.errorCheck: must be one of",
    ),
    (ComputeFeatureImpactOperator, 404, {"custom_model_id": UNKNOWN_ID}, "Not Found"),
    (ComputeFeatureImpactOperator, 422, {"row_count": 5}, "rowCount: must be at least 10"),
    (ValidateVectorDatabaseOperator, 422, {"deployment_id": UNKNOWN_ID}, "deploymentId: Deployment not found"),
    (ValidateVectorDatabaseOperator, 422, {"prediction_timeout": 0}, "predictionTimeout: must be"),
    (ApplyGuardConfigOperator, 404, {"custom_model_id": UNKNOWN_ID}, "Not Found"),
    (ApplyGuardConfigOperator, 404, {"guards": [{**GUARD, "deploymentId": UNKNOWN_ID}]}, "Deployment not found"),
    (ApplyGuardConfigOperator, 409, {"guards": [GUARD, GUARD]}, "need different names"),
    (ApplyGuardConfigOperator, 422, {"guards": [{"name": "x"}]}, "data.0.type: this field is required"),
    (
        ApplyGuardConfigOperator,
        422,
        {"overall_config": {"timeoutSec": 0}},
        "overallConfig.timeoutSec: must be at least 2",
    ),
]


def ids(value):
    return value.__name__ if isinstance(value, type) else str(value) if isinstance(value, int) else None


def run_rejected(runner, task, arguments):
    """Run an operator that is rejected; return the error message."""
    runner.received.clear()
    with pytest.raises(AirflowFailException) as caught:
        runner.run(task, **arguments)
    message = str(caught.value)
    assert TOKEN not in message
    assert READER not in message
    return message


def check(runner, message, status, expected):
    """Check that the message contains the server's message, and that the request was sent once.

    The rejected request may also be the GET that searches for existing resources.
    """
    method, path = next(
        ((e.method, e.path) for e in runner.received if e.method != "GET"), ("GET", runner.received[-1].path)
    )
    (entry,) = [entry for entry in runner.log() if entry["method"] == method and entry["status"] == status]
    assert message.startswith(f"DataRobot returned {status} for {method} {path.removeprefix('/api/v2/')}: ")
    assert expected in message
    assert f"Request id: {entry['requestId']}" in message
    assert runner.store.values == {}


@pytest.mark.parametrize(("task", "status", "changed", "expected"), REJECTIONS, ids=ids)
def test_a_rejection_contains_the_message_of_the_server(runner, model_folder, task, status, changed, expected):
    arguments = prepare(runner, model_folder, task)
    check(runner, run_rejected(runner, task, {**arguments, **changed}), status, expected)


def test_a_rejected_feature_impact_without_training_data(runner, model_folder):
    model = create_model(runner)
    arguments = {"custom_model_id": model, "custom_model_version_id": create_version(runner, model, model_folder)}
    check(runner, run_rejected(runner, ComputeFeatureImpactOperator, arguments), 422, "Training data is not assigned")


def test_a_frozen_version_accepts_no_guards(runner, model_folder):
    model = create_model(runner)
    version = create_version(runner, model, model_folder)
    runner.emulator.control("POST", "deployments", {"label": "live", "modelId": version})
    message = run_rejected(runner, ApplyGuardConfigOperator, {"custom_model_id": model, "guards": [GUARD]})
    check(runner, message, 409, "is frozen")


@pytest.mark.parametrize("task", ROUTES, ids=ids)
def test_a_read_only_user_is_reported(runner, model_folder, task):
    arguments = prepare(runner, model_folder, task)
    runner.emulator.control("POST", "tokens", {"token": READER, "readOnly": True})
    runner.connect(READER)
    message = run_rejected(runner, task, arguments)
    check(runner, message, 403, "You do not have permission to perform this action.")
    assert "What to do: request the permission in DataRobot" in message


@pytest.mark.parametrize("task", ROUTES, ids=ids)
def test_an_invalid_token_is_reported(runner, model_folder, task):
    arguments = prepare(runner, model_folder, task)
    runner.connect("an-invalid-token")
    message = run_rejected(runner, task, arguments)
    check(runner, message, 401, "Invalid Authorization header")
    assert "an-invalid-token" not in message
    assert "API token: the password of the Airflow connection 'datarobot_default'" in message
    assert "What to do: set a valid API token as the password of the Airflow connection." in message


@pytest.mark.parametrize("from_latest", [False, True])
def test_a_too_large_upload_is_reported_and_not_sent_again(runner, model_folder, from_latest):
    arguments = prepare(runner, model_folder, CreateVersionOperator)
    create_version(runner, arguments["custom_model_id"], model_folder)
    body = {"message": "The files are too large.", "errors": {"file": "at most 10 GB"}}
    fault = {"method": "PATCH" if from_latest else "POST", "path": "/versions/$", "status": 413, "body": body}
    runner.emulator.control("POST", "faults", fault)
    message = run_rejected(runner, CreateVersionOperator, {**arguments, "from_latest": from_latest})
    check(runner, message, 413, "The files are too large.")
    assert "file: at most 10 GB" in message


def test_every_rejection_of_the_contract_is_tested():
    tested = {(task, status) for task, status, _, _ in REJECTIONS} | {
        (ApplyGuardConfigOperator, 409),
        (CreateVersionOperator, 413),
    }
    tested |= {(task, 403) for task in ROUTES} | {(ComputeFeatureImpactOperator, 422)}
    listed = {
        (task, int(status))
        for task, routes in ROUTES.items()
        for route in routes
        for status in operation(*route).spec["responses"]
        if status >= "400"
    }
    assert listed - tested == {(StartDependencyBuildOperator, 422)}


@pytest.mark.parametrize("state", ["not started", "failed"])
def test_after_a_rejected_build_the_existing_build_is_reported(runner, model_folder, state):
    arguments = prepare(runner, model_folder, StartDependencyBuildOperator)
    build = (
        f"customModels/{arguments['custom_model_id']}/versions/{arguments['custom_model_version_id']}/dependencyBuild/"
    )
    if state == "failed":
        runner.emulator.control("POST", "outcomes", {"kind": "dependency_build", "outcome": "failed", "seconds": 0})
        assert "The dependency build failed" in run_rejected(runner, StartDependencyBuildOperator, arguments)
        assert "The dependency build failed" in run_rejected(runner, StartDependencyBuildOperator, arguments)
        assert len(runner.bodies("POST", build)) == 1
    else:
        runner.emulator.control(
            "POST",
            "faults",
            {"method": "POST", "path": "dependencyBuild", "status": 422, "body": {"message": "frozen"}},
        )
        check(runner, run_rejected(runner, StartDependencyBuildOperator, arguments), 422, "frozen")
