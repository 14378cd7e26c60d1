"""A 404 names the arguments and the ids that were asked with, whatever the operator or the sensor."""

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
from tests.contract.operations.test_refusals import nothing_yet, refuse, run
from tests.support.emulator import ENVIRONMENT, GUARD
from tests.support.life_cycle import create_model, create_version
from tests.unit.operators.catalogue import SENSORS, required_arguments

__all__ = ["run"]

NOWHERE = "64e000000000000000000001"


def snake(name):
    return re.sub(r"(?=[A-Z])", "_", name).lower()


def ids_in_path(name):
    """Return the arguments that go into the path of an operation, with the values of its case."""
    given = CASES[name][1]
    arguments = {snake(each) for each in re.findall(r"\{(\w+)\}", PUBLISHED[name].path)}
    return {argument: str(given[argument]) for argument in arguments & set(given)}


WITH_IDS = [name for name in PUBLISHED if ids_in_path(name)]


def test_nearly_all_operations_have_ids_in_their_paths():
    assert len(WITH_IDS) >= 40


@pytest.mark.parametrize("name", WITH_IDS)
def test_every_operator_names_the_arguments_in_the_path(runner, run, name):
    refuse(runner, name, 404, {"message": "Not Found"})
    message = run(name)
    line = next(line for line in message.splitlines() if " was not found: DataRobot has no such " in line)
    for argument, value in ids_in_path(name).items():
        assert f"{argument} {value!r}" in line
    assert "or the user of the API token cannot access it." in line


@pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "triggerer"])
@pytest.mark.parametrize("sensor", SENSORS, ids=lambda sensor: sensor.__name__)
def test_every_sensor_names_its_ids(runner, sensor, deferrable):
    given = required_arguments(sensor, NOWHERE)
    # What the status sensor takes may also be a whole URL; the id in it is what was asked for.
    names = {"status": "status_id"}
    with pytest.raises(AirflowException) as caught:
        runner.run(sensor, **given, deferrable=deferrable, poke_interval=0.05, timeout=5)
    message = str(caught.value)
    assert "no longer exists in DataRobot." in message.splitlines()[0]
    line = next(line for line in message.splitlines() if " was not found: DataRobot has no such " in line)
    for argument in given:
        assert f"{names.get(argument, argument)} {NOWHERE!r}" in line


def failing(runner, task, **given):
    with pytest.raises(AirflowFailException) as caught:
        runner.run(task, **given)
    return str(caught.value)


def test_ids_in_the_body_are_named_too(runner, model_folder):
    model = create_model(runner)
    version = create_version(runner, model, model_folder)
    ids = {"custom_model_id": model, "custom_model_version_id": version}
    said = f"dataset_id {NOWHERE!r}"
    assert said in failing(runner, RunModelTestOperator, **ids, dataset_id=NOWHERE)


@pytest.mark.parametrize("shape", [list, str], ids=["a list", "JSON"])
def test_an_id_inside_of_an_object_is_named_with_its_place(runner, model_folder, shape):
    model = create_model(runner)
    create_version(runner, model, model_folder)
    second = {**GUARD, "name": "Second", "deploymentId": NOWHERE}
    guards = [GUARD, second] if shape is list else json.dumps([GUARD, second])
    message = failing(runner, ApplyGuardConfigOperator, custom_model_id=model, guards=guards)
    line = f"guards[1].deploymentId {NOWHERE!r} was not found: DataRobot has no such deployment, "
    assert line in message
    assert model not in message


def test_training_data_is_named_with_its_place(runner, model_folder):
    model = create_model(runner)
    given = {"custom_model_id": model, "folder": str(model_folder), "base_environment_id": ENVIRONMENT}
    message = failing(runner, CreateVersionOperator, **given, training_data={"datasetId": NOWHERE})
    assert f"training_data.datasetId {NOWHERE!r}" in message


def test_a_request_of_ones_own_names_its_path(runner):
    message = failing(runner, DataRobotRequestOperator, path=f"datasets/{NOWHERE}/")
    assert f"path 'datasets/{NOWHERE}/' was not found" in message
    gone = {"method": "POST", "path": "/customModelTests/$", "status": 404, "body": {"message": "Dataset not found."}}
    runner.emulator.control("POST", "faults", gone)
    body = {"datasetId": NOWHERE}
    message = failing(runner, DataRobotRequestOperator, path="customModelTests/", method="POST", json=body)
    assert f"\njson.datasetId {NOWHERE!r} was not found: DataRobot has no such dataset, " in message


def test_what_the_server_says_of_its_own_is_not_contradicted(runner, run):
    """There is no log yet: the ids are right, and nobody is told that they are not."""
    name = "get_dependency_build_log"
    nothing_yet(runner, name)
    refuse(runner, name, 404, {"message": "The dependency build is in progress; its log is not there yet."})
    message = run(name)
    assert "was not found" not in message
    assert "\nIds in the request: custom_model_id 'm' and custom_model_version_id 'v'." in message
