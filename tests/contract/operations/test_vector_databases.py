"""Validations of vector databases: start, wait, look, list, change, repeat, delete."""

from __future__ import annotations

import json

import pytest

from datarobot_provider.core.arguments.converters import camel_case
from datarobot_provider.operators.vector_databases import (
    DeleteVectorDatabaseValidationOperator,
    GetVectorDatabaseValidationOperator,
    ListVectorDatabaseValidationsOperator,
    RevalidateVectorDatabaseOperator,
    UpdateVectorDatabaseValidationOperator,
    ValidateVectorDatabaseOperator,
)
from datarobot_provider.sensors.status import DataRobotStatusSensor
from datarobot_provider.sensors.vector_databases import VectorDatabaseValidationSensor
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.contract.operations.register import covers
from tests.contract.operations.test_custom_models import queries
from tests.contract.provider.conftest import PATIENT
from tests.support.emulator import DEPLOYMENT

BOTH_MODES = pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "trigger"])
VALIDATION = {"deployment_id": DEPLOYMENT, "prompt_column_name": "promptText", "target_column_name": "relevant"}
PATH = "genai/customModelVectorDatabaseValidations/"


def outcome(stage, what, **more):
    stage.emulator.control("POST", "outcomes", {"kind": "vector_database_validation", "outcome": what, **more})


def started(stage, **given):
    """Start a validation that passes at once, or one with another fate that was ordered before; return its id."""
    return stage.run(ValidateVectorDatabaseOperator, **{**VALIDATION, **given}, wait_for_completion=False)


@BOTH_MODES
@covers("create_vector_database_validation", "get_vector_database_validation")
def test_validate_and_get(stage, deferrable):
    given = {"name": "Handbook", "use_case_id": "case", "prediction_timeout": "20"}
    seen = stage.run(ValidateVectorDatabaseOperator, **VALIDATION, **given, deferrable=deferrable, **PATIENT)
    assert (seen["validationStatus"], seen["name"], seen["useCaseId"]) == ("PASSED", "Handbook", "case")
    assert (seen["deploymentId"], seen["predictionTimeout"]) == (DEPLOYMENT, 20)
    assert stage.run(GetVectorDatabaseValidationOperator, validation_id=seen["id"]) == seen
    assert stage.ti.xcoms["_link_DeploymentLink"].endswith(f"/deployments/{DEPLOYMENT}/overview")
    (body,) = stage.bodies("POST", PATH)
    assert json.loads(body) == {
        "deploymentId": DEPLOYMENT,
        "promptColumnName": "promptText",
        "targetColumnName": "relevant",
        "useCaseId": "case",
        "name": "Handbook",
        "predictionTimeout": 20,
    }


@BOTH_MODES
@covers("get_vector_database_validation")
def test_sensors(stage, deferrable):
    validation = started(stage)
    how = {"deferrable": deferrable, "poke_interval": 0.05, "timeout": 60}
    seen = stage.run(VectorDatabaseValidationSensor, validation_id=validation, **how)
    assert (seen["id"], seen["validationStatus"]) == (validation, "PASSED")
    status = stage.emulator.control("GET", "jobs")["data"][0]["ids"]["statusId"]
    assert stage.run(DataRobotStatusSensor, status=status, genai=True, **how).endswith(f"{PATH}{validation}/")


@BOTH_MODES
def test_a_deployment_that_is_no_vector_database(stage, deferrable):
    with pytest.raises(AirflowException, match="does not comply with the expected format"):
        stage.run(
            ValidateVectorDatabaseOperator,
            **{**VALIDATION, "prompt_column_name": "question"},
            deferrable=deferrable,
            **PATIENT,
        )


