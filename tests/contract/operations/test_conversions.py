"""Conversions of a version: start, wait, get, list, stop."""

from __future__ import annotations

import asyncio
import json

import pytest

from datarobot_provider.jobs.model import JobRef
from datarobot_provider.operators.conversions import (
    ConvertVersionOperator,
    GetConversionOperator,
    ListConversionsOperator,
    StopConversionOperator,
)
from datarobot_provider.sensors.conversions import ConversionSensor
from datarobot_provider.triggers.job import DataRobotJobTrigger
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.contract.operations.register import covers
from tests.contract.operations.test_custom_models import queries
from tests.support.life_cycle import create_model, create_version
from tests.support.task_runner import WAIT

BOTH_MODES = pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "trigger"])
MAIN = {"main_program_path": "custom.py"}
PATH = "customModels/{custom_model_id}/versions/{custom_model_version_id}/conversions/"


@pytest.fixture
def ids(runner, model_folder):
    model = create_model(runner)
    return {"custom_model_id": model, "custom_model_version_id": create_version(runner, model, model_folder)}


def outcome(runner, what, **more):
    runner.emulator.control("POST", "outcomes", {"kind": "conversion", "outcome": what, **more})


def started(runner, ids, **arguments):
    return runner.run(ConvertVersionOperator, **ids, **MAIN, wait_for_completion=False, **arguments)


@BOTH_MODES
@covers("start_custom_model_conversion", "get_custom_model_conversion")
def test_convert_and_get(runner, ids, deferrable):
    done = runner.run(ConvertVersionOperator, **ids, **MAIN, deferrable=deferrable, **WAIT)
    assert (done["conversionSucceeded"], done["conversionInProgress"]) == (True, False)
    assert done["generatedMetadata"] == {"outputDatasets": ["output"], "outputColumns": [["prediction"]]}
    assert runner.run(GetConversionOperator, **ids, conversion_id=done["id"]) == done
    assert runner.ti.xcoms["datarobot_id"] == done["id"]
    (body,) = runner.bodies("POST", PATH.format(**ids))
    assert json.loads(body) == {"mainProgramItemId": done["mainProgramItemId"]}


@covers("start_custom_model_conversion")
def test_convert_by_the_id_of_the_main_program(runner, ids):
    item = runner.run(ConvertVersionOperator, **ids, **MAIN, **WAIT)["mainProgramItemId"]
    runner.received.clear()
    done = runner.run(ConvertVersionOperator, **ids, main_program_item_id=item, **WAIT)
    assert done["mainProgramItemId"] == item
    # The first request lists existing conversions; the files of the version are not requested.
    assert [(e.method, e.path.rpartition("/versions/")[2].partition("/")[2]) for e in runner.received[:2]] == [
        ("GET", "conversions/"),
        ("POST", "conversions/"),
    ]


def test_a_main_program_that_the_version_does_not_have(runner, ids):
    with pytest.raises(AirflowFailException, match=r"Its files: custom\.py, requirements\.txt"):
        runner.run(ConvertVersionOperator, **ids, main_program_path="main.py")
    for arguments in ({}, {"main_program_item_id": "x", **MAIN}):
        with pytest.raises(AirflowFailException, match="Give one of main_program_item_id and main_program_path"):
            runner.run(ConvertVersionOperator, **ids, **arguments)
    assert runner.bodies("POST", PATH.format(**ids)) == []


@covers("list_custom_model_conversions")
def test_list(runner, ids):
    outcome(runner, "succeeded", seconds=0, times=3)
    created = [started(runner, ids) for _ in range(3)]
    runner.received.clear()

    def listed(**arguments):
        return [conversion["id"] for conversion in runner.run(ListConversionsOperator, **ids, **arguments)]

    assert listed() == created[::-1]
    assert listed(is_latest="true") == created[-1:]
    assert listed(is_latest=False) == created[::-1]
    assert listed(limit="2") == created[:0:-1]
    assert queries(runner, PATH.format(**ids)) == [
        {"offset": "0", "limit": "100"},
        {"offset": "0", "limit": "100", "isLatest": "true"},
        {"offset": "0", "limit": "100", "isLatest": "false"},
        {"offset": "0", "limit": "2"},
    ]


