"""Validations of vector databases: start, wait, get, list, update, repeat, delete."""

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
from tests.support.emulator import DEPLOYMENT
from tests.support.task_runner import WAIT

BOTH_MODES = pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "trigger"])
VALIDATION = {"deployment_id": DEPLOYMENT, "prompt_column_name": "promptText", "target_column_name": "relevant"}
PATH = "genai/customModelVectorDatabaseValidations/"


def outcome(runner, what, **more):
    runner.emulator.control("POST", "outcomes", {"kind": "vector_database_validation", "outcome": what, **more})


def started(runner, **arguments):
    """Start a validation that passes immediately, unless another outcome was set before; return its id."""
    return runner.run(ValidateVectorDatabaseOperator, **{**VALIDATION, **arguments}, wait_for_completion=False)


@BOTH_MODES
@covers("create_vector_database_validation", "get_vector_database_validation")
def test_validate_and_get(runner, deferrable):
    arguments = {"name": "Handbook", "use_case_id": "case", "prediction_timeout": "20"}
    seen = runner.run(ValidateVectorDatabaseOperator, **VALIDATION, **arguments, deferrable=deferrable, **WAIT)
    assert (seen["validationStatus"], seen["name"], seen["useCaseId"]) == ("PASSED", "Handbook", "case")
    assert (seen["deploymentId"], seen["predictionTimeout"]) == (DEPLOYMENT, 20)
    assert runner.run(GetVectorDatabaseValidationOperator, validation_id=seen["id"]) == seen
    assert runner.ti.xcoms["_link_DeploymentLink"].endswith(f"/deployments/{DEPLOYMENT}/overview")
    (body,) = runner.bodies("POST", PATH)
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
def test_sensors(runner, deferrable):
    validation = started(runner)
    how = {"deferrable": deferrable, "poke_interval": 0.05, "timeout": 60}
    seen = runner.run(VectorDatabaseValidationSensor, validation_id=validation, **how)
    assert (seen["id"], seen["validationStatus"]) == (validation, "PASSED")
    status = runner.emulator.control("GET", "jobs")["data"][0]["ids"]["statusId"]
    assert runner.run(DataRobotStatusSensor, status=status, genai=True, **how).endswith(f"{PATH}{validation}/")


@BOTH_MODES
def test_a_deployment_that_is_not_a_vector_database(runner, deferrable):
    with pytest.raises(AirflowException, match="does not comply with the expected format"):
        runner.run(
            ValidateVectorDatabaseOperator,
            **{**VALIDATION, "prompt_column_name": "question"},
            deferrable=deferrable,
            **WAIT,
        )


@covers("list_vector_database_validations")
def test_list_filters(runner):
    other = runner.emulator.control("POST", "deployments", {"label": "Archive", "columns": ["q", "a"]})
    outcome(runner, "stuck")
    handbook = started(runner, name="Handbook", use_case_id="one")
    outcome(runner, "succeeded", seconds=0)
    archive = started(
        runner,
        deployment_id=other["id"],
        prompt_column_name="q",
        target_column_name="a",
        name="An archive",
        use_case_id="two",
        model_id=other["modelId"],
    )
    runner.received.clear()

    def listed(**filters):
        return [row["id"] for row in runner.run(ListVectorDatabaseValidationsOperator, **filters)]

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
    assert queries(runner, PATH) == [
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
def test_a_list_of_several_pages(runner):
    body = {camel_case(name): value for name, value in VALIDATION.items()}
    created = [runner.send("POST", PATH, **body, name=f"n{n}")["id"] for n in range(101)]
    runner.received.clear()
    found = runner.run(ListVectorDatabaseValidationsOperator)
    assert [row["id"] for row in found] == created[::-1]
    assert [query["offset"] for query in queries(runner, PATH)] == ["0", "100"]


@covers("update_vector_database_validation")
def test_update(runner):
    other = runner.emulator.control("POST", "deployments", {"label": "Archive", "columns": ["q", "a"]})
    validation = runner.run(ValidateVectorDatabaseOperator, **VALIDATION, **WAIT)["id"]
    arguments = {
        "name": "Archive",
        "deployment_id": other["id"],
        "model_id": other["modelId"],
        "prompt_column_name": "q",
        "target_column_name": "a",
        "prediction_timeout": "30",
    }
    changed = runner.run(UpdateVectorDatabaseValidationOperator, validation_id=validation, **arguments)
    assert (changed["id"], changed["name"], changed["deploymentId"]) == (validation, "Archive", other["id"])
    assert (changed["predictionTimeout"], changed["validationStatus"]) == (30, "TESTING")
    (body,) = runner.bodies("PATCH", f"{PATH}{validation}/")
    assert json.loads(body) == {
        "name": "Archive",
        "deploymentId": other["id"],
        "modelId": other["modelId"],
        "promptColumnName": "q",
        "targetColumnName": "a",
        "predictionTimeout": 30,
    }
    seen = runner.run(VectorDatabaseValidationSensor, validation_id=validation, poke_interval=0.05, timeout=60)
    assert (seen["validationStatus"], seen["name"]) == ("PASSED", "Archive")


@BOTH_MODES
@covers("revalidate_vector_database", "get_vector_database_validation")
def test_revalidate(runner, deferrable):
    validation = runner.run(ValidateVectorDatabaseOperator, **VALIDATION, **WAIT)["id"]
    arguments = {"validation_id": validation, "deferrable": deferrable, **WAIT}
    again = runner.run(RevalidateVectorDatabaseOperator, **arguments)
    assert (again["id"], again["validationStatus"]) == (validation, "PASSED")
    assert runner.bodies("POST", f"{PATH}{validation}/revalidate/") == [b""]
    outcome(runner, "failed", message="Unknown vector database error occurred")
    with pytest.raises(AirflowException, match="Unknown vector database error occurred"):
        runner.run(RevalidateVectorDatabaseOperator, **arguments)


@covers("revalidate_vector_database")
def test_revalidate_without_waiting(runner):
    validation = runner.run(ValidateVectorDatabaseOperator, **VALIDATION, **WAIT)["id"]
    arguments = {"validation_id": validation, "wait_for_completion": False}
    assert runner.run(RevalidateVectorDatabaseOperator, **arguments) == validation


@covers("delete_vector_database_validation")
def test_delete_and_delete_again(runner):
    validation = started(runner)
    assert runner.run(DeleteVectorDatabaseValidationOperator, validation_id=validation) is None
    assert runner.run(ListVectorDatabaseValidationsOperator) == []
    with pytest.raises(AirflowFailException, match="returned 404 for DELETE"):
        runner.run(DeleteVectorDatabaseValidationOperator, validation_id=validation)
    arguments = {"validation_id": validation, "ignore_if_missing": True}
    assert runner.run(DeleteVectorDatabaseValidationOperator, **arguments) is None
