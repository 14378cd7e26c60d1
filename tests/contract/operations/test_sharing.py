"""Access to a custom model, and the legacy training data of a model."""

from __future__ import annotations

import json

import pytest

from datarobot_provider.operators.access_control import GetCustomModelAccessOperator, ShareCustomModelOperator
from datarobot_provider.operators.training_data import AssignTrainingDataOperator
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.contract.operations.register import covers
from tests.contract.operations.test_custom_models import version_id
from tests.support.emulator import DATASET
from tests.support.life_cycle import create_model
from tests.support.task_runner import WAIT

BOTH_MODES = pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "trigger"])
OWNER, REVIEWER, OPERATOR = (f"{name}@example.com" for name in ("emulator", "reviewer", "operator"))


def roles(runner, model, **arguments):
    entries = runner.run(GetCustomModelAccessOperator, custom_model_id=model, **arguments)
    return [(entry["username"], entry["role"], entry["canShare"]) for entry in entries]


@covers("update_custom_model_access", "list_custom_model_access")
def test_share_change_and_revoke(runner):
    model = create_model(runner)
    assert roles(runner, model) == [(OWNER, "OWNER", True)]
    arguments = [
        {"username": REVIEWER, "role": "EDITOR", "canShare": False},
        {"username": OPERATOR, "role": "CONSUMER", "canShare": False},
    ]
    assert runner.run(ShareCustomModelOperator, custom_model_id=model, roles=arguments) is None
    assert roles(runner, model) == [(OWNER, "OWNER", True), (REVIEWER, "EDITOR", False), (OPERATOR, "CONSUMER", False)]
    assert roles(runner, model, limit="2") == [(OWNER, "OWNER", True), (REVIEWER, "EDITOR", False)]
    guard_arguments = json.dumps([{"username": REVIEWER, "role": None}, {"username": OPERATOR, "role": "OWNER"}])
    runner.run(ShareCustomModelOperator, custom_model_id=model, roles=guard_arguments)
    assert [who for who, _, _ in roles(runner, model)] == [OWNER, OPERATOR]
    assert [json.loads(body) for body in runner.bodies("PATCH", f"customModels/{model}/accessControl/")] == [
        {"data": arguments},
        {"data": json.loads(guard_arguments)},
    ]


@covers("list_custom_model_access")
def test_access_of_several_pages(runner):
    model = create_model(runner)
    entries = [{"username": f"u{n}", "userId": "b" * 24, "role": "OWNER", "canShare": True} for n in range(150)]
    path = f"/customModels/{model}/accessControl/"
    pages = [
        (entries[:100], f"{runner.origin}/api/v2{path}?offset=100&limit=100"),
        (entries[100:], None),
    ]
    for shown, following in pages:
        body = {"count": len(shown), "next": following, "previous": None, "data": shown}
        runner.emulator.control("POST", "faults", {"method": "GET", "path": path, "status": 200, "body": body})
    found = runner.run(GetCustomModelAccessOperator, custom_model_id=model)
    assert [entry["username"] for entry in found] == [f"u{n}" for n in range(150)]


def test_a_model_must_have_an_owner(runner):
    model = create_model(runner)
    with pytest.raises(AirflowFailException, match="without an owner"):
        runner.run(ShareCustomModelOperator, custom_model_id=model, roles=[{"username": OWNER, "role": None}])
    with pytest.raises(AirflowFailException, match=r"data\.0\.username: There is no such user\."):
        runner.run(
            ShareCustomModelOperator, custom_model_id=model, roles=[{"username": "x@y.example", "role": "OWNER"}]
        )
    assert roles(runner, model) == [(OWNER, "OWNER", True)]


def untrained(runner):
    return create_model(runner, is_training_data_for_versions_permanently_enabled=None)


@BOTH_MODES
@covers("assign_custom_model_training_data", "get_job_status")
def test_assign_training_data(runner, deferrable):
    model = untrained(runner)
    version = version_id(runner, "datasets", DATASET)
    seen = runner.run(
        AssignTrainingDataOperator,
        custom_model_id=model,
        dataset_id=DATASET,
        dataset_version_id=version,
        partition_column="sex",
        deferrable=deferrable,
        **WAIT,
    )
    assert (seen["id"], seen["trainingDatasetId"], seen["trainingDatasetVersionId"]) == (model, DATASET, version)
    assert (seen["trainingDataPartitionColumn"], seen["trainingDataAssignmentInProgress"]) == ("sex", False)
    (body,) = runner.bodies("PATCH", f"customModels/{model}/trainingData/")
    assert json.loads(body) == {"datasetId": DATASET, "datasetVersionId": version, "partitionColumn": "sex"}


@covers("assign_custom_model_training_data")
def test_assign_training_data_without_waiting(runner):
    model = untrained(runner)
    arguments = {"custom_model_id": model, "dataset_id": DATASET}
    assert runner.run(AssignTrainingDataOperator, **arguments, wait_for_completion=False) == model
    assert runner.ti.xcoms["datarobot_id"] == model


@BOTH_MODES
def test_training_data_that_cannot_be_assigned(runner, deferrable):
    outcome = {"kind": "training_data", "outcome": "failed", "message": "the file is empty"}
    runner.emulator.control("POST", "outcomes", outcome)
    with pytest.raises(AirflowException, match="the file is empty"):
        runner.run(
            AssignTrainingDataOperator,
            custom_model_id=untrained(runner),
            dataset_id=DATASET,
            deferrable=deferrable,
            **WAIT,
        )