@covers("stop_custom_model_conversion", "get_custom_model_conversion")
def test_stop(runner, ids):
    outcome(runner, "stuck")
    conversion = {**ids, "conversion_id": started(runner, ids)}
    assert runner.run(StopConversionOperator, **conversion) is None
    assert runner.run(GetConversionOperator, **conversion)["shouldStop"] is True
    with pytest.raises(AirflowFailException, match=r"returned 422 for DELETE .*The given conversion is not active"):
        runner.run(StopConversionOperator, **conversion)
    missing = {**ids, "conversion_id": "0" * 24}
    with pytest.raises(AirflowFailException, match="returned 404"):
        runner.run(StopConversionOperator, **missing)
    assert runner.run(StopConversionOperator, **missing, ignore_if_missing=True) is None


@BOTH_MODES
@covers("get_custom_model_conversion")
def test_sensor(runner, ids, deferrable):
    conversion = {**ids, "conversion_id": started(runner, ids)}
    done = runner.run(ConversionSensor, **conversion, deferrable=deferrable, poke_interval=0.05, timeout=60)
    assert (done["id"], done["conversionSucceeded"]) == (conversion["conversion_id"], True)


@BOTH_MODES
def test_a_conversion_that_fails(runner, ids, deferrable):
    outcome(runner, "failed", message="no such function")
    with pytest.raises(AirflowException, match="no such function") as caught:
        runner.run(ConvertVersionOperator, **ids, **MAIN, deferrable=deferrable, **WAIT)
    assert not isinstance(caught.value, AirflowFailException)


@BOTH_MODES
def test_a_conversion_that_a_user_stops(runner, ids, deferrable):
    outcome(runner, "cancelled")
    with pytest.raises(AirflowFailException, match="The conversion was cancelled in DataRobot"):
        runner.run(ConvertVersionOperator, **ids, **MAIN, deferrable=deferrable, **WAIT)


@BOTH_MODES
@covers("stop_custom_model_conversion")
def test_a_conversion_that_does_not_end_in_time_is_stopped(runner, ids, deferrable):
    outcome(runner, "stuck")
    with pytest.raises(AirflowException, match="The conversion was cancelled in DataRobot") as caught:
        runner.run(ConvertVersionOperator, **ids, **MAIN, deferrable=deferrable, timeout=0.3, poll_interval=0.05)
    assert "did not end before the timeout" in str(caught.value)
    assert runner.run(ListConversionsOperator, **ids)[0]["shouldStop"] is True


@covers("stop_custom_model_conversion")
def test_a_killed_task_stops_the_conversion(runner, ids):
    outcome(runner, "stuck")
    conversion = {**ids, "conversion_id": started(runner, ids)}
    task = ConvertVersionOperator(task_id="t", **ids, **MAIN)
    task._running = JobRef("conversion", conversion)
    task.on_kill()
    assert runner.run(GetConversionOperator, **conversion)["shouldStop"] is True


@covers("stop_custom_model_conversion")
def test_a_killed_trigger_stops_the_conversion(runner, ids):
    outcome(runner, "stuck")
    conversion = started(runner, ids)
    trigger = DataRobotJobTrigger(
        ref=JobRef("conversion", {**ids, "conversion_id": conversion}).dumps(),
        datarobot_conn_id="datarobot_default",
        deadline=2e9,
    )
    asyncio.run(trigger.on_kill())
    assert runner.run(GetConversionOperator, **ids, conversion_id=conversion)["shouldStop"] is True


def test_a_cleared_task_that_does_not_wait_starts_another_job(runner, ids):
    """The store is kept after a success; a user who clears the task expects another job."""
    outcome(runner, "succeeded", seconds=0, times=2)
    arguments = {**ids, **MAIN, "wait_for_completion": False}
    first = runner.run(ConvertVersionOperator, **arguments)
    # Without a clear, it is a retry after a success that was not reported to Airflow.
    assert runner.retry(ConvertVersionOperator, **arguments) == first
    runner.ti.clear()
    assert runner.retry(ConvertVersionOperator, **arguments) != first
    assert len(runner.bodies("POST", PATH.format(**ids))) == 2
