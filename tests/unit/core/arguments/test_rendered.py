"""Arguments from templates, from mapped tasks, and after a deferral."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from airflow.sdk import DAG

from datarobot_provider.exceptions import InputError
from datarobot_provider.jobs.events import JobEvent
from datarobot_provider.jobs.model import JobRef, Outcome, Verdict
from datarobot_provider.operators.custom_models import CreateCustomModelOperator, DeleteCustomModelOperator
from datarobot_provider.operators.dependency_builds import CancelDependencyBuildOperator, StartDependencyBuildOperator
from datarobot_provider.operators.guard_configurations import ApplyGuardConfigOperator
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.operators.request import DataRobotRequestOperator
from datarobot_provider.sensors.dependency_builds import DependencyBuildSensor
from datarobot_provider.sensors.model_tests import ModelTestSensor
from datarobot_provider.triggers.job import DataRobotJobTrigger
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.support.airflow import TaskDeferred
from tests.unit.jobs.scripted_waits import ref_of
from tests.unit.support import response

IDS = {"custom_model_id": "m", "custom_model_version_id": "v"}
BUILD = "customModels/m/versions/v/dependencyBuild/"
REF = ref_of("dependency_build")
HEX = "64e000000000000000000001"
PARAMS = {
    "id": HEX,
    "wait": False,
    "labels": ["a", "it's"],
    "config": {"refName": "main", "commitUrl": None},
    "numbers": [1.0, 2.0],
}


@pytest.fixture(params=[False, True], ids=["plain", "native"])
def render(request):
    """Return a function that renders the templates of a task, with and without native types."""

    def run(operator, **given):
        with DAG("d", schedule=None, render_template_as_native_obj=request.param):
            task = operator(task_id="t", **given)
        task.render_template_fields({"params": PARAMS})
        return task

    run.native = request.param
    return run


def build(**given):
    return StartDependencyBuildOperator(task_id="t", **IDS, **given)


def script(api, *polls):
    api.on("POST", BUILD, response(202, {"buildStatus": "submitted"}))
    api.on("GET", BUILD, *polls)
    api.on("GET", BUILD.replace("Build/", "BuildLog/"), response(200, b"log"))
    api.on("DELETE", BUILD, response(204))


def state(status):
    return response(body={"buildStatus": status})


def create(api, context, task):
    """Run an operator that creates a model; return the payload."""
    api.on("GET", "customModels/", response(body={"data": []}))
    api.on("POST", "customModels/", response(201, {"id": "m"}))
    task.execute(context)
    return api.sent("POST")[0].json


class TestTemplates:
    def test_list_and_object_are_converted(self, api, context, render):
        task = render(
            CreateCustomModelOperator,
            name="n",
            class_labels="{{ params.labels }}",
            git_model_version="{{ params.config }}",
        )
        sent = create(api, context, task)
        assert (sent["classLabels"], sent["gitModelVersion"]) == (PARAMS["labels"], PARAMS["config"])

    def test_labels_that_are_floats_are_refused(self, api, context, render):
        task = render(CreateCustomModelOperator, name="n", class_labels="{{ params.numbers }}")
        with pytest.raises(
            AirflowFailException, match=r"^class_labels\[0\] should be a string, but is a float\..*quote"
        ):
            task.execute(context)
        assert api.requests == []

    def test_id_that_native_rendering_converts_to_a_float_is_refused(self, api, context, render):
        task = render(DeleteCustomModelOperator, custom_model_id="{{ params.id }}")
        api.on("DELETE", f"customModels/{HEX}/", response(204))
        if render.native:
            with pytest.raises(
                AirflowFailException, match=r"^custom_model_id should be an id, but is a float\..*quote it"
            ):
                task.execute(context)
            assert api.requests == []
            task = render(DeleteCustomModelOperator, custom_model_id="'{{ params.id }}'")
        task.execute(context)
        assert api.paths("DELETE") == [f"customModels/{HEX}/"]

    def test_json_body_is_converted(self, api, context, render):
        api.on("POST", "x/", response(200, {}))
        render(DataRobotRequestOperator, path="x/", method="POST", json="{{ params.config }}").execute(context)
        assert api.requests[0].json == PARAMS["config"]

    def test_json_body_that_is_plain_text_is_refused(self, api, context, render):
        task = render(DataRobotRequestOperator, path="x/", method="POST", json="{{ params.id }}:")
        with pytest.raises(AirflowFailException, match=r"^json should be an object or a list, but is a str\..*tojson"):
            task.execute(context)
        assert api.requests == []

    def test_task_ends_at_once_without_wait_for_completion(self, api, context, render):
        script(api, state("processing"))
        task = render(StartDependencyBuildOperator, **IDS, wait_for_completion="{{ params.wait }}")
        assert task.execute(context) == "v"
        assert len(api.paths()) == 1, "whether a build runs already"

    def test_job_is_not_cancelled_after_the_timeout_without_cancel_on_kill(self, api, context, render):
        script(api, state("processing"))
        task = render(
            StartDependencyBuildOperator,
            **IDS,
            cancel_on_kill="{{ params.wait }}",
            timeout="{{ 0 }}",
            poll_interval="5",
        )
        with pytest.raises(AirflowException, match="did not end before the timeout"):
            task.execute(context)
        assert api.sent("DELETE") == []

    def test_missing_resource_fails_without_ignore_if_missing(self, api, context, render):
        api.on("DELETE", "customModels/m/", response(404, {"message": "gone"}))
        task = render(DeleteCustomModelOperator, custom_model_id="m", ignore_if_missing="{{ params.wait }}")
        with pytest.raises(AirflowFailException, match="gone"):
            task.execute(context)


@pytest.mark.parametrize("value", ["False", "false ", False])
class TestFalse:
    def test_killed_task_does_not_cancel_the_job(self, api, value):
        script(api, state("processing"))
        task = build(cancel_on_kill=value)
        task._running = REF
        task.on_kill()
        assert api.requests == []

    def test_trigger_receives_cancel_on_kill(self, api, context, value):
        script(api, state("processing"))
        with pytest.raises(TaskDeferred) as caught:
            build(deferrable="True", cancel_on_kill=value).execute(context)
        assert caught.value.trigger.serialize()[1]["cancel_on_kill"] is False

    async def _killed(self, value):
        trigger = DataRobotJobTrigger(REF.dumps(), "datarobot_default", 0.0, cancel_on_kill=value)
        await trigger.on_kill()

    def test_trigger_with_a_string_does_not_cancel_the_job(self, api, value):
        asyncio.run(self._killed(value))
        assert api.requests == []

    def test_timeout_in_the_triggerer_does_not_cancel_the_job(self, api, context, value):
        """The task resumes as another instance, whose templates are rendered again."""
        script(api, state("processing"))
        event = json.loads(json.dumps(JobEvent(REF, Verdict(Outcome.TIMED_OUT)).dump()))
        with pytest.raises(AirflowException, match="The timeout was 1 minute"):
            build(cancel_on_kill=value, timeout="60").execute_complete(context, event=event)
        assert api.sent("DELETE") == []

    def test_task_waits_on_the_worker_without_deferrable(self, api, context, value):
        script(api, state("success"))
        assert build(deferrable=value, wait_for_completion="TRUE").execute(context) == {"buildStatus": "success"}

    def test_cancellation_of_an_ended_job_fails_without_ignore_if_over(self, api, context, value):
        api.on("DELETE", BUILD, response(422, {"message": "over"}))
        with pytest.raises(AirflowFailException, match="over"):
            CancelDependencyBuildOperator(task_id="t", **IDS, ignore_if_over=value).execute(context)

    def test_warnings_do_not_fail_the_sensor_without_fail_on_warning(self, api, context, value):
        warned = {"overallStatus": "warning", "testingStatus": {}}
        api.on("GET", "customModelTests/x/", response(body=warned))
        task = ModelTestSensor(task_id="t", custom_model_test_id="x", fail_on_warning=value)
        assert task.execute(context) == warned

    def test_failed_test_is_returned_without_raise_on_failure(self, api, context, value):
        test = {"overallStatus": "failed", "testingStatus": {}}
        api.on("GET", "customModelTests/x/", response(body=test))
        api.on("GET", "customModelTests/x/tail/?lines=50", response(200, b""))
        event = JobEvent(JobRef("model_test", {"custom_model_test_id": "x"}), Verdict(Outcome.FAILED)).dump()
        task = RunModelTestOperator(task_id="t", **IDS, raise_on_failure=value)
        assert task.execute_complete(context, event=json.loads(json.dumps(event))) == test

    def test_sensor_fails_without_soft_fail(self, api, context, value):
        script(api, state("failed"))
        with pytest.raises(AirflowFailException, match="failed"):
            DependencyBuildSensor(task_id="t", **IDS, soft_fail=value, never_fail=value).execute(context)


def test_task_killed_before_rendering_does_not_cancel_the_job(api):
    task = build(cancel_on_kill="{{ params.wait }}")
    task._running = REF
    task.on_kill()
    assert api.requests == []


def test_killed_task_cancels_the_job_with_cancel_on_kill(api):
    script(api, state("processing"))
    task = build(cancel_on_kill=" TRUE ")
    task._running = REF
    task.on_kill()
    assert api.paths("DELETE") == [BUILD]


@pytest.mark.parametrize("given", ["5", " 5 ", timedelta(seconds=5), 5])
@pytest.mark.parametrize("task", [StartDependencyBuildOperator, DependencyBuildSensor])
def test_trigger_receives_the_interval_as_a_number(api, context, task, given):
    script(api, state("processing"))
    name = "poke_interval" if task is DependencyBuildSensor else "poll_interval"
    with pytest.raises(TaskDeferred) as caught:
        task(task_id="t", **IDS, deferrable=True, **{name: given}, timeout=given).execute(context)
    assert caught.value.trigger.serialize()[1]["poll_interval"] == 5.0


def test_retry_resumes_the_job_if_an_id_ends_with_a_line_break(api, context, ti):
    script(api, state("processing"), state("processing"), state("success"))
    given = {"custom_model_id": "m\n", "custom_model_version_id": " v"}
    with pytest.raises(TaskDeferred):
        StartDependencyBuildOperator(task_id="t", **given, deferrable=True).execute(context)
    ti.retry()
    StartDependencyBuildOperator(task_id="t", **given).execute(context)
    assert len(api.sent("POST")) == 1


def test_result_of_a_mapped_task_is_converted_to_a_list(api, context, monkeypatch):
    """Airflow's lazy sequence, with fixed items instead of a request to the supervisor."""
    lazy_sequence = pytest.importorskip("airflow.sdk.execution_time.lazy_sequence")
    sequence = lazy_sequence.LazyXComSequence(xcom_arg=None, ti=None)
    monkeypatch.setattr(lazy_sequence.LazyXComSequence, "__getitem__", lambda _, index: ["a", "b"][index])
    monkeypatch.setattr(lazy_sequence.LazyXComSequence, "__len__", lambda _: 2)
    task = CreateCustomModelOperator(task_id="t", name="n", class_labels=sequence, git_model_version={"refs": sequence})
    sent = create(api, context, task)
    assert (sent["classLabels"], sent["gitModelVersion"]) == (["a", "b"], {"refs": ["a", "b"]})


