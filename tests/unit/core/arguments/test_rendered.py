"""Arguments as they come out of templates, mapped tasks and other instances of a task than the one that started."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

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
from tests.unit.jobs.walks import ref_of
from tests.unit.support import response

try:
    from airflow.sdk import DAG
    from airflow.sdk.exceptions import TaskDeferred
except ImportError:
    from airflow import DAG
    from airflow.exceptions import TaskDeferred

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
    """Render the templates of a task, in the one way and in the other."""

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


def state(word):
    return response(body={"buildStatus": word})


def create(api, context, task):
    """Run an operator that makes a model; return what it sent."""
    api.on("GET", "customModels/", response(body={"data": []}))
    api.on("POST", "customModels/", response(201, {"id": "m"}))
    task.execute(context)
    return api.sent("POST")[0].json


class TestTemplates:
    def test_a_list_and_an_object_are_read(self, api, context, render):
        task = render(
            CreateCustomModelOperator,
            name="n",
            class_labels="{{ params.labels }}",
            git_model_version="{{ params.config }}",
        )
        sent = create(api, context, task)
        assert (sent["classLabels"], sent["gitModelVersion"]) == (PARAMS["labels"], PARAMS["config"])

    def test_labels_that_are_numbers_are_refused_for_their_spelling_is_lost(self, api, context, render):
        task = render(CreateCustomModelOperator, name="n", class_labels="{{ params.numbers }}")
        with pytest.raises(AirflowFailException, match=r"^class_labels\[0\] should be a text, but is a float\..*quote"):
            task.execute(context)
        assert api.requests == []

    def test_an_id_that_native_rendering_takes_for_a_number_is_refused_with_the_way_out(self, api, context, render):
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

    def test_a_body_is_read(self, api, context, render):
        api.on("POST", "x/", response(200, {}))
        render(DataRobotRequestOperator, path="x/", method="POST", json="{{ params.config }}").execute(context)
        assert api.requests[0].json == PARAMS["config"]

    def test_a_body_that_spells_nothing_is_refused(self, api, context, render):
        task = render(DataRobotRequestOperator, path="x/", method="POST", json="{{ params.id }}:")
        with pytest.raises(AirflowFailException, match=r"^json should be an object or a list, but is a str\..*tojson"):
            task.execute(context)
        assert api.requests == []

    def test_a_wait_that_is_not_wanted_holds_no_worker(self, api, context, render):
        script(api, state("processing"))
        task = render(StartDependencyBuildOperator, **IDS, wait_for_completion="{{ params.wait }}")
        assert task.execute(context) == "v"
        assert len(api.paths()) == 1, "whether a build runs already"

    def test_a_job_that_is_to_go_on_is_not_cancelled(self, api, context, render):
        script(api, state("processing"))
        task = render(
            StartDependencyBuildOperator,
            **IDS,
            cancel_on_kill="{{ params.wait }}",
            timeout="{{ 0 }}",
            poll_interval="5",
        )
        with pytest.raises(AirflowException, match="did not end in time"):
            task.execute(context)
        assert api.sent("DELETE") == []

    def test_what_is_missing_is_not_ignored(self, api, context, render):
        api.on("DELETE", "customModels/m/", response(404, {"message": "gone"}))
        task = render(DeleteCustomModelOperator, custom_model_id="m", ignore_if_missing="{{ params.wait }}")
        with pytest.raises(AirflowFailException, match="gone"):
            task.execute(context)


@pytest.mark.parametrize("value", ["False", "false ", False])
class TestFalse:
    def test_a_kill_cancels_nothing(self, api, value):
        script(api, state("processing"))
        task = build(cancel_on_kill=value)
        task._running = REF
        task.on_kill()
        assert api.requests == []

    def test_the_trigger_is_told_so(self, api, context, value):
        script(api, state("processing"))
        with pytest.raises(TaskDeferred) as caught:
            build(deferrable="True", cancel_on_kill=value).execute(context)
        assert caught.value.trigger.serialize()[1]["cancel_on_kill"] is False

    async def _killed(self, value):
        trigger = DataRobotJobTrigger(REF.dumps(), "datarobot_default", 0.0, cancel_on_kill=value)
        await trigger.on_kill()

    def test_a_trigger_that_was_given_a_string_cancels_nothing(self, api, value):
        asyncio.run(self._killed(value))
        assert api.requests == []

    def test_a_wait_that_runs_out_in_the_triggerer_cancels_nothing(self, api, context, value):
        """The task comes back as another instance, whose templates are rendered anew."""
        script(api, state("processing"))
        event = json.loads(json.dumps(JobEvent(REF, Verdict(Outcome.TIMED_OUT)).dump()))
        with pytest.raises(AirflowException, match="The timeout was 1 minute"):
            build(cancel_on_kill=value, timeout="60").execute_complete(context, event=event)
        assert api.sent("DELETE") == []

    def test_a_job_is_waited_for_on_the_worker(self, api, context, value):
        script(api, state("success"))
        assert build(deferrable=value, wait_for_completion="TRUE").execute(context) == {"buildStatus": "success"}

    def test_a_cancellation_that_comes_too_late_fails(self, api, context, value):
        api.on("DELETE", BUILD, response(422, {"message": "over"}))
        with pytest.raises(AirflowFailException, match="over"):
            CancelDependencyBuildOperator(task_id="t", **IDS, ignore_if_over=value).execute(context)

    def test_a_warning_is_no_failure(self, api, context, value):
        warned = {"overallStatus": "warning", "testingStatus": {}}
        api.on("GET", "customModelTests/x/", response(body=warned))
        task = ModelTestSensor(task_id="t", custom_model_test_id="x", fail_on_warning=value)
        assert task.execute(context) == warned

    def test_a_failed_test_is_returned_after_a_deferral_too(self, api, context, value):
        test = {"overallStatus": "failed", "testingStatus": {}}
        api.on("GET", "customModelTests/x/", response(body=test))
        api.on("GET", "customModelTests/x/tail/?lines=50", response(200, b""))
        event = JobEvent(JobRef("model_test", {"custom_model_test_id": "x"}), Verdict(Outcome.FAILED)).dump()
        task = RunModelTestOperator(task_id="t", **IDS, raise_on_failure=value)
        assert task.execute_complete(context, event=json.loads(json.dumps(event))) == test

    def test_a_sensor_fails_instead_of_being_skipped(self, api, context, value):
        script(api, state("failed"))
        with pytest.raises(AirflowFailException, match="failed"):
            DependencyBuildSensor(task_id="t", **IDS, soft_fail=value, never_fail=value).execute(context)


def test_a_kill_before_the_templates_are_rendered_cancels_nothing(api):
    task = build(cancel_on_kill="{{ params.wait }}")
    task._running = REF
    task.on_kill()
    assert api.requests == []


def test_true_cancels(api):
    script(api, state("processing"))
    task = build(cancel_on_kill=" TRUE ")
    task._running = REF
    task.on_kill()
    assert api.paths("DELETE") == [BUILD]


@pytest.mark.parametrize("given", ["5", " 5 ", timedelta(seconds=5), 5])
@pytest.mark.parametrize("task", [StartDependencyBuildOperator, DependencyBuildSensor])
def test_the_pause_between_polls_reaches_the_trigger_as_a_number(api, context, task, given):
    script(api, state("processing"))
    name = "poke_interval" if task is DependencyBuildSensor else "poll_interval"
    with pytest.raises(TaskDeferred) as caught:
        task(task_id="t", **IDS, deferrable=True, **{name: given}, timeout=given).execute(context)
    assert caught.value.trigger.serialize()[1]["poll_interval"] == 5.0


def test_an_id_with_a_line_break_at_its_end_is_the_same_job_on_a_retry(api, context, ti):
    script(api, state("processing"), state("processing"), state("success"))
    given = {"custom_model_id": "m\n", "custom_model_version_id": " v"}
    with pytest.raises(TaskDeferred):
        StartDependencyBuildOperator(task_id="t", **given, deferrable=True).execute(context)
    ti.retry()
    StartDependencyBuildOperator(task_id="t", **given).execute(context)
    assert len(api.sent("POST")) == 1


def test_what_a_mapped_task_returned_is_a_list(api, context, monkeypatch):
    """Airflow's own lazy sequence, with its items in the place of those that its supervisor would send."""
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

    def test_strings_are_converted_in_each_instance(self, api, context):
        script(api, state("processing"))
        partial = {**IDS, "wait_for_completion": "{{ params.wait }}", "deferrable": "False"}
        task = self.unmap(StartDependencyBuildOperator, partial, cancel_on_kill="False")
        task.render_template_fields({"params": PARAMS})
        assert (task.deferrable, task.execute(context)) == (False, "v")
        assert len(api.paths()) == 1, "whether a build runs already"

    def test_a_template_where_airflow_needs_a_value_is_refused_before_anything_is_sent(self, api):
        with pytest.raises(InputError, match=r"^deferrable is needed before templates are rendered"):
            self.unmap(StartDependencyBuildOperator, IDS, deferrable="{{ params.wait }}")
        assert api.requests == []


