"""The error about a 404 contains the arguments and ids of the request, for every operator and sensor."""

from __future__ import annotations

import json
import re

import pytest

from datarobot_provider.operators.guard_configurations import ApplyGuardConfigOperator
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.operators.request import DataRobotRequestOperator
from datarobot_provider.operators.versions import CreateVersionOperator
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.contract.operations.cases import CASES
from tests.contract.operations.responses import PUBLISHED
from tests.contract.operations.test_rejections import reject, respond_without_resources, run
from tests.support.emulator import ENVIRONMENT, GUARD
from tests.support.life_cycle import create_model, create_version
from tests.unit.operators.catalogue import SENSORS, required_arguments

__all__ = ["run"]

UNKNOWN_ID = "64e000000000000000000001"


def snake(name):
    return re.sub(r"(?=[A-Z])", "_", name).lower()


def ids_in_path(name):
    """Return the ids in the path of an operation, with the values of its case."""
    values = CASES[name][1]
    arguments = {snake(each) for each in re.findall(r"\{(\w+Id)\}", PUBLISHED[name].path)}
    return {argument: str(values[argument]) for argument in arguments & set(values)}


WITH_IDS = [name for name in PUBLISHED if ids_in_path(name)]


def test_nearly_all_operations_have_ids_in_their_paths():
    assert len(WITH_IDS) >= 40


@pytest.mark.parametrize("name", WITH_IDS)
def test_a_404_of_an_operator_contains_its_ids(runner, run, name):
    reject(runner, name, 404, {"message": "Not Found"})
    message = run(name)
    line = next(line for line in message.splitlines() if " was not found: DataRobot has no such " in line)
    for argument, value in ids_in_path(name).items():
        assert f"{argument} {value!r}" in line
    assert "or the user of the API token cannot access it." in line


@pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "triggerer"])
@pytest.mark.parametrize("sensor", SENSORS, ids=lambda sensor: sensor.__name__)
def test_a_404_of_a_sensor_contains_its_ids(runner, sensor, deferrable):
    arguments = required_arguments(sensor, UNKNOWN_ID)
    # The argument of the status sensor may also be a URL; the error contains the id in it.
    names = {"status": "status_id"}
    with pytest.raises(AirflowException) as caught:
        runner.run(sensor, **arguments, deferrable=deferrable, poke_interval=0.05, timeout=5)
    message = str(caught.value)
    assert "no longer exists in DataRobot." in message.splitlines()[0]
    line = next(line for line in message.splitlines() if " was not found: DataRobot has no such " in line)
    for argument in arguments:
        assert f"{names.get(argument, argument)} {UNKNOWN_ID!r}" in line


def failing(runner, task, **arguments):
    with pytest.raises(AirflowFailException) as caught:
        runner.run(task, **arguments)
    return str(caught.value)


def test_a_404_contains_the_ids_in_the_body(runner, model_folder):
    model = create_model(runner)
    version = create_version(runner, model, model_folder)
    ids = {"custom_model_id": model, "custom_model_version_id": version}
    expected = f"dataset_id {UNKNOWN_ID!r}"
    assert expected in failing(runner, RunModelTestOperator, **ids, dataset_id=UNKNOWN_ID)


@pytest.mark.parametrize("shape", [list, str], ids=["a list", "JSON"])
def test_a_404_contains_the_path_of_a_nested_id(runner, model_folder, shape):
    model = create_model(runner)
    create_version(runner, model, model_folder)
    second = {**GUARD, "name": "Second", "deploymentId": UNKNOWN_ID}
    guards = [GUARD, second] if shape is list else json.dumps([GUARD, second])
    message = failing(runner, ApplyGuardConfigOperator, custom_model_id=model, guards=guards)
    line = f"guards[1].deploymentId {UNKNOWN_ID!r} was not found: DataRobot has no such deployment, "
    assert line in message
    assert model not in message


def test_a_404_contains_the_path_of_training_data(runner, model_folder):
    model = create_model(runner)
    arguments = {"custom_model_id": model, "folder": str(model_folder), "base_environment_id": ENVIRONMENT}
    message = failing(runner, CreateVersionOperator, **arguments, training_data={"datasetId": UNKNOWN_ID})
    assert f"training_data.datasetId {UNKNOWN_ID!r}" in message


def test_a_404_of_the_request_operator_contains_its_path(runner):
    message = failing(runner, DataRobotRequestOperator, path=f"datasets/{UNKNOWN_ID}/")
    assert f"path 'datasets/{UNKNOWN_ID}/' was not found" in message
    fault = {"method": "POST", "path": "/customModelTests/$", "status": 404, "body": {"message": "Dataset not found."}}
    runner.emulator.control("POST", "faults", fault)
    body = {"datasetId": UNKNOWN_ID}
    message = failing(runner, DataRobotRequestOperator, path="customModelTests/", method="POST", json=body)
    assert f"\njson.datasetId {UNKNOWN_ID!r} was not found: DataRobot has no such dataset, " in message


def test_a_404_about_a_missing_log_does_not_blame_the_ids(runner, run):
    """The ids are valid if there is no log yet, so the error must not say that they were not found."""
    name = "get_dependency_build_log"
    respond_without_resources(runner, name)
    reject(runner, name, 404, {"message": "The dependency build is in progress; its log is not there yet."})
    message = run(name)
    assert "was not found" not in message
    assert "\nIds in the request: custom_model_id 'm' and custom_model_version_id 'v'." in message
