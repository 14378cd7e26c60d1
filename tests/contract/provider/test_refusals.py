"""Every refusal that the contract lists for an operator comes out with the server's words, and is not retried."""

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

NOWHERE = "0" * 24
VALIDATION = {"deployment_id": DEPLOYMENT, "prompt_column_name": "promptText", "target_column_name": "relevant"}


def prepare(runner, folder, task):
    """Create what the task needs; return arguments with which it succeeds."""
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


#: What makes the server refuse, and which words it has for it: (operator, status, changed arguments, words).
REFUSALS = [
    (CreateCustomModelOperator, 422, {"target_type": "Nonsense"}, "targetType: must be one of"),
    (CreateCustomModelOperator, 422, {"replicas": 99}, "replicas: must be at most 8"),
    (CreateVersionOperator, 404, {"custom_model_id": NOWHERE}, "Not Found"),
    (CreateVersionOperator, 422, {"base_environment_id": NOWHERE}, "baseEnvironmentId"),
    (CreateVersionOperator, 422, {"maximum_memory": 1}, "maximumMemory: must be at least 134217728"),
    (CreateVersionOperator, 422, {"training_data": {"colour": "blue"}}, "trainingData: colour is not an allowed key"),
    (StartDependencyBuildOperator, 404, {"custom_model_version_id": NOWHERE}, "Not Found"),
    (RunModelTestOperator, 404, {"custom_model_version_id": NOWHERE}, "Not Found"),
    (RunModelTestOperator, 422, {}, "have to be built before"),
    (
        RunModelTestOperator,
        422,
        {"configuration": {"errorCheck": "perhaps"}},
        "configuration.errorCheck: must be one of",
    ),
    (ComputeFeatureImpactOperator, 404, {"custom_model_id": NOWHERE}, "Not Found"),
    (ComputeFeatureImpactOperator, 422, {"row_count": 5}, "rowCount: must be at least 10"),
    (ValidateVectorDatabaseOperator, 422, {"deployment_id": NOWHERE}, "deploymentId: Deployment not found"),
    (ValidateVectorDatabaseOperator, 422, {"prediction_timeout": 0}, "predictionTimeout: must be"),
    (ApplyGuardConfigOperator, 404, {"custom_model_id": NOWHERE}, "Not Found"),
    (ApplyGuardConfigOperator, 404, {"guards": [{**GUARD, "deploymentId": NOWHERE}]}, "Deployment not found"),
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


def refused(runner, task, given):
    """Run an operator that is refused; return the text of its exception."""
    runner.received.clear()
    with pytest.raises(AirflowFailException) as caught:
        runner.run(task, **given)
    message = str(caught.value)
    assert TOKEN not in message
    assert READER not in message
    return message


def check(runner, message, status, words):
    """Check that the text holds what the response said, and that the request was made once.

    The refused request may also be the GET for the state before, with the same error.
    """
    method, path = next(
        ((e.method, e.path) for e in runner.received if e.method != "GET"), ("GET", runner.received[-1].path)
    )
    (entry,) = [entry for entry in runner.log() if entry["method"] == method and entry["status"] == status]
    assert message.startswith(f"DataRobot returned {status} for {method} {path.removeprefix('/api/v2/')}: ")
    assert words in message
    assert f"Request id: {entry['requestId']}" in message
    assert runner.store.values == {}


@pytest.mark.parametrize(("task", "status", "changed", "words"), REFUSALS, ids=ids)
def test_a_rejection_quotes_the_server(runner, model_folder, task, status, changed, words):
    given = prepare(runner, model_folder, task)
    check(runner, refused(runner, task, {**given, **changed}), status, words)


def test_a_refused_feature_impact_without_training_data(runner, model_folder):
    model = create_model(runner)
    given = {"custom_model_id": model, "custom_model_version_id": create_version(runner, model, model_folder)}
    check(runner, refused(runner, ComputeFeatureImpactOperator, given), 422, "Training data is not assigned")


def test_a_frozen_version_accepts_no_guards(runner, model_folder):
    model = create_model(runner)
    version = create_version(runner, model, model_folder)
    runner.emulator.control("POST", "deployments", {"label": "live", "modelId": version})
    message = refused(runner, ApplyGuardConfigOperator, {"custom_model_id": model, "guards": [GUARD]})
    check(runner, message, 409, "is frozen")


@pytest.mark.parametrize("task", ROUTES, ids=ids)
def test_a_read_only_user_is_reported(runner, model_folder, task):
    given = prepare(runner, model_folder, task)
    runner.emulator.control("POST", "tokens", {"token": READER, "readOnly": True})
    runner.connect(READER)
    message = refused(runner, task, given)
    check(runner, message, 403, "You do not have permission to perform this action.")
    assert "What to do: request the permission in DataRobot" in message


@pytest.mark.parametrize("task", ROUTES, ids=ids)
def test_a_wrong_token_is_reported(runner, model_folder, task):
    given = prepare(runner, model_folder, task)
    runner.connect("a-token-that-nobody-knows")
    message = refused(runner, task, given)
    check(runner, message, 401, "Invalid Authorization header")
    assert "a-token-that-nobody-knows" not in message
    assert "API token: the password of the Airflow connection 'datarobot_default'" in message
    assert "What to do: set a valid API token as the password of the Airflow connection." in message


@pytest.mark.parametrize("from_latest", [False, True])
def test_a_too_large_upload_is_reported_and_not_sent_again(runner, model_folder, from_latest):
    given = prepare(runner, model_folder, CreateVersionOperator)
    create_version(runner, given["custom_model_id"], model_folder)
    body = {"message": "The files are too large.", "errors": {"file": "at most 10 GB"}}
    fault = {"method": "PATCH" if from_latest else "POST", "path": "/versions/$", "status": 413, "body": body}
    runner.emulator.control("POST", "faults", fault)
    message = refused(runner, CreateVersionOperator, {**given, "from_latest": from_latest})
    check(runner, message, 413, "The files are too large.")
    assert "file: at most 10 GB" in message


def test_every_rejection_of_the_contract_is_tested():
    tried = {(task, status) for task, status, _, _ in REFUSALS} | {
        (ApplyGuardConfigOperator, 409),
        (CreateVersionOperator, 413),
    }
    tried |= {(task, 403) for task in ROUTES} | {(ComputeFeatureImpactOperator, 422)}
    listed = {
        (task, int(status))
        for task, routes in ROUTES.items()
        for route in routes
        for status in operation(*route).spec["responses"]
        if status >= "400"
    }
    assert listed - tried == {(StartDependencyBuildOperator, 422)}


@pytest.mark.parametrize("state", ["not started", "failed"])
def test_a_rejected_build_is_answered_by_reading_the_version(runner, model_folder, state):
    given = prepare(runner, model_folder, StartDependencyBuildOperator)
    build = f"customModels/{given['custom_model_id']}/versions/{given['custom_model_version_id']}/dependencyBuild/"
    if state == "failed":
        runner.emulator.control("POST", "outcomes", {"kind": "dependency_build", "outcome": "failed", "seconds": 0})
        assert "The dependency build failed" in refused(runner, StartDependencyBuildOperator, given)
        assert "The dependency build failed" in refused(runner, StartDependencyBuildOperator, given)
        assert len(runner.bodies("POST", build)) == 1
    else:
        runner.emulator.control(
            "POST",
            "faults",
            {"method": "POST", "path": "dependencyBuild", "status": 422, "body": {"message": "frozen"}},
        )
        check(runner, refused(runner, StartDependencyBuildOperator, given), 422, "frozen")
