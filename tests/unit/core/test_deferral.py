"""A wait that cannot be deferred without losing what comes after it stays on the worker, and the log says so."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.sensors.dependency_builds import DependencyBuildSensor
from tests.unit.operators.builds import BUILD, IDS, build, script, state
from tests.unit.support import response

try:
    from airflow.sdk.exceptions import TaskDeferred
except ImportError:
    from airflow.exceptions import TaskDeferred

OTHER = "customModels/m/versions/w/dependencyBuild/"
RESULTS = {"v": "success", "w": "success"}


class BothVersions(StartDependencyBuildOperator):
    """What a user writes to build several versions in one task."""

    def execute(self, context):
        results = {}
        for version in ("v", "w"):
            self.custom_model_version_id = version
            results[version] = super().execute(context)["buildStatus"]
        return results


class BothAndResumed(BothVersions):
    """An operator of a user who knows how to go on after a deferral."""

    def execute_complete(self, context, event=None, **more):
        return super().execute_complete(context, event, **more)


class Patient(DependencyBuildSensor):
    """A sensor of a user that does something after the wait."""

    def execute(self, context):
        return super().execute(context), "and more"


@pytest.fixture
def builds(api):
    """Let the API build two versions."""
    for path in (BUILD, OTHER):
        api.on("POST", path, response(202, {"buildStatus": "submitted"}))
        api.on("GET", path, response(422, {}), state("processing"), state("success"))


def test_a_loop_over_a_deferrable_operator_does_every_call(builds, api, context, task_log):
    task = BothVersions(task_id="t", **IDS, deferrable=True, poll_interval=0.1)
    assert task.execute(context) == RESULTS
    assert len(api.sent("POST")) == 2
    assert "deferrable is ignored: BothVersions overrides execute()" in task_log()


def test_an_operator_with_an_execute_complete_of_its_own_is_deferred(builds, context):
    with pytest.raises(TaskDeferred):
        BothAndResumed(task_id="t", **IDS, deferrable=True).execute(context)


def test_an_operator_that_another_task_executes_waits_on_the_worker(api, context, ti, task_log):
    script(api, state("success"), state("processing"), state("success"))
    ti.task = SimpleNamespace(task_id="function")
    assert build(deferrable=True, poll_interval=0.1).execute(context) == {"buildStatus": "success"}
    assert "the task function calls execute() of StartDependencyBuildOperator" in task_log()


def test_the_task_itself_is_deferred_also_as_a_copy(api, context, ti):
    script(api, state("processing"))
    ti.task = build(deferrable=True)
    with pytest.raises(TaskDeferred):
        build(deferrable=True).execute(context)


def sensor(kind=DependencyBuildSensor):
    return kind(task_id="s", **IDS, deferrable=True, poke_interval=0.1)


def test_a_sensor_that_another_task_executes_pokes(api, context, ti):
    script(api, state("processing"), state("success"))
    ti.task = SimpleNamespace(task_id="function")
    assert sensor().execute(context) == {"buildStatus": "success"}


def test_a_sensor_with_an_execute_of_its_own_pokes(api, context, task_log):
    script(api, state("processing"), state("success"))
    assert sensor(Patient).execute(context) == ({"buildStatus": "success"}, "and more")
    assert "Patient overrides execute()" in task_log()
