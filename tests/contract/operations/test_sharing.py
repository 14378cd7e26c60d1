"""Who may use a custom model, and its training data of old."""

from __future__ import annotations

import json

import pytest

from datarobot_provider.operators.access_control import GetCustomModelAccessOperator, ShareCustomModelOperator
from datarobot_provider.operators.training_data import AssignTrainingDataOperator
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.contract.operations.register import covers
from tests.contract.operations.test_custom_models import version_id
from tests.contract.provider.conftest import PATIENT
from tests.support.emulator import DATASET
from tests.support.life_cycle import make_model

BOTH_MODES = pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "trigger"])
OWNER, REVIEWER, OPERATOR = (f"{name}@example.com" for name in ("emulator", "reviewer", "operator"))


def roles(stage, model, **given):
    entries = stage.run(GetCustomModelAccessOperator, custom_model_id=model, **given)
    return [(entry["username"], entry["role"], entry["canShare"]) for entry in entries]


@covers("update_custom_model_access", "list_custom_model_access")
def test_share_change_and_take_away(stage):
    model = make_model(stage)
    assert roles(stage, model) == [(OWNER, "OWNER", True)]
    given = [
        {"username": REVIEWER, "role": "EDITOR", "canShare": False},
        {"username": OPERATOR, "role": "CONSUMER", "canShare": False},
    ]
    assert stage.run(ShareCustomModelOperator, custom_model_id=model, roles=given) is None
    assert roles(stage, model) == [(OWNER, "OWNER", True), (REVIEWER, "EDITOR", False), (OPERATOR, "CONSUMER", False)]
    assert roles(stage, model, limit="2") == [(OWNER, "OWNER", True), (REVIEWER, "EDITOR", False)]
    taken = json.dumps([{"username": REVIEWER, "role": None}, {"username": OPERATOR, "role": "OWNER"}])
    stage.run(ShareCustomModelOperator, custom_model_id=model, roles=taken)
    assert [who for who, _, _ in roles(stage, model)] == [OWNER, OPERATOR]
    assert [json.loads(body) for body in stage.bodies("PATCH", f"customModels/{model}/accessControl/")] == [
        {"data": given},
        {"data": json.loads(taken)},
    ]


@covers("list_custom_model_access")
def test_access_of_several_pages(stage):
    model = make_model(stage)
    entries = [{"username": f"u{n}", "userId": "b" * 24, "role": "OWNER", "canShare": True} for n in range(150)]
    path = f"/customModels/{model}/accessControl/"
    pages = [
        (entries[:100], f"{stage.origin}/api/v2{path}?offset=100&limit=100"),
        (entries[100:], None),
    ]
    for shown, following in pages:
        body = {"count": len(shown), "next": following, "previous": None, "data": shown}
        stage.emulator.control("POST", "faults", {"method": "GET", "path": path, "status": 200, "body": body})
    found = stage.run(GetCustomModelAccessOperator, custom_model_id=model)
    assert [entry["username"] for entry in found] == [f"u{n}" for n in range(150)]


def test_somebody_has_to_own_it(stage):
    model = make_model(stage)
    with pytest.raises(AirflowFailException, match="without an owner"):
        stage.run(ShareCustomModelOperator, custom_model_id=model, roles=[{"username": OWNER, "role": None}])
    with pytest.raises(AirflowFailException, match=r"data\.0\.username: There is no such user\."):
        stage.run(ShareCustomModelOperator, custom_model_id=model, roles=[{"username": "x@y.example", "role": "OWNER"}])
    assert roles(stage, model) == [(OWNER, "OWNER", True)]


def untrained(stage):
    return make_model(stage, is_training_data_for_versions_permanently_enabled=None)


@BOTH_MODES
@covers("assign_custom_model_training_data", "get_job_status")
def test_assign_training_data(stage, deferrable):
    model = untrained(stage)
    version = version_id(stage, "datasets", DATASET)
    seen = stage.run(
        AssignTrainingDataOperator,
        custom_model_id=model,
        dataset_id=DATASET,
        dataset_version_id=version,
        partition_column="sex",
        deferrable=deferrable,
        **PATIENT,
    )
    assert (seen["id"], seen["trainingDatasetId"], seen["trainingDatasetVersionId"]) == (model, DATASET, version)
    assert (seen["trainingDataPartitionColumn"], seen["trainingDataAssignmentInProgress"]) == ("sex", False)
    (body,) = stage.bodies("PATCH", f"customModels/{model}/trainingData/")
    assert json.loads(body) == {"datasetId": DATASET, "datasetVersionId": version, "partitionColumn": "sex"}


@covers("assign_custom_model_training_data")
def test_assign_training_data_without_waiting(stage):
    model = untrained(stage)
    given = {"custom_model_id": model, "dataset_id": DATASET}
    assert stage.run(AssignTrainingDataOperator, **given, wait_for_completion=False) == model
    assert stage.ti.xcoms["datarobot_id"] == model


@BOTH_MODES
def test_training_data_that_cannot_be_assigned(stage, deferrable):
    outcome = {"kind": "training_data", "outcome": "failed", "message": "the file is empty"}
    stage.emulator.control("POST", "outcomes", outcome)
    with pytest.raises(AirflowException, match="the file is empty"):
        stage.run(
            AssignTrainingDataOperator,
            custom_model_id=untrained(stage),
            dataset_id=DATASET,
            deferrable=deferrable,
            **PATIENT,
        )
