from __future__ import annotations

import json

import pytest

from datarobot_provider.exceptions import TransportError
from datarobot_provider.jobs.events import JobEvent
from datarobot_provider.jobs.model import JobRef, Outcome, Verdict
from datarobot_provider.sensors.dependency_builds import DependencyBuildSensor
from datarobot_provider.sensors.feature_impact import FeatureImpactSensor
from datarobot_provider.sensors.model_tests import ModelTestSensor
from datarobot_provider.sensors.status import DataRobotStatusSensor
from datarobot_provider.sensors.vector_databases import VectorDatabaseValidationSensor
from datarobot_provider.version_compat import (
    AirflowException,
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
)
from tests.support.airflow import TaskDeferred
from tests.unit.jobs.scripted_waits import ref_of
from tests.unit.support import ORIGIN, TOKEN, response

IDS = {"custom_model_id": "m", "custom_model_version_id": "v"}
BUILD, LOG = "customModels/m/versions/v/dependencyBuild/", "customModels/m/versions/v/dependencyBuildLog/"
REF = ref_of("dependency_build")


def state(word):
    return response(body={"buildStatus": word})


def build(**given):
    return DependencyBuildSensor(task_id="t", **IDS, **given)


class TestTheJobOfASensor:
    @pytest.mark.parametrize(
        ("sensor", "ref"),
        [
            (build(), REF),
            (ModelTestSensor(task_id="t", custom_model_test_id=5), JobRef("model_test", {"custom_model_test_id": "5"})),
            (FeatureImpactSensor(task_id="t", **IDS), JobRef("feature_impact", IDS)),
            (
                FeatureImpactSensor(task_id="t", **IDS, status_id="s"),
                JobRef("feature_impact", {**IDS, "status_id": "s"}),
            ),
            (
                VectorDatabaseValidationSensor(task_id="t", validation_id="x"),
                JobRef("vector_database_validation", {"validation_id": "x"}),
            ),
        ],
    )
    def test_it_is_named_by_the_arguments(self, sensor, ref):
        assert sensor.ref() == ref

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            ("s", "task_status"),
            (" s ", "task_status"),
            ("/api/v2/status/s/", "task_status"),
            (f"{ORIGIN}/api/v2/status/s/", "task_status"),
            (f"{ORIGIN}/api/v2/status/s", "task_status"),
            ("/api/v2/genai/status/s/", "genai_task_status"),
            (f"{ORIGIN}/api/v2/genai/status/s/", "genai_task_status"),
        ],
    )
    def test_a_status_record_is_named_by_location_url_or_id(self, api, status, kind):
        assert DataRobotStatusSensor(task_id="t", status=status).ref() == JobRef(kind, {"status_id": "s"})

    def test_a_bare_id_may_be_one_of_the_genai_routes(self, api):
        assert DataRobotStatusSensor(task_id="t", status="s", genai=True).ref().kind == "genai_task_status"

    @pytest.mark.parametrize(
        ("status", "words"),
        [
            ("https://evil.example/api/v2/status/s/", "which is not on the host of the connection"),
            ("http://datarobot.example/api/v2/status/s/", "which is not on the host of the connection"),
            (f"{ORIGIN}:8443/api/v2/status/s/", "which is not on the host of the connection"),
            (f"{ORIGIN}/api/v2/customModels/s/", "neither an id nor the URL"),
            ("status/s/", "neither an id nor the URL"),
            (f"{ORIGIN}/api/v2/status/../customModels/", "neither an id nor the URL"),
        ],
    )
    def test_a_status_that_is_no_record_of_ours_is_refused(self, api, context, status, words):
        with pytest.raises(AirflowFailException, match=words):
            DataRobotStatusSensor(task_id="t", status=status).execute(context)
        assert api.requests == []


class TestPoking:
    @pytest.mark.parametrize(
        "poll",
        [state("processing"), state("PONDERING"), TransportError("blip", reason="lost", sent=True), response(500)],
    )
    def test_a_job_that_goes_on_is_poked_again(self, api, context, poll):
        api.on("GET", BUILD, poll)
        assert not build().poke(context).is_done
        assert len(api.requests) == 1

    def test_a_job_that_is_done_gives_its_result(self, api, context):
        api.on("GET", BUILD, state("success"))
        done = build().poke(context)
        assert (done.is_done, done.xcom_value) == (True, {"buildStatus": "success"})

    @pytest.mark.parametrize(
        ("poll", "words"),
        [
            (state("failed"), "The dependency build failed"),
            (response(422, {}), "was cancelled in DataRobot"),
            (response(404), "no longer exists"),
            (response(403), "cannot be polled"),
        ],
    )
    def test_a_job_that_ended_badly_fails_at_once_for_looking_again_heals_nothing(self, api, context, poll, words):
        api.on("GET", BUILD, poll)
        api.on("GET", LOG, response(200, b"the last line\n"))
        with pytest.raises(AirflowFailException, match=words) as caught:
            build().execute(context)
        assert ("  | the last line" in str(caught.value)) is ("failed" in words)
        assert f"See: {ORIGIN}/registry" in str(caught.value)
        assert api.sent("DELETE") == []

    def test_waiting_on_the_worker_looks_until_it_is_done(self, api, context):
        api.on("GET", BUILD, state("submitted"), state("processing"), state("success"), state("success"))
        assert build(poke_interval=0.01).execute(context) == {"buildStatus": "success"}

    @pytest.mark.parametrize("deferrable", [False, True])
    def test_a_soft_failure_is_a_skip(self, api, context, deferrable):
        api.on("GET", BUILD, state("failed"))
        api.on("GET", LOG, response(404))
        with pytest.raises(AirflowSkipException):
            build(soft_fail=True, deferrable=deferrable).execute(context)


