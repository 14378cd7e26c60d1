"""Conversions of a version: start, wait, look, list, stop."""

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
from tests.contract.provider.conftest import PATIENT
from tests.contract.provider.scenes import make_model, make_version

BOTH_MODES = pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "trigger"])
MAIN = {"main_program_path": "custom.py"}
PATH = "customModels/{custom_model_id}/versions/{custom_model_version_id}/conversions/"


@pytest.fixture
def ids(stage, model_folder):
    model = make_model(stage)
    return {"custom_model_id": model, "custom_model_version_id": make_version(stage, model, model_folder)}


def outcome(stage, what, **more):
    stage.emulator.control("POST", "outcomes", {"kind": "conversion", "outcome": what, **more})


def started(stage, ids, **given):
    return stage.run(ConvertVersionOperator, **ids, **MAIN, wait_for_completion=False, **given)


@BOTH_MODES
@covers("start_custom_model_conversion", "get_custom_model_conversion")
def test_convert_and_get(stage, ids, deferrable):
    done = stage.run(ConvertVersionOperator, **ids, **MAIN, deferrable=deferrable, **PATIENT)
    assert (done["conversionSucceeded"], done["conversionInProgress"]) == (True, False)
    assert done["generatedMetadata"] == {"outputDatasets": ["output"], "outputColumns": [["prediction"]]}
    assert stage.run(GetConversionOperator, **ids, conversion_id=done["id"]) == done
    assert stage.ti.xcoms["datarobot_id"] == done["id"]
    (body,) = stage.bodies("POST", PATH.format(**ids))
    assert json.loads(body) == {"mainProgramItemId": done["mainProgramItemId"]}


@covers("start_custom_model_conversion")
def test_convert_by_the_id_of_the_main_program(stage, ids):
    item = stage.run(ConvertVersionOperator, **ids, **MAIN, **PATIENT)["mainProgramItemId"]
    stage.seen.clear()
    done = stage.run(ConvertVersionOperator, **ids, main_program_item_id=item, **PATIENT)
    assert done["mainProgramItemId"] == item
    # The first request asks what there was before; the version's files are not asked for.
    assert [(e.method, e.path.rpartition("/versions/")[2].partition("/")[2]) for e in stage.seen[:2]] == [
        ("GET", "conversions/"),
        ("POST", "conversions/"),
    ]


def test_a_main_program_that_the_version_does_not_have(stage, ids):
    with pytest.raises(AirflowFailException, match=r"Its files: custom\.py, requirements\.txt"):
        stage.run(ConvertVersionOperator, **ids, main_program_path="main.py")
    for given in ({}, {"main_program_item_id": "x", **MAIN}):
        with pytest.raises(AirflowFailException, match="Give one of main_program_item_id and main_program_path"):
            stage.run(ConvertVersionOperator, **ids, **given)
    assert stage.bodies("POST", PATH.format(**ids)) == []


@covers("list_custom_model_conversions")
def test_list(stage, ids):
    outcome(stage, "succeeded", seconds=0, times=3)
    made = [started(stage, ids) for _ in range(3)]
    stage.seen.clear()

    def listed(**given):
        return [conversion["id"] for conversion in stage.run(ListConversionsOperator, **ids, **given)]

    assert listed() == made[::-1]
    assert listed(is_latest="true") == made[-1:]
    assert listed(is_latest=False) == made[::-1]
    assert listed(limit="2") == made[:0:-1]
    assert queries(stage, PATH.format(**ids)) == [
        {"offset": "0", "limit": "100"},
        {"offset": "0", "limit": "100", "isLatest": "true"},
        {"offset": "0", "limit": "100", "isLatest": "false"},
        {"offset": "0", "limit": "2"},
    ]