class TestMapped:
    def unmap(self, operator, partial, **mapped):
        with DAG("d", schedule=None):
            task = operator.partial(task_id="t", **partial).expand(**{name: [value] for name, value in mapped.items()})
        return task.unmap(mapped)

    def test_strings_are_converted_in_mapped_tasks(self, api, context):
        script(api, state("processing"))
        partial = {**IDS, "wait_for_completion": "{{ params.wait }}", "deferrable": "False"}
        task = self.unmap(StartDependencyBuildOperator, partial, cancel_on_kill="False")
        task.render_template_fields({"params": PARAMS})
        assert (task.deferrable, task.execute(context)) == (False, "v")
        assert len(api.paths()) == 1, "whether a build runs already"

    def test_template_in_deferrable_is_refused(self, api):
        with pytest.raises(InputError, match=r"^deferrable cannot be a template"):
            self.unmap(StartDependencyBuildOperator, IDS, deferrable="{{ params.wait }}")
        assert api.requests == []


class OperatorWithOwnArguments(StartDependencyBuildOperator):
    """Operator of a user with additional template fields."""

    template_fields = (*StartDependencyBuildOperator.template_fields, "note", "ticket_id")

    def __init__(self, *, note="", ticket_id=None, **given):
        super().__init__(**given)
        self.note, self.ticket_id = note, ticket_id