class WithOwnArguments(StartDependencyBuildOperator):
    """What a user writes who templates arguments of her own."""

    template_fields = (*StartDependencyBuildOperator.template_fields, "note", "ticket_id")

    def __init__(self, *, note="", ticket_id=None, **given):
        super().__init__(**given)
        self.note, self.ticket_id = note, ticket_id


@pytest.mark.parametrize("own", [{"note": ""}, {"note": "None"}, {"ticket_id": "https://tickets/X-1"}])
def test_an_argument_that_a_users_subclass_adds_may_hold_anything(own):
    task = WithOwnArguments(task_id="t", **IDS, **own)
    task.check()
    assert {name: getattr(task, name) for name in own} == own


def test_an_argument_of_ours_is_still_checked_in_a_users_subclass():
    with pytest.raises(InputError, match="custom_model_id rendered to ''"):
        WithOwnArguments(task_id="t", **{**IDS, "custom_model_id": ""}).check()
    with pytest.raises(InputError, match="custom_model_id should be an id"):
        WithOwnArguments(task_id="t", **{**IDS, "custom_model_id": "a/b"}).check()


def test_an_element_that_is_no_object_is_named_and_not_shown():
    with pytest.raises(
        InputError, match=r"^guards should be a list of objects, but is a list whose element \[1\] is a str\.$"
    ):
        ApplyGuardConfigOperator(task_id="t", custom_model_id="m", guards=[{"name": "g"}, "sk-secret"]).check()


def test_none_in_a_list_is_not_blamed_on_native_rendering():
    with pytest.raises(InputError, match=r"class_labels\[1\] should be a text, but is None\. Leave it out"):
        CreateCustomModelOperator(task_id="t", name="n", class_labels=["a", None]).check()