@covers("stop_custom_model_conversion", "get_custom_model_conversion")
def test_stop(stage, ids):
    outcome(stage, "stuck")
    conversion = {**ids, "conversion_id": started(stage, ids)}
    assert stage.run(StopConversionOperator, **conversion) is None
    assert stage.run(GetConversionOperator, **conversion)["shouldStop"] is True
    with pytest.raises(AirflowFailException, match=r"answered 422 to DELETE .*The given conversion is not active"):
        stage.run(StopConversionOperator, **conversion)
    missing = {**ids, "conversion_id": "0" * 24}
    with pytest.raises(AirflowFailException, match="answered 404"):
        stage.run(StopConversionOperator, **missing)
    assert stage.run(StopConversionOperator, **missing, ignore_if_missing=True) is None


@BOTH_MODES
@covers("get_custom_model_conversion")
def test_sensor(stage, ids, deferrable):
    conversion = {**ids, "conversion_id": started(stage, ids)}
    done = stage.run(ConversionSensor, **conversion, deferrable=deferrable, poke_interval=0.05, timeout=60)
    assert (done["id"], done["conversionSucceeded"]) == (conversion["conversion_id"], True)


@BOTH_MODES
def test_a_conversion_that_fails(stage, ids, deferrable):
    outcome(stage, "failed", message="no such function")
    with pytest.raises(AirflowException, match="no such function") as caught:
        stage.run(ConvertVersionOperator, **ids, **MAIN, deferrable=deferrable, **PATIENT)
    assert not isinstance(caught.value, AirflowFailException)


@BOTH_MODES
def test_a_conversion_that_somebody_stops(stage, ids, deferrable):
    outcome(stage, "cancelled")
    with pytest.raises(AirflowFailException, match="The conversion was cancelled in DataRobot"):
        stage.run(ConvertVersionOperator, **ids, **MAIN, deferrable=deferrable, **PATIENT)


@BOTH_MODES
@covers("stop_custom_model_conversion")
def test_a_conversion_that_does_not_end_in_time_is_stopped(stage, ids, deferrable):
    outcome(stage, "stuck")
    with pytest.raises(AirflowException, match="The conversion was cancelled in DataRobot") as caught:
        stage.run(ConvertVersionOperator, **ids, **MAIN, deferrable=deferrable, timeout=0.3, poll_interval=0.05)
    assert "did not end in time" in str(caught.value)
    assert stage.run(ListConversionsOperator, **ids)[0]["shouldStop"] is True


@covers("stop_custom_model_conversion")
def test_a_killed_task_stops_the_conversion(stage, ids):
    outcome(stage, "stuck")
    conversion = {**ids, "conversion_id": started(stage, ids)}
    task = ConvertVersionOperator(task_id="t", **ids, **MAIN)
    task._running = JobRef("conversion", conversion)
    task.on_kill()
    assert stage.run(GetConversionOperator, **conversion)["shouldStop"] is True


@covers("stop_custom_model_conversion")
def test_a_killed_trigger_stops_the_conversion(stage, ids):
    outcome(stage, "stuck")
    conversion = started(stage, ids)
    trigger = DataRobotJobTrigger(
        ref=JobRef("conversion", {**ids, "conversion_id": conversion}).dumps(),
        datarobot_conn_id="datarobot_default",
        deadline=2e9,
    )
    asyncio.run(trigger.on_kill())
    assert stage.run(GetConversionOperator, **ids, conversion_id=conversion)["shouldStop"] is True


def test_a_task_that_does_not_wait_starts_the_job_anew_when_it_is_cleared(stage, ids):
    """The store outlives a task that has succeeded; who clears such a task wants another job."""
    outcome(stage, "succeeded", seconds=0, times=2)
    given = {**ids, **MAIN, "wait_for_completion": False}
    first = stage.run(ConvertVersionOperator, **given)
    # Without a clear it is a retry of a worker whose success Airflow never heard of.
    assert stage.again(ConvertVersionOperator, **given) == first
    stage.ti.clear()
    assert stage.again(ConvertVersionOperator, **given) != first
    assert len(stage.bodies("POST", PATH.format(**ids))) == 2