@covers("list_vector_database_validations")
def test_list_filters(stage):
    other = stage.emulator.control("POST", "deployments", {"label": "Archive", "columns": ["q", "a"]})
    outcome(stage, "stuck")
    handbook = started(stage, name="Handbook", use_case_id="one")
    outcome(stage, "succeeded", seconds=0)
    archive = started(
        stage,
        deployment_id=other["id"],
        prompt_column_name="q",
        target_column_name="a",
        name="An archive",
        use_case_id="two",
        model_id=other["modelId"],
    )
    stage.seen.clear()

    def listed(**filters):
        return [row["id"] for row in stage.run(ListVectorDatabaseValidationsOperator, **filters)]

    assert listed() == [archive, handbook]
    assert listed(use_case_id="one") == [handbook]
    assert listed(search="hand") == [handbook]
    assert listed(sort="-name") == [handbook, archive]
    assert listed(sort="creationDate") == [handbook, archive]
    assert listed(completed_only="true") == [archive]
    assert listed(deployment_id=DEPLOYMENT) == [handbook]
    assert listed(model_id=other["modelId"]) == [archive]
    assert listed(prompt_column_name="q", target_column_name="a") == [archive]
    assert listed(target_column_name="relevant") == [handbook]
    assert listed(playground_id="p", limit=1) == [archive]
    page = {"offset": "0", "limit": "100"}
    assert queries(stage, PATH) == [
        page,
        {**page, "useCaseId": "one"},
        {**page, "search": "hand"},
        {**page, "sort": "-name"},
        {**page, "sort": "creationDate"},
        {**page, "completedOnly": "true"},
        {**page, "deploymentId": DEPLOYMENT},
        {**page, "modelId": other["modelId"]},
        {**page, "promptColumnName": "q", "targetColumnName": "a"},
        {**page, "targetColumnName": "relevant"},
        {"offset": "0", "limit": "1", "playgroundId": "p"},
    ]


@covers("list_vector_database_validations")
def test_a_list_of_several_pages(stage):
    body = {camel_case(name): value for name, value in VALIDATION.items()}
    made = [stage.send("POST", PATH, **body, name=f"n{n}")["id"] for n in range(101)]
    stage.seen.clear()
    found = stage.run(ListVectorDatabaseValidationsOperator)
    assert [row["id"] for row in found] == made[::-1]
    assert [query["offset"] for query in queries(stage, PATH)] == ["0", "100"]


@covers("update_vector_database_validation")
def test_update(stage):
    other = stage.emulator.control("POST", "deployments", {"label": "Archive", "columns": ["q", "a"]})
    validation = stage.run(ValidateVectorDatabaseOperator, **VALIDATION, **PATIENT)["id"]
    given = {
        "name": "Archive",
        "deployment_id": other["id"],
        "model_id": other["modelId"],
        "prompt_column_name": "q",
        "target_column_name": "a",
        "prediction_timeout": "30",
    }
    changed = stage.run(UpdateVectorDatabaseValidationOperator, validation_id=validation, **given)
    assert (changed["id"], changed["name"], changed["deploymentId"]) == (validation, "Archive", other["id"])
    assert (changed["predictionTimeout"], changed["validationStatus"]) == (30, "TESTING")
    (body,) = stage.bodies("PATCH", f"{PATH}{validation}/")
    assert json.loads(body) == {
        "name": "Archive",
        "deploymentId": other["id"],
        "modelId": other["modelId"],
        "promptColumnName": "q",
        "targetColumnName": "a",
        "predictionTimeout": 30,
    }
    seen = stage.run(VectorDatabaseValidationSensor, validation_id=validation, poke_interval=0.05, timeout=60)
    assert (seen["validationStatus"], seen["name"]) == ("PASSED", "Archive")


@BOTH_MODES
@covers("revalidate_vector_database", "get_vector_database_validation")
def test_revalidate(stage, deferrable):
    validation = stage.run(ValidateVectorDatabaseOperator, **VALIDATION, **PATIENT)["id"]
    given = {"validation_id": validation, "deferrable": deferrable, **PATIENT}
    again = stage.run(RevalidateVectorDatabaseOperator, **given)
    assert (again["id"], again["validationStatus"]) == (validation, "PASSED")
    assert stage.bodies("POST", f"{PATH}{validation}/revalidate/") == [b""]
    outcome(stage, "failed", message="Unknown vector database error occurred")
    with pytest.raises(AirflowException, match="Unknown vector database error occurred"):
        stage.run(RevalidateVectorDatabaseOperator, **given)


@covers("revalidate_vector_database")
def test_revalidate_without_waiting(stage):
    validation = stage.run(ValidateVectorDatabaseOperator, **VALIDATION, **PATIENT)["id"]
    given = {"validation_id": validation, "wait_for_completion": False}
    assert stage.run(RevalidateVectorDatabaseOperator, **given) == validation


@covers("delete_vector_database_validation")
def test_delete_and_delete_again(stage):
    validation = started(stage)
    assert stage.run(DeleteVectorDatabaseValidationOperator, validation_id=validation) is None
    assert stage.run(ListVectorDatabaseValidationsOperator) == []
    with pytest.raises(AirflowFailException, match="returned 404 for DELETE"):
        stage.run(DeleteVectorDatabaseValidationOperator, validation_id=validation)
    given = {"validation_id": validation, "ignore_if_missing": True}
    assert stage.run(DeleteVectorDatabaseValidationOperator, **given) is None
