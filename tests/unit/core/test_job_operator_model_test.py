"""The operator that tests a version: what a test that failed, warned or was cancelled means for the task."""

from __future__ import annotations

import pytest

from datarobot_provider.jobs.events import JobEvent
from datarobot_provider.jobs.model import Outcome, Verdict
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.unit.jobs.scripted_waits import ref_of
from tests.unit.support import ORIGIN, response

IDS = {"custom_model_id": "m", "custom_model_version_id": "v"}
TEST = "customModelTests/t/"
CHECKS = {"errorCheck": {"status": "failed", "message": "no score()"}}


def run_test(api, context, word, checks=None, **given):
    api.on("POST", "customModelTests/", response(202, {"statusId": "s"}))
    api.on("GET", "customModelTests/", response(body={"data": [{"id": "t", "customModelVersion": {"id": "v"}}]}))
    api.on("GET", "status/s/", response(303, location=f"{ORIGIN}/api/v2/{TEST}"))
    api.on("GET", TEST, response(body={"overallStatus": word, "testingStatus": checks or CHECKS}))
    api.on("GET", f"{TEST}tail/?lines=50", response(body={"log": "Traceback\nKeyError\n"}))
    return RunModelTestOperator(task_id="t", **IDS, **given).execute(context)


def test_a_failed_test_fails_the_task_with_checks_and_log(api, context):
    with pytest.raises(AirflowFailException, match="The model test failed") as caught:
        run_test(api, context, "failed")
    assert "errorCheck  failed  no score()" in str(caught.value)
    assert "  | KeyError" in str(caught.value)


@pytest.mark.parametrize("off", [False, "False"])
def test_a_failed_test_is_returned_if_so_told(api, context, task_log, off):
    assert run_test(api, context, "failed", raise_on_failure=off)["overallStatus"] == "failed"
    assert "The model test failed" in task_log()


def test_a_cancelled_test_fails_all_the_same(api, context):
    with pytest.raises(AirflowFailException, match="was cancelled in DataRobot"):
        run_test(api, context, "canceled", raise_on_failure=False)


@pytest.mark.parametrize("word", ["succeeded", "warning", "skipped"])
def test_a_test_that_passed_or_warned_is_returned_and_shown(api, context, task_log, word):
    assert run_test(api, context, word)["overallStatus"] == word
    assert "errorCheck  failed  no score()" in task_log()


def test_warnings_fail_the_task_if_so_told(api, context):
    with pytest.raises(AirflowFailException, match="ended with warnings, and fail_on_warning is set") as caught:
        run_test(api, context, "warning", fail_on_warning="true")
    assert "errorCheck  failed  no score()" in str(caught.value)
    assert "  | KeyError" in str(caught.value)


def test_a_test_that_warned_is_tested_anew_once_the_task_is_cleared(api, context, ti):
    for posts in (1, 2):
        with pytest.raises(AirflowException, match="ended with warnings"):
            run_test(api, context, "warning", fail_on_warning=True)
        assert len(api.sent("POST")) == posts
        ti.clear()


@pytest.mark.parametrize("name", ["fail_on_warning", "raise_on_failure"])
def test_a_switch_that_is_none_sends_nothing(api, context, name):
    with pytest.raises(AirflowFailException, match=f"{name} should be true or false"):
        run_test(api, context, "succeeded", **{name: "perhaps"})
    assert api.requests == []


def test_checks_that_cannot_be_fetched_do_not_hide_the_failure(api, context):
    api.on("GET", TEST, response(500, {"message": "down"}))
    api.on("GET", f"{TEST}tail/?lines=50", response(500, {"message": "down"}))
    event = JobEvent(ref_of("model_test"), Verdict(Outcome.FAILED, "failed")).dump()
    with pytest.raises(AirflowException, match="The model test failed") as caught:
        RunModelTestOperator(task_id="t", **IDS).execute_complete(context, event=event)
    assert "(the checks could not be fetched: DataRobot returned 500" in str(caught.value)
    assert "(the log could not be read: DataRobot returned 500" in str(caught.value)
