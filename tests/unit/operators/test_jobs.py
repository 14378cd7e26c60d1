"""The base of all job operators: submit or take up again, wait or defer, and end the same way in both modes."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from datarobot_provider.exceptions import TransportError
from datarobot_provider.jobs.events import JobEvent
from datarobot_provider.jobs.model import JobRef, Outcome, Verdict
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.operators.vector_databases import ValidateVectorDatabaseOperator
from datarobot_provider.triggers.job import DataRobotJobTrigger
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.unit.jobs.walks import ref_of
from tests.unit.support import ORIGIN, TOKEN, reply

try:
    from airflow.sdk.exceptions import TaskDeferred
except ImportError:
    from airflow.exceptions import TaskDeferred

KEY = "datarobot_job"
IDS = {"custom_model_id": "m", "custom_model_version_id": "v"}
BUILD = "customModels/m/versions/v/dependencyBuild/"
LOG = "customModels/m/versions/v/dependencyBuildLog/"
TEST = "customModelTests/t/"
REF = ref_of("dependency_build")


def state(word):
    return reply(body={"buildStatus": word})


def build(**given):
    return StartDependencyBuildOperator(task_id="t", **IDS, **given)


def script(api, *looks):
    api.on("POST", BUILD, reply(202, {"buildStatus": "submitted"}))
    api.on("GET", BUILD, *looks)
    api.on("GET", LOG, reply(200, b"first\nlast\n"))
    api.on("DELETE", BUILD, reply(204))


def end(outcome, **told):
    return JobEvent(REF, Verdict(outcome, **told)).dump()


class TestDeferring:
    def defer(self, api, context, **given):
        script(api, state("processing"))
        with pytest.raises(TaskDeferred) as caught:
            build(deferrable=True, **given).execute(context)
        return caught.value

    def test_the_wait_goes_to_the_trigger_with_ids_only(self, api, context):
        deferred = self.defer(api, context, poll_interval=3, cancel_on_kill=False, timeout=600)
        assert isinstance(deferred.trigger, DataRobotJobTrigger)
        assert deferred.method_name == "execute_complete"
        kwargs = deferred.trigger.serialize()[1]
        assert JobRef.loads(kwargs["ref"]) == REF
        assert (kwargs["poll_interval"], kwargs["cancel_on_kill"]) == (3.0, False)
        assert TOKEN not in json.dumps(kwargs)
        assert ORIGIN not in json.dumps(kwargs)
        assert [request.method for request in api.requests] == ["POST"]

    def test_airflows_own_timeout_comes_after_the_deadline(self, api, context):
        deferred = self.defer(api, context, timeout=timedelta(seconds=600))
        assert timedelta(seconds=1190) < deferred.timeout <= timedelta(seconds=1200)

    def test_links_and_the_reference_are_there_while_the_job_runs(self, api, context, ti, store):
        self.defer(api, context)
        assert ti.xcoms["datarobot_id"] == "v"
        assert ti.xcoms["_link_CustomModelVersionLink"].startswith(ORIGIN)
        assert store.values == {KEY: REF.dumps()}

    def test_what_cannot_be_stored_fails_before_the_job_is_started(self, api, context):
        task = build(deferrable=True)
        task.datarobot_conn_id = object()
        with pytest.raises(TypeError):
            task.execute(context)
        assert api.requests == []


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({}, 3600),
        ({"timeout": 60}, 60),
        ({"timeout": timedelta(minutes=2)}, 120),
        # Room is left for the last steps: cancelling the job and reading its log.
        ({"execution_timeout": timedelta(minutes=1)}, 54),
        ({"execution_timeout": timedelta(minutes=10)}, 570),
        ({"timeout": 30, "execution_timeout": timedelta(minutes=1)}, 30),
        ({"timeout": 0}, 0),
    ],
)
def test_the_shorter_of_the_timeouts_counts(given, seconds):
    assert build(**given)._patience() == seconds


def test_without_waiting_the_handle_is_returned_for_a_sensor(api, context, store):
    script(api)
    assert build(wait_for_completion=False, deferrable=True).execute(context) == "v"
    assert api.paths() == []
    # The task is done with the job: whoever clears it wants a new one.
    assert store.values == {}


class TestTheEnd:
    """Waiting on the worker and coming back from the trigger end in the same way."""

    @pytest.fixture(params=["worker", "trigger"])
    def finish(self, request, api, context):
        def run(word, **given):
            outcome = {"failed": Outcome.FAILED, "success": Outcome.SUCCEEDED}[word]
            script(api, state(word))
            if request.param == "worker":
                return build(**given).execute(context)
            context["task_state_store"].set(KEY, REF.dumps())
            event = JobEvent(REF, Verdict(outcome, word)).dump()
            return build(**given).execute_complete(context, event=json.loads(json.dumps(event)))

        return run

    def test_success_returns_the_result_and_forgets_the_reference(self, finish, store):
        assert finish("success") == {"buildStatus": "success"}
        assert store.values == {}
        assert store.history[-1] == ("delete", KEY)

    def test_failure_says_everything_and_forgets_the_reference(self, finish, store):
        with pytest.raises(AirflowFailException) as caught:
            finish("failed")
        assert str(caught.value).splitlines() == [
            "The dependency build failed (last seen as 'failed').",
            "Ids: custom_model_id m, custom_model_version_id v",
            "Last 2 lines of the remote log:",
            "  | first",
            "  | last",
            f"See: {ORIGIN}/registry/custom-model-workshop/m/versions/v",
            "What to do: mend the cause named above, then clear the task.",
        ]
        assert store.values == {}


@pytest.mark.parametrize(
    ("outcome", "kind", "kept", "words"),
    [
        (Outcome.FAILED, AirflowFailException, False, "failed"),
        (Outcome.CANCELLED, AirflowFailException, False, "was cancelled in DataRobot"),
        (Outcome.EXPIRED, AirflowException, False, "is gone"),
        (Outcome.TIMED_OUT, AirflowException, False, "did not end in time"),
        (Outcome.POLLING_ERROR, AirflowException, True, "could not be looked at for too long"),
        (Outcome.POLLING_REFUSED, AirflowFailException, True, "may not be looked at"),
    ],
)
def test_every_bad_end_has_its_exception_and_polling_errors_keep_the_reference(
    api, context, store, outcome, kind, kept, words
):
    script(api)
    store.set(KEY, REF.dumps())
    with pytest.raises(AirflowException, match=words) as caught:
        build().execute_complete(context, event=end(outcome, message="the server's words"))
    assert type(caught.value) is kind
    assert "DataRobot says: the server's words" in str(caught.value)
    assert (KEY in store.values) is kept
    assert len(api.sent("DELETE")) == (1 if outcome is Outcome.TIMED_OUT else 0)


def test_a_job_that_does_not_end_in_time_is_cancelled_and_both_is_said(api, context):
    script(api, state("processing"))
    with pytest.raises(AirflowException, match="did not end in time") as caught:
        build(timeout=0).execute(context)
    assert "It was given 0 seconds." in str(caught.value)
    assert "The dependency build was cancelled in DataRobot." in str(caught.value)
    assert api.paths("DELETE") == [BUILD]


def test_a_job_that_does_not_end_in_time_is_left_alone_if_so_told(api, context):
    script(api, state("processing"))
    with pytest.raises(AirflowException, match="did not end in time") as caught:
        build(timeout=0, cancel_on_kill=False).execute(context)
    assert "cancelled" not in str(caught.value)
    assert api.sent("DELETE") == []


def test_a_job_that_cannot_be_cancelled_is_said_to_go_on_and_not_started_twice(api, context):
    path = "genai/customModelVectorDatabaseValidations/"
    api.on("POST", path, reply(202, {"id": "x"}))
    api.on("GET", f"{path}x/", reply(body={"validationStatus": "TESTING"}))
    task = ValidateVectorDatabaseOperator(
        task_id="t", deployment_id="d", prompt_column_name="p", target_column_name="t", timeout=0
    )
    with pytest.raises(AirflowException, match="no way to cancel a vector database validation"):
        task.execute(context)
    # It still runs: the retry has to take it up again, not start a second one.
    task.timeout = 60
    api.on("GET", f"{path}x/", reply(body={"validationStatus": "PASSED"}))
    assert task.execute(context) == {"validationStatus": "PASSED"}
    assert len(api.sent("POST")) == 1


@pytest.mark.parametrize(
    "event", [None, {}, "", [], False, {"outcome": "succeeded"}, {**end(Outcome.SUCCEEDED), "outcome": "done"}]
)
def test_coming_back_without_a_proper_event_is_an_error(api, context, event):
    with pytest.raises(AirflowFailException, match=r"event|reference"):
        build().execute_complete(context, event=event)
    with pytest.raises(AirflowFailException):
        build().execute_complete(context)
    assert api.requests == []


def test_arguments_that_airflow_may_add_on_coming_back_are_ignored(api, context):
    script(api, state("success"))
    assert build().execute_complete(context, event=end(Outcome.SUCCEEDED), ref=REF.dumps()) == {
        "buildStatus": "success"
    }


def test_an_error_after_the_job_was_started_keeps_the_reference_for_the_retry(api, context, store):
    script(api, state("success"), TransportError("no reply", reason="lost", sent=True))
    with pytest.raises(AirflowException, match="no reply"):
        build().execute(context)
    assert store.values == {KEY: REF.dumps()}


class TestResuming:
    @pytest.mark.parametrize(
        "looks",
        [
            [state("processing"), state("success")],
            [state("success")],
            [state("NEW WORD"), state("success")],
            [TransportError("blip", reason="lost", sent=True), state("success")],
        ],
    )
    def test_a_job_that_runs_or_is_done_is_taken_up_without_another_post(self, api, context, store, ti, looks):
        script(api, *looks)
        store.set(KEY, REF.dumps())
        assert build().execute(context) == {"buildStatus": "success"}
        assert api.sent("POST") == []
        assert ti.xcoms["datarobot_id"] == "v"
        assert store.values == {}

    def test_a_job_that_runs_is_taken_up_by_deferring_again(self, api, context, store):
        script(api, state("processing"))
        store.set(KEY, REF.dumps())
        with pytest.raises(TaskDeferred):
            build(deferrable=True).execute(context)
        assert api.sent("POST") == []
        assert store.values == {KEY: REF.dumps()}

    @pytest.mark.parametrize(
        "first", [state("failed"), reply(404), reply(422, {})], ids=["failed", "gone", "cancelled"]
    )
    def test_a_job_that_failed_or_is_gone_is_started_again(self, api, context, store, first):
        script(api, first, state("success"))
        store.set(KEY, REF.dumps())
        assert build().execute(context) == {"buildStatus": "success"}
        assert len(api.sent("POST")) == 1
        assert store.history[1:] == [("delete", KEY), ("set", KEY), ("delete", KEY)]

    @pytest.mark.parametrize("ids", [{**IDS, "custom_model_id": "other"}, {**IDS, "custom_model_version_id": "other"}])
    def test_a_job_of_other_ids_is_not_taken_for_ours(self, api, context, store, ids):
        script(api, state("success"))
        store.set(KEY, JobRef("dependency_build", ids).dumps())
        build().execute(context)
        assert len(api.sent("POST")) == 1
        assert api.requests[0].method == "POST"

    def test_a_job_of_another_kind_is_not_taken_for_ours(self, api, context, store):
        script(api, state("success"))
        store.set(KEY, ref_of("feature_impact").dumps())
        build().execute(context)
        assert api.requests[0].method == "POST"

    def test_a_refused_look_starts_nothing_a_second_time(self, api, context, store):
        script(api, reply(403, {"message": "no"}))
        store.set(KEY, REF.dumps())
        with pytest.raises(AirflowException):
            build().execute(context)
        assert api.sent("POST") == []

    def test_without_a_store_the_job_is_simply_started(self, api, ti):
        script(api, state("success"))
        assert build().execute({"ti": ti}) == {"buildStatus": "success"}


class TestKilling:
    def test_a_kill_while_waiting_cancels_the_job(self, api, context, task_log):
        script(api, state("processing"))
        task = build()

        def killed(_request):
            task.on_kill()
            task.on_kill()
            return state("success")

        api.on("GET", BUILD, killed, state("success"))
        task.execute(context)
        assert api.paths("DELETE") == [BUILD]
        assert "The task was killed. The dependency build was cancelled in DataRobot." in task_log()

    def test_a_kill_cancels_nothing_if_so_told(self, api, context):
        task = build(cancel_on_kill=False)
        script(api)
        api.on("GET", BUILD, lambda _: task.on_kill() or state("success"))
        task.execute(context)
        assert api.sent("DELETE") == []

    def test_a_kill_before_or_after_the_wait_cancels_nothing(self, api, context):
        script(api, state("success"))
        task = build()
        task.on_kill()
        task.execute(context)
        task.on_kill()
        assert api.sent("DELETE") == []


class TestModelTest:
    CHECKS = {"errorCheck": {"status": "failed", "message": "no score()"}}

    def run(self, api, context, word, checks=None, **given):
        api.on("POST", "customModelTests/", reply(202, {"statusId": "s"}))
        api.on("GET", "customModelTests/", reply(body={"data": [{"id": "t", "customModelVersion": {"id": "v"}}]}))
        api.on("GET", "status/s/", reply(303, location=f"{ORIGIN}/api/v2/{TEST}"))
        api.on("GET", TEST, reply(body={"overallStatus": word, "testingStatus": checks or self.CHECKS}))
        api.on("GET", f"{TEST}tail/?lines=50", reply(body={"log": "Traceback\nKeyError\n"}))
        return RunModelTestOperator(task_id="t", **IDS, **given).execute(context)

    def test_a_failed_test_fails_the_task_with_checks_and_log(self, api, context):
        with pytest.raises(AirflowFailException, match="The model test failed") as caught:
            self.run(api, context, "failed")
        assert "errorCheck  failed  no score()" in str(caught.value)
        assert "  | KeyError" in str(caught.value)

    @pytest.mark.parametrize("off", [False, "False"])
    def test_a_failed_test_is_returned_if_so_told(self, api, context, task_log, off):
        assert self.run(api, context, "failed", raise_on_failure=off)["overallStatus"] == "failed"
        assert "The model test failed" in task_log()

    def test_a_cancelled_test_fails_all_the_same(self, api, context):
        with pytest.raises(AirflowFailException, match="was cancelled in DataRobot"):
            self.run(api, context, "canceled", raise_on_failure=False)

    @pytest.mark.parametrize("word", ["succeeded", "warning", "skipped"])
    def test_a_test_that_passed_or_warned_is_returned_and_shown(self, api, context, task_log, word):
        assert self.run(api, context, word)["overallStatus"] == word
        assert "errorCheck  failed  no score()" in task_log()

    def test_warnings_fail_the_task_if_so_told(self, api, context):
        with pytest.raises(AirflowFailException, match="ended with warnings, and fail_on_warning is set") as caught:
            self.run(api, context, "warning", fail_on_warning="true")
        assert "errorCheck  failed  no score()" in str(caught.value)
        assert "  | KeyError" in str(caught.value)

    def test_a_test_that_warned_and_was_dealt_with_is_forgotten_so_that_a_clear_tests_anew(self, api, context, store):
        with pytest.raises(AirflowException, match="ended with warnings"):
            self.run(api, context, "warning", fail_on_warning=True)
        assert store.values == {}

    @pytest.mark.parametrize("name", ["fail_on_warning", "raise_on_failure"])
    def test_a_switch_that_is_none_sends_nothing(self, api, context, name):
        with pytest.raises(AirflowFailException, match=f"{name} should be true or false"):
            self.run(api, context, "succeeded", **{name: "perhaps"})
        assert api.requests == []

    def test_checks_that_cannot_be_fetched_do_not_hide_the_failure(self, api, context):
        api.on("GET", TEST, reply(500, {"message": "down"}))
        api.on("GET", f"{TEST}tail/?lines=50", reply(500, {"message": "down"}))
        event = JobEvent(ref_of("model_test"), Verdict(Outcome.FAILED, "failed")).dump()
        with pytest.raises(AirflowException, match="The model test failed") as caught:
            RunModelTestOperator(task_id="t", **IDS).execute_complete(context, event=event)
        assert "(the checks could not be fetched: DataRobot answered 500" in str(caught.value)
        assert "(the log could not be fetched: DataRobot answered 500" in str(caught.value)