@pytest.mark.parametrize("own", [{"note": ""}, {"note": "None"}, {"ticket_id": "https://tickets/X-1"}])
def test_arguments_of_a_user_subclass_are_not_checked(own):
    task = OperatorWithOwnArguments(task_id="t", **IDS, **own)
    task.check()
    assert {name: getattr(task, name) for name in own} == own


def test_arguments_of_the_package_are_checked_in_a_user_subclass():
    with pytest.raises(InputError, match="custom_model_id rendered to ''"):
        OperatorWithOwnArguments(task_id="t", **{**IDS, "custom_model_id": ""}).check()
    with pytest.raises(InputError, match="custom_model_id should be an id"):
        OperatorWithOwnArguments(task_id="t", **{**IDS, "custom_model_id": "a/b"}).check()


def test_error_names_the_element_without_its_value():
    with pytest.raises(
        InputError, match=r"^guards should be a list of objects, but is a list whose element \[1\] is a str\.$"
    ):
        ApplyGuardConfigOperator(task_id="t", custom_model_id="m", guards=[{"name": "g"}, "sk-secret"]).check()


def test_error_for_none_in_a_list_has_its_own_advice():
    with pytest.raises(InputError, match=r"class_labels\[1\] should be a string, but is None\. Omit the argument"):
        CreateCustomModelOperator(task_id="t", name="n", class_labels=["a", None]).check()
