"""Tasks that wait on the worker because a deferral would skip the code after the wait."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from datarobot_provider.core import deferral
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.sensors.dependency_builds import DependencyBuildSensor
from tests.support.airflow import TaskDeferred
from tests.unit.operators.builds import BUILD, IDS, build, script, state
from tests.unit.support import response

OTHER = "customModels/m/versions/w/dependencyBuild/"
RESULTS = {"v": "success", "w": "success"}


class BothVersions(StartDependencyBuildOperator):
    """Operator of a user that builds several versions in one task."""

    def execute(self, context):
        results = {}
        for version in ("v", "w"):
            self.custom_model_version_id = version
            results[version] = super().execute(context)["buildStatus"]
        return results


class BothVersionsResumable(BothVersions):
    """Operator of a user that also overrides ``execute_complete()``."""

    def execute_complete(self, context, event=None, **more):
        return super().execute_complete(context, event, **more)


class SensorWithMore(DependencyBuildSensor):
    """Sensor of a user with code after the wait."""

    def execute(self, context):
        return super().execute(context), "and more"


@pytest.fixture
def builds(api):
    """Let the API build two versions."""
    for path in (BUILD, OTHER):
        api.on("POST", path, response(202, {"buildStatus": "submitted"}))
        api.on("GET", path, response(422, {}), state("processing"), state("success"))


def test_loop_over_a_deferrable_operator_waits_on_the_worker(builds, api, context, task_log):
    task = BothVersions(task_id="t", **IDS, deferrable=True, poll_interval=0.1)
    assert task.execute(context) == RESULTS
    assert len(api.sent("POST")) == 2
    assert "deferrable is ignored: BothVersions overrides execute()" in task_log()


def test_operator_that_overrides_execute_complete_is_deferred(builds, context):
    with pytest.raises(TaskDeferred):
        BothVersionsResumable(task_id="t", **IDS, deferrable=True).execute(context)


def test_operator_executed_by_another_task_waits_on_the_worker(api, context, ti, task_log):
    script(api, state("success"), state("processing"), state("success"))
    ti.task = SimpleNamespace(task_id="function")
    assert build(deferrable=True, poll_interval=0.1).execute(context) == {"buildStatus": "success"}
    assert "the task function calls execute() of StartDependencyBuildOperator" in task_log()


def test_copy_of_the_task_is_deferred(api, context, ti):
    script(api, state("processing"))
    ti.task = build(deferrable=True)
    with pytest.raises(TaskDeferred):
        build(deferrable=True).execute(context)


@pytest.mark.parametrize(
    ("told", "cancels", "lines"), [(False, True, 1), (False, False, 0), (True, True, 0)], ids=["3.2", "off", "3.3"]
)
def test_kill_that_airflow_does_not_report_is_logged(api, context, task_log, monkeypatch, told, cancels, lines):
    monkeypatch.setattr(deferral, "triggers_are_killed", lambda: told)
    script(api, state("processing"))
    with pytest.raises(TaskDeferred):
        build(deferrable=True, cancel_on_kill=cancels).execute(context)
    assert task_log().count("does not tell a trigger that its task was killed") == lines


def sensor(kind=DependencyBuildSensor):
    return kind(task_id="s", **IDS, deferrable=True, poke_interval=0.1)


def test_sensor_executed_by_another_task_pokes(api, context, ti):
    script(api, state("processing"), state("success"))
    ti.task = SimpleNamespace(task_id="function")
    assert sensor().execute(context) == {"buildStatus": "success"}


def test_sensor_that_overrides_execute_pokes(api, context, task_log):
    script(api, state("processing"), state("success"))
    assert sensor(SensorWithMore).execute(context) == ({"buildStatus": "success"}, "and more")
    assert "SensorWithMore overrides execute()" in task_log()
