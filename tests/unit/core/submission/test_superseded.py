"""Cancellation of the job of a cleared task: once, and before the next job starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from datarobot_provider.core.submission import superseded
from datarobot_provider.core.submission.record import SubmissionRecord
from datarobot_provider.exceptions import ConfigurationError, TransportError
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.vector_databases import ValidateVectorDatabaseOperator
from tests.unit.jobs.scripted_waits import ref_of
from tests.unit.support import response

if TYPE_CHECKING:
    from datarobot_provider.core.job_operator import DataRobotJobOperator

from tests.support.airflow import TaskDeferred

IDS = {"custom_model_id": "m", "custom_model_version_id": "v"}
BUILD = "customModels/m/versions/v/dependencyBuild/"
VALIDATIONS = "genai/customModelVectorDatabaseValidations/"
RUNS, DONE, STOPPED = (
    response(body={"buildStatus": "processing"}),
    response(body={"buildStatus": "success"}),
    response(422, {"message": "not started"}),
)


@pytest.fixture
def cleared(context, ti):
    """Return a function that clears a task after it has started a job."""

    def clear(task: DataRobotJobOperator, ref: JobRef) -> None:
        SubmissionRecord.load_or_create(context, task).save_result(ref)
        ti.clear()

    return clear


def script(api, *polls, delete=None):
    api.on("GET", BUILD, *polls)
    api.on("DELETE", BUILD, delete or response(204))
    api.on("POST", BUILD, response(202, {"buildStatus": "submitted"}))


def methods(api):
    return [request.method for request in api.requests]


def build(**given):
    return StartDependencyBuildOperator(task_id="t", **IDS, **given)


def test_running_job_is_cancelled_before_a_new_one_starts(api, context, cleared, task_log):
    cleared(build(), ref_of("dependency_build"))
    script(api, RUNS, STOPPED, DONE)
    assert build().execute(context) == {"buildStatus": "success"}
    assert methods(api)[:4] == ["GET", "DELETE", "GET", "GET"]
    assert methods(api)[4] == "POST"
    assert len(api.sent("DELETE")) == len(api.sent("POST")) == 1
    assert "The task was cleared while its dependency build was running." in task_log()
    assert "The dependency build was cancelled in DataRobot." in task_log()


@pytest.mark.parametrize(
    "poll",
    [DONE, STOPPED, response(body={"buildStatus": "failed"}), response(404)],
    ids=["done", "stopped", "failed", "gone"],
)
def test_job_that_is_not_running_is_not_cancelled(api, context, cleared, poll):
    cleared(build(), ref_of("dependency_build"))
    script(api, poll, DONE)
    assert build().execute(context) == {"buildStatus": "success"}
    assert methods(api)[:3] == ["GET", "GET", "POST"]
    assert api.sent("DELETE") == []


@pytest.mark.parametrize(
    "poll",
    [TransportError("lost", reason="lost", sent=True), response(500), response(403)],
    ids=["lost", "500", "refused"],
)
def test_job_in_an_unknown_state_is_cancelled(api, context, cleared, poll, task_log):
    """Cancelling a job that has ended has no effect."""
    cleared(build(), ref_of("dependency_build"))
    script(api, poll, DONE, delete=response(422, {"message": "it is over"}))
    assert build().execute(context) == {"buildStatus": "success"}
    assert len(api.sent("DELETE")) == len(api.sent("POST")) == 1
    assert "The dependency build had already ended" in task_log()


def test_job_is_left_running_without_cancel_on_kill(api, context, cleared, task_log):
    cleared(build(cancel_on_kill=False), ref_of("dependency_build"))
    script(api, RUNS, DONE)
    build(cancel_on_kill=False).execute(context)
    assert api.sent("DELETE") == []
    assert "The job is left running because cancel_on_kill is false." in task_log()


def test_request_is_sent_if_the_cancellation_fails(api, context, cleared, task_log):
    cleared(build(), ref_of("dependency_build"))
    script(api, RUNS, DONE, delete=response(403, {"message": "not yours"}))
    build().execute(context)
    assert methods(api)[:4] == ["GET", "DELETE", "GET", "POST"]
    assert "could not be cancelled and may still be running in DataRobot" in task_log()


def test_job_that_cannot_be_cancelled_is_logged(api, context, cleared, task_log):
    task = ValidateVectorDatabaseOperator(
        task_id="t", deployment_id="d", prompt_column_name="p", target_column_name="t"
    )
    cleared(task, ref_of("vector_database_validation"))
    api.on("GET", f"{VALIDATIONS}x/", response(body={"validationStatus": "TESTING"}))
    api.on("GET", VALIDATIONS, response(body={"data": []}))
    api.on("POST", VALIDATIONS, response(202, {"id": "y"}))
    api.on("GET", f"{VALIDATIONS}y/", response(body={"validationStatus": "PASSED"}))
    assert task.execute(context) == {"validationStatus": "PASSED"}
    assert "DataRobot cannot cancel a vector database validation. It is still running." in task_log()


def test_deferred_task_waits_for_its_trigger_to_cancel_the_job(api, context, cleared):
    cleared(build(), ref_of("dependency_build"))
    script(api, RUNS, STOPPED, RUNS)
    with pytest.raises(TaskDeferred):
        build(deferrable=True).execute(context)
    assert api.sent("DELETE") == []
    assert len(api.sent("POST")) == 1


def test_deferred_task_cancels_the_job_after_the_trigger_timeout(api, context, cleared, monkeypatch):
    monkeypatch.setattr(superseded, "TRIGGER_TIMEOUT", 0.0)
    cleared(build(), ref_of("dependency_build"))
    script(api, RUNS, RUNS, STOPPED, RUNS)
    with pytest.raises(TaskDeferred):
        build(deferrable=True).execute(context)
    assert len(api.sent("DELETE")) == len(api.sent("POST")) == 1


def test_killed_worker_does_not_cancel_the_new_job(api, context, cleared, ti):
    """Both builds of a version have the same path."""
    cleared(build(), ref_of("dependency_build"))
    script(api, RUNS, STOPPED, DONE)
    build(wait_for_completion=False).execute(context)
    api.on("GET", BUILD, RUNS, DONE)
    ti.retry()
    assert build().execute(context) == {"buildStatus": "success"}
    assert len(api.sent("DELETE")) == len(api.sent("POST")) == 1


def test_job_of_an_unknown_kind_is_left_running(api, context, cleared):
    cleared(build(), JobRef("kind_of_another_release", IDS))
    script(api, DONE)
    assert build().execute(context) == {"buildStatus": "success"}


def test_job_is_cancelled_once_per_task(api, context, cleared):
    """A second poll could mistake the new job of the first operator for the superseded one."""
    cleared(build(), ref_of("dependency_build"))
    script(api, RUNS, STOPPED)
    superseded.cancel_superseded_jobs(context, deferrable=False)
    script(api, RUNS)
    superseded.cancel_superseded_jobs(context, deferrable=False)
    assert len(api.sent("DELETE")) == 1


def test_job_is_cancelled_later_if_the_connection_was_missing(api, context, cleared, connection, monkeypatch):
    cleared(build(), ref_of("dependency_build"))
    monkeypatch.delenv("AIRFLOW_CONN_DATAROBOT_DEFAULT")
    with pytest.raises(ConfigurationError):
        superseded.cancel_superseded_jobs(context, deferrable=False)
    connection()
    script(api, RUNS, STOPPED)
    superseded.cancel_superseded_jobs(context, deferrable=False)
    assert len(api.sent("DELETE")) == 1
