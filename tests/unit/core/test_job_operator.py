"""The base of all job operators: submit or take up again, wait or defer, and end the same way in both modes."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from datarobot_provider.exceptions import TransportError
from datarobot_provider.jobs.events import JobEvent
from datarobot_provider.jobs.model import JobRef, Outcome, Verdict
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.feature_impact import ComputeFeatureImpactOperator
from datarobot_provider.operators.vector_databases import ValidateVectorDatabaseOperator
from datarobot_provider.triggers.job import DataRobotJobTrigger
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.support.airflow import TaskDeferred
from tests.unit.jobs.scripted_waits import ref_of
from tests.unit.operators.builds import BUILD, IDS, REF, build, script, state
from tests.unit.support import ORIGIN, TOKEN, remember, remembered, response


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
        assert [request.method for request in api.requests] == ["GET", "POST", "GET"]

    @pytest.mark.parametrize("polls", [[state("success")], [response(200, {"buildStatus": "success", "next": None})]])
    def test_a_job_that_is_done_already_is_not_deferred(self, api, context, polls):
        script(api, *polls)
        assert build(deferrable=True).execute(context)["buildStatus"] == "success"
        assert [request.method for request in api.requests] == ["GET", "POST", "GET"]

    def test_a_job_that_has_failed_already_is_not_deferred(self, api, context):
        script(api, state("failed"))
        with pytest.raises(AirflowFailException, match="dependency build failed"):
            build(deferrable=True).execute(context)

    def test_airflows_own_timeout_comes_after_the_deadline(self, api, context):
        deferred = self.defer(api, context, timeout=timedelta(seconds=600))
        assert timedelta(seconds=1190) < deferred.timeout <= timedelta(seconds=1200)

    def test_links_and_the_reference_are_there_while_the_job_runs(self, api, context, ti, store):
        self.defer(api, context)
        assert ti.xcoms["datarobot_id"] == "v"
        assert ti.xcoms["_link_CustomModelVersionLink"].startswith(ORIGIN)
        assert remembered(store) == [REF]

    def test_what_cannot_be_stored_fails_before_the_job_is_started(self, api, context):
        task = build(deferrable=True)
        task.datarobot_conn_id = object()
        with pytest.raises((TypeError, AirflowFailException)):
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
    assert build(**given)._wait_seconds() == seconds


def test_without_waiting_the_handle_is_returned_for_a_sensor(api, context, ti):
    script(api, state("success"))
    assert build(wait_for_completion=False, deferrable=True).execute(context) == "v"
    assert len(api.paths()) == 1, "whether a build runs already"
    # A worker that died before Airflow heard of it starts no second job; whoever clears the task wants a new one.
    ti.retry()
    assert build(wait_for_completion=False, deferrable=True).execute(context) == "v"
    assert len(api.sent("POST")) == 1
    ti.clear()
    assert build(wait_for_completion=False, deferrable=True).execute(context) == "v"
    assert len(api.sent("POST")) == 2


class TestTheEnd:
    """Waiting on the worker and coming back from the trigger end in the same way."""

    @pytest.fixture(params=["worker", "trigger"])
    def finish(self, request, api, context):
        def run(word, **given):
            outcome = {"failed": Outcome.FAILED, "success": Outcome.SUCCEEDED}[word]
            script(api, state(word))
            if request.param == "worker":
                return build(**given).execute(context)
            remember(context, build(), REF)
            event = JobEvent(REF, Verdict(outcome, word)).dump()
            return build(**given).execute_complete(context, event=json.loads(json.dumps(event)))

        return run

    def test_success_returns_the_result_and_a_worker_that_died_then_starts_nothing(self, finish, api, context, ti):
        assert finish("success") == {"buildStatus": "success"}
        posts = len(api.sent("POST"))
        ti.retry()
        assert build().execute(context) == {"buildStatus": "success"}
        assert len(api.sent("POST")) == posts

    def test_success_and_a_clear_start_it_anew(self, finish, api, context, ti, store):
        assert finish("success") == {"buildStatus": "success"}
        posts = len(api.sent("POST"))
        ti.clear()
        assert build().execute(context) == {"buildStatus": "success"}
        assert len(api.sent("POST")) == posts + 1
        assert remembered(store) == [REF]
        assert api.sent("DELETE") == []

    def test_failure_says_everything_and_keeps_a_verdict_for_a_worker_that_dies_now(self, finish, store):
        with pytest.raises(AirflowFailException) as caught:
            finish("failed")
        assert str(caught.value).splitlines() == [
            "The dependency build failed.",
            "Ids:",
            "  custom_model_id m",
            "  custom_model_version_id v",
            "Last 2 lines of the job's log:",
            "  | first",
            "  | last",
            f"See: {ORIGIN}/registry/custom-model-workshop/m/versions/v",
            "What to do: correct the cause named above, then clear the task.",
        ]
        assert remembered(store) == [REF]


@pytest.mark.parametrize(
    ("outcome", "kind", "kept", "words"),
    [
        (Outcome.FAILED, AirflowFailException, True, "failed"),
        (Outcome.CANCELLED, AirflowFailException, False, "was cancelled in DataRobot"),
        (Outcome.EXPIRED, AirflowException, False, "no longer exists"),
        (Outcome.TIMED_OUT, AirflowException, False, "did not end before the timeout"),
        (Outcome.POLLING_ERROR, AirflowException, True, "could not be polled for too long"),
        (Outcome.POLLING_REFUSED, AirflowFailException, True, "cannot be polled"),
    ],
)
def test_every_bad_end_has_its_exception_and_what_is_not_to_be_started_again_is_remembered(
    api, context, store, outcome, kind, kept, words
):
    script(api)
    remember(context, build(), REF)
    with pytest.raises(AirflowException, match=words) as caught:
        build().execute_complete(context, event=end(outcome, message="the server's words"))
    assert type(caught.value) is kind
    assert "Message from DataRobot: the server's words" in str(caught.value)
    assert remembered(store) == ([REF] if kept else [])
    assert len(api.sent("DELETE")) == (1 if outcome is Outcome.TIMED_OUT else 0)


def test_a_job_that_does_not_end_in_time_is_cancelled_and_both_is_said(api, context):
    script(api, state("processing"))
    with pytest.raises(AirflowException, match="did not end before the timeout") as caught:
        build(timeout=0).execute(context)
    assert "The timeout was 0 seconds." in str(caught.value)
    assert "The dependency build was cancelled in DataRobot." in str(caught.value)
    assert api.paths("DELETE") == [BUILD]


def test_a_job_that_does_not_end_in_time_is_left_alone_if_so_told(api, context):
    script(api, state("processing"))
    with pytest.raises(AirflowException, match="did not end before the timeout") as caught:
        build(timeout=0, cancel_on_kill=False).execute(context)
    assert "cancelled" not in str(caught.value)
    assert api.sent("DELETE") == []


def test_a_job_that_cannot_be_cancelled_is_said_to_go_on_and_not_started_twice(api, context):
    path = "genai/customModelVectorDatabaseValidations/"
    api.on("POST", path, response(202, {"id": "x"}))
    api.on("GET", path, response(body={"data": []}))
    api.on("GET", f"{path}x/", response(body={"validationStatus": "TESTING"}))
    task = ValidateVectorDatabaseOperator(
        task_id="t", deployment_id="d", prompt_column_name="p", target_column_name="t", timeout=0
    )
    with pytest.raises(AirflowException, match="cannot cancel a vector database validation"):
        task.execute(context)
    # It still runs: the retry has to take it up again, not start a second one.
    context["ti"].retry()
    task.timeout = 60
    api.on("GET", f"{path}x/", response(body={"validationStatus": "PASSED"}))
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
    impact = "customModels/m/versions/v/featureImpact/"
    api.on("POST", impact, response(202, None, location=f"{ORIGIN}/api/v2/status/s/"))
    api.on("GET", "status/s/", response(303, location=f"{ORIGIN}/api/v2/{impact}"))
    api.on("GET", impact, TransportError("no response", reason="lost", sent=True))
    with pytest.raises(AirflowException, match="no response"):
        ComputeFeatureImpactOperator(task_id="t", **IDS).execute(context)
    assert remembered(store) == [JobRef("feature_impact", {**IDS, "status_id": "s"})]


class TestResuming:
    @pytest.mark.parametrize(
        "polls",
        [
            [state("processing"), state("success")],
            [state("success")],
            [state("NEW WORD"), state("success")],
            [TransportError("blip", reason="lost", sent=True), state("success")],
        ],
    )
    def test_a_job_that_runs_or_is_done_is_taken_up_without_another_post(self, api, context, store, ti, polls):
        script(api, *polls)
        remember(context, build(), REF)
        assert build().execute(context) == {"buildStatus": "success"}
        assert api.sent("POST") == []
        assert ti.xcoms["datarobot_id"] == "v"
        assert remembered(store) == [REF]

    def test_a_job_that_runs_is_taken_up_by_deferring_again(self, api, context, store):
        script(api, state("processing"))
        remember(context, build(), REF)
        with pytest.raises(TaskDeferred):
            build(deferrable=True).execute(context)
        assert api.sent("POST") == []
        assert remembered(store) == [REF]

    @pytest.mark.parametrize("first", [response(404), response(422, {})], ids=["gone", "cancelled"])
    def test_a_job_that_was_stopped_or_is_gone_is_started_again(self, api, context, store, first):
        script(api, first, state("success"))
        remember(context, build(), REF)
        assert build().execute(context) == {"buildStatus": "success"}
        assert len(api.sent("POST")) == 1
        # Made by the first attempt, taken up, forgotten, about to be sent, sent.
        assert [what for what, _ in store.history] == ["set", "set", "delete", "set", "set"]
        assert remembered(store) == [REF]

    def test_a_job_that_failed_and_would_fail_again_is_not_started_again(self, api, context, store):
        script(api, state("failed"))
        remember(context, build(), REF)
        with pytest.raises(AirflowFailException, match="The dependency build failed"):
            build().execute(context)
        assert api.sent("POST") == []

    def test_a_job_that_failed_and_may_do_better_is_started_again(self, api, context, store):
        path = "genai/customModelVectorDatabaseValidations/"
        old = JobRef("vector_database_validation", {"validation_id": "old", "deployment_id": "d"})
        api.on("GET", f"{path}old/", response(body={"validationStatus": "FAILED"}))
        api.on("GET", path, response(body={"data": []}))
        api.on("POST", path, response(202, {"id": "x"}))
        api.on("GET", f"{path}x/", response(body={"validationStatus": "PASSED"}))
        task = ValidateVectorDatabaseOperator(
            task_id="t", deployment_id="d", prompt_column_name="p", target_column_name="t"
        )
        remember(context, task, old)
        assert task.execute(context) == {"validationStatus": "PASSED"}
        assert len(api.sent("POST")) == 1

    @pytest.mark.parametrize("ids", [{**IDS, "custom_model_id": "other"}, {**IDS, "custom_model_version_id": "other"}])
    def test_a_job_of_other_ids_is_not_taken_for_ours(self, api, context, ids):
        script(api, state("success"))
        other = StartDependencyBuildOperator(task_id="t", **ids)
        remember(context, other, JobRef("dependency_build", ids))
        build().execute(context)
        assert len(api.sent("POST")) == 1

    def test_a_job_of_another_operator_is_not_taken_for_ours(self, api, context):
        script(api, state("success"))
        remember(context, ComputeFeatureImpactOperator(task_id="t", **IDS), ref_of("feature_impact"))
        build().execute(context)
        assert len(api.sent("POST")) == 1

    @pytest.mark.parametrize("refusal", [response(401, {}), response(403, {"message": "no"})], ids=["401", "403"])
    def test_refused_polls_start_nothing_a_second_time_and_are_retried(
        self, api, context, store, connection, refusal, task_log
    ):
        connection(extra={"poll_failure_timeout": 1})
        script(api, refusal)
        remember(context, build(), REF)
        with pytest.raises(AirflowException, match="could not be polled for too long") as caught:
            build(poll_interval=0.1).execute(context)
        assert type(caught.value) is AirflowException
        assert api.sent("POST") == api.sent("DELETE") == []
        assert task_log().count("cannot be polled at present") == 2, "once for the first poll, once for the wait"
        # A clear takes the job up as well, once it can be polled again.
        context["ti"].clear()
        script(api, state("success"))
        assert build().execute(context) == {"buildStatus": "success"}
        assert api.sent("POST") == api.sent("DELETE") == []

    @pytest.mark.parametrize("deferrable", [False, True])
    def test_a_retry_without_the_connection_is_retried_again_while_a_job_is_known(
        self, api, context, store, monkeypatch, deferrable
    ):
        script(api, state("processing"))
        remember(context, build(), REF)
        monkeypatch.delenv("AIRFLOW_CONN_DATAROBOT_DEFAULT")
        with pytest.raises(AirflowException, match="There is no Airflow connection") as caught:
            build(deferrable=deferrable).execute(context)
        assert type(caught.value) is AirflowException
        assert remembered(store) == [REF]

    @pytest.mark.parametrize("resumed", [False, True])
    def test_a_clear_after_attempts_without_the_connection_takes_the_job_up(
        self, api, context, ti, connection, monkeypatch, resumed
    ):
        """A worker that finds no connection has lost sight of the job, as polls that fail for too long have."""
        remember(context, build(), REF)
        monkeypatch.delenv("AIRFLOW_CONN_DATAROBOT_DEFAULT")
        event = JobEvent(REF, Verdict(Outcome.FAILED, "failed")).dump()
        with pytest.raises(AirflowException, match="There is no Airflow connection"):
            build().execute_complete(context, event) if resumed else build().execute(context)
        connection()
        ti.clear()
        script(api, state("processing"), state("success"))
        assert build(poll_interval=0.1).execute(context) == {"buildStatus": "success"}
        assert api.sent("POST") == api.sent("DELETE") == []

    def test_a_missing_connection_fails_at_once_before_anything_was_started(self, context, monkeypatch):
        monkeypatch.delenv("AIRFLOW_CONN_DATAROBOT_DEFAULT", raising=False)
        with pytest.raises(AirflowFailException, match="There is no Airflow connection"):
            build().execute(context)

    @pytest.mark.parametrize("how", ["missing", "refused"])
    def test_a_result_that_cannot_be_fetched_for_now_is_fetched_by_a_retry(
        self, api, context, store, connection, monkeypatch, how
    ):
        """The job has succeeded; between its end and the fetch the connection went away."""
        impact = "customModels/m/versions/v/featureImpact/"
        done = JobRef("feature_impact", {**IDS, "status_id": "s"})
        task = ComputeFeatureImpactOperator(task_id="t", **IDS)
        remember(context, task, done)
        api.on("GET", impact, response(403, {}))
        if how == "missing":
            monkeypatch.delenv("AIRFLOW_CONN_DATAROBOT_DEFAULT")
        with pytest.raises(AirflowException) as caught:
            task.execute_complete(context, event=JobEvent(done, Verdict(Outcome.SUCCEEDED)).dump())
        assert type(caught.value) is AirflowException
        assert remembered(store) == [done]

    def test_without_a_store_the_job_is_simply_started(self, api, ti, task_log):
        script(api, state("success"))
        assert build().execute({"ti": ti}) == {"buildStatus": "success"}
        assert task_log().count("Airflow before 3.3 has no task state store") == 1
