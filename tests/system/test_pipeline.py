"""The example pipeline, run by a real Airflow against the emulator."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from harness.processes import wait_until
from harness.task_durations import measure
from tests.support.airflow import needs_airflow
from tests.system.conftest import DAG, checks_for_running_job

if TYPE_CHECKING:
    from pathlib import Path

    from tests.system.conftest import Environment

WAITING = {"create_version", "build_dependencies", "test_version", "feature_impact", "validate_vector_database"}
CREATIONS = {
    r"/customModels/$": 1,
    r"/versions/$": 1,
    r"/dependencyBuild/$": 1,
    r"/customModelTests/$": 1,
    r"/featureImpact/$": 1,
    r"/toNewCustomModelVersion/$": 1,
    r"/customModelVectorDatabaseValidations/$": 1,
}


@pytest.fixture(scope="module")
def finished(environment: Environment) -> str:
    """Run the pipeline once with the defaults of its form."""
    environment.control("requests", "DELETE")
    run_id = environment.start()
    assert environment.ended(run_id) == "success", environment.states(run_id)
    return run_id


def test_every_task_succeeds(environment: Environment, finished: str) -> None:
    assert set(environment.states(finished).values()) == {"success"}


@needs_airflow("3.2", "entries for deferrals in its audit log")
def test_every_wait_was_deferred(environment: Environment, finished: str) -> None:
    durations = measure(environment.api.events(DAG, finished), until=datetime.now(UTC))
    deferred = {task_id for (task_id, _), each in durations.items() if each.was_deferred}
    assert deferred == WAITING


def test_every_resource_is_created_once_as_in_the_contract(environment: Environment, finished: str) -> None:
    log = environment.requests("", "")
    posts = {path: sum(1 for each in environment.requests("POST", path)) for path in CREATIONS}
    assert posts == CREATIONS
    assert [each for each in log if each["violations"]] == []
    assert {each["status"] for each in log if not checks_for_running_job(each)} <= {200, 201, 202, 303}


def test_ids_are_xcoms_of_strings_and_jobs_of_objects(environment: Environment, finished: str) -> None:
    values = {
        task["task_id"]: environment.api.xcoms(task).get("return_value")
        for task in environment.api.task_instances(DAG, finished)
    }
    assert all(isinstance(values[task_id], str) for task_id in ("create_model", "create_version", "apply_guards"))
    assert values["build_dependencies"]["buildStatus"] == "success"
    assert values["test_version"]["overallStatus"] == "succeeded"
    assert values["feature_impact"]["featureImpacts"][0]["featureName"] == "bmi"
    assert values["validate_vector_database"]["validationStatus"] == "PASSED"
    assert values["report"]["guarded_version"] == values["apply_guards"]


def test_a_waiting_task_shows_its_link_and_its_report(environment: Environment, finished: str) -> None:
    task = environment.task(finished, "test_version")
    links = environment.api.extra_links(task)
    assert list(links) == ["Custom model version"]
    assert "/registry/custom-model-workshop/" in links["Custom model version"]
    assert "longRunningService" in environment.log(task)


@pytest.mark.full
def test_the_form_can_skip_the_vector_database(environment: Environment) -> None:
    run_id = environment.start(validate_vector_database=False)
    assert environment.ended(run_id) == "success"
    states = environment.states(run_id)
    assert states.pop("validate_vector_database") == "skipped"
    assert set(states.values()) == {"success"}


@pytest.mark.full
def test_a_failed_check_fails_the_task_with_the_reason(environment: Environment, model_folder: Path) -> None:
    (model_folder / "custom.py").write_text("def load_model(code_dir:\n", encoding="utf-8")
    run_id = environment.start(model_folder=str(model_folder), validate_vector_database=False)
    task = environment.task_in(run_id, "test_version", "up_for_retry", "failed")
    assert (task["state"], task["try_number"]) == ("failed", 1)
    log = environment.log(task)
    assert "The model test failed" in log
    assert "SyntaxError" in log
    assert "Last " in log
    assert "lines of the job's log" in log


@pytest.mark.full
def test_a_bad_requirement_fails_the_build_at_once(environment: Environment, model_folder: Path) -> None:
    (model_folder / "requirements.txt").write_text("pandas=>2\n", encoding="utf-8")
    run_id = environment.start(model_folder=str(model_folder), validate_vector_database=False)
    task = environment.task_in(run_id, "build_dependencies", "up_for_retry", "failed")
    assert (task["state"], task["try_number"]) == ("failed", 1)
    log = environment.log(task)
    assert "The dependency build failed" in log
    assert "pandas=>2" in log


@pytest.mark.full
def test_an_unknown_environment_is_reported_and_not_retried(environment: Environment) -> None:
    run_id = environment.start(environment_id="0" * 24, validate_vector_database=False)
    task = environment.task_in(run_id, "create_version", "up_for_retry", "failed")
    assert (task["state"], task["try_number"]) == ("failed", 1)
    log = environment.log(task)
    assert "baseEnvironmentId" in log
    assert "Request id: " in log


@pytest.mark.full
def test_killing_a_deferred_task_cancels_the_job_once(environment: Environment) -> None:
    environment.control("outcomes", "POST", kind="dependency_build", outcome="stuck")
    run_id = environment.start(validate_vector_database=False)
    task = environment.task_in(run_id, "build_dependencies", "deferred")
    build = f"{environment.api.xcoms(task)['datarobot_id']}/dependencyBuild/$"

    def polled() -> bool | None:
        # The worker polls twice: for a running build, and before it defers.
        return True if len(environment.requests("GET", build)) > 2 else None

    def cancelled() -> list[dict[str, object]] | None:
        return environment.requests("DELETE", build) or None

    wait_until(polled, what="the triggerer's first poll", timeout=120, check=environment.airflow.check, interval=0.2)
    environment.set_state(task, "failed")
    deletes = wait_until(cancelled, what="the cancellation", timeout=120, check=environment.airflow.check, interval=0.2)
    assert [each["status"] for each in deletes] == [204]
    assert "The task was killed. The dependency build was cancelled in DataRobot." in environment.log(task)