class TestDeferring:
    def test_a_job_that_goes_on_is_left_to_the_trigger_after_one_look(self, api, context):
        api.on("GET", BUILD, state("processing"))
        with pytest.raises(TaskDeferred) as caught:
            build(deferrable=True, poke_interval=7, timeout=100).execute(context)
        kwargs = caught.value.trigger.serialize()[1]
        assert JobRef.loads(kwargs["ref"]) == REF
        assert (kwargs["poll_interval"], kwargs["cancel_on_kill"]) == (7.0, False)
        assert caught.value.timeout.total_seconds() == 700
        assert len(api.requests) == 1
        assert TOKEN not in json.dumps(kwargs)

    def test_a_job_that_is_done_needs_no_trigger(self, api, context):
        api.on("GET", BUILD, state("success"))
        assert build(deferrable=True).execute(context) == {"buildStatus": "success"}

    def test_coming_back_gives_the_result(self, api, context):
        api.on("GET", BUILD, state("success"))
        event = JobEvent(REF, Verdict(Outcome.SUCCEEDED)).dump()
        assert build().execute_complete(context, event=event) == {"buildStatus": "success"}

    @pytest.mark.parametrize(
        ("outcome", "kind"),
        [
            (Outcome.FAILED, AirflowFailException),
            (Outcome.CANCELLED, AirflowFailException),
            (Outcome.EXPIRED, AirflowFailException),
            (Outcome.TIMED_OUT, AirflowSensorTimeout),
            (Outcome.POLLING_ERROR, AirflowException),
            (Outcome.POLLING_REFUSED, AirflowFailException),
        ],
    )
    def test_coming_back_from_a_bad_end_raises_what_airflow_wants(self, api, context, outcome, kind):
        api.on("GET", LOG, response(404))
        event = JobEvent(REF, Verdict(outcome, message="the server's words")).dump()
        with pytest.raises(AirflowException, match="the server's words") as caught:
            build().execute_complete(context, event=event)
        assert type(caught.value) is kind
        assert api.sent("DELETE") == []

    @pytest.mark.parametrize(
        "event", [None, {}, "", False, JobEvent(ref_of("model_test"), Verdict(Outcome.SUCCEEDED)).dump()]
    )
    def test_coming_back_without_a_proper_event_is_an_error(self, api, context, event):
        with pytest.raises(AirflowFailException, match=r"event|reference"):
            build().execute_complete(context, event=event)


class TestResults:
    @pytest.mark.parametrize(
        "answer",
        [
            response(303, location="https://internal.example/api/v2/customModels/m/"),
            response(body={"status": "COMPLETED"}),
        ],
    )
    def test_a_status_record_gives_the_address_of_what_was_made_on_our_own_host(self, api, context, answer):
        api.on("GET", "genai/status/s/", answer)
        result = DataRobotStatusSensor(task_id="t", status="s", genai=True).execute(context)
        assert result == (f"{ORIGIN}/api/v2/customModels/m/" if answer.status == 303 else None)

    def test_a_test_gives_its_record_and_shows_the_checks(self, api, context, task_log):
        checks = {"errorCheck": {"status": "succeeded", "message": ""}}
        api.on("GET", "customModelTests/t/", response(body={"overallStatus": "warning", "testingStatus": checks}))
        result = ModelTestSensor(task_id="t", custom_model_test_id="t").execute(context)
        assert result["overallStatus"] == "warning"
        assert "errorCheck  succeeded" in task_log()

    def test_a_test_that_warned_fails_if_so_told(self, api, context):
        api.on("GET", "customModelTests/t/", response(body={"overallStatus": "warning"}))
        api.on("GET", "customModelTests/t/tail/?lines=50", response(body={"log": "hm"}))
        with pytest.raises(AirflowException, match="ended with warnings"):
            ModelTestSensor(task_id="t", custom_model_test_id="t", fail_on_warning=True).execute(context)

    def test_a_test_that_failed_shows_its_checks(self, api, context):
        checks = {"errorCheck": {"status": "failed", "message": "no score()"}}
        api.on("GET", "customModelTests/t/", response(body={"overallStatus": "failed", "testingStatus": checks}))
        api.on("GET", "customModelTests/t/tail/?lines=50", response(body={"log": "hm"}))
        with pytest.raises(AirflowFailException, match=r"errorCheck  failed  no score\(\)"):
            ModelTestSensor(task_id="t", custom_model_test_id="t").execute(context)

    def test_an_impact_without_a_status_id_is_asked_for_itself(self, api, context):
        path = "customModels/m/versions/v/featureImpact/"
        api.on("GET", path, response(body={"featureImpacts": []}))
        assert FeatureImpactSensor(task_id="t", **IDS).execute(context) == {"featureImpacts": []}
        assert set(api.paths()) == {path}

    def test_a_validation_gives_its_record(self, api, context):
        path = "genai/customModelVectorDatabaseValidations/x/"
        api.on("GET", path, response(body={"validationStatus": "PASSED"}))
        sensor = VectorDatabaseValidationSensor(task_id="t", validation_id="x")
        assert sensor.execute(context) == {"validationStatus": "PASSED"}
