"""The example pipeline, run by a real Airflow against the emulator."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from harness.processes import wait_until
from harness.task_durations import measure
from tests.system.conftest import DAG, asks_what_runs

if TYPE_CHECKING:
    from pathlib import Path

    from tests.system.conftest import World

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
def finished(world: World) -> str:
    """Run the pipeline once with the defaults of its form."""
    world.control("requests", "DELETE")
    run_id = world.start()
    assert world.ended(run_id) == "success", world.states(run_id)
    return run_id


def test_every_task_succeeds(world: World, finished: str) -> None:
    assert set(world.states(finished).values()) == {"success"}


def test_every_wait_was_deferred(world: World, finished: str) -> None:
    durations = measure(world.api.events(DAG, finished), until=datetime.now(UTC))
    deferred = {task_id for (task_id, _), each in durations.items() if each.was_deferred}
    assert deferred == WAITING


def test_everything_is_created_exactly_once_and_as_the_contract_says(world: World, finished: str) -> None:
    log = world.requests("", "")
    posts = {path: sum(1 for each in world.requests("POST", path)) for path in CREATIONS}
    assert posts == CREATIONS
    assert [each for each in log if each["violations"]] == []
    assert {each["status"] for each in log if not asks_what_runs(each)} <= {200, 201, 202, 303}


def test_ids_are_xcoms_of_strings_and_jobs_of_objects(world: World, finished: str) -> None:
    values = {
        task["task_id"]: world.api.xcoms(task).get("return_value") for task in world.api.task_instances(DAG, finished)
    }
    assert all(isinstance(values[task_id], str) for task_id in ("create_model", "create_version", "apply_guards"))
    assert values["build_dependencies"]["buildStatus"] == "success"
    assert values["test_version"]["overallStatus"] == "succeeded"
    assert values["feature_impact"]["featureImpacts"][0]["featureName"] == "bmi"
    assert values["validate_vector_database"]["validationStatus"] == "PASSED"
    assert values["report"]["guarded_version"] == values["apply_guards"]


def test_a_waiting_task_shows_its_link_and_its_report(world: World, finished: str) -> None:
    task = world.task(finished, "test_version")
    links = world.api.extra_links(task)
    assert list(links) == ["Custom model version"]
    assert "/registry/custom-model-workshop/" in links["Custom model version"]
    assert "longRunningService" in world.log(task)


@pytest.mark.full
def test_the_form_can_leave_the_vector_database_out(world: World) -> None:
    run_id = world.start(validate_vector_database=False)
    assert world.ended(run_id) == "success"
    states = world.states(run_id)
    assert states.pop("validate_vector_database") == "skipped"
    assert set(states.values()) == {"success"}


@pytest.mark.full
def test_a_failed_check_fails_the_task_and_says_why(world: World, model_folder: Path) -> None:
    (model_folder / "custom.py").write_text("def load_model(code_dir:\n", encoding="utf-8")
    run_id = world.start(model_folder=str(model_folder), validate_vector_database=False)
    task = world.task_in(run_id, "test_version", "up_for_retry", "failed")
    assert (task["state"], task["try_number"]) == ("failed", 1)
    log = world.log(task)
    assert "The model test failed" in log
    assert "SyntaxError" in log
    assert "Last " in log
    assert "lines of the job's log" in log


@pytest.mark.full
def test_a_bad_requirement_fails_the_build_at_once(world: World, model_folder: Path) -> None:
    (model_folder / "requirements.txt").write_text("pandas=>2\n", encoding="utf-8")
    run_id = world.start(model_folder=str(model_folder), validate_vector_database=False)
    task = world.task_in(run_id, "build_dependencies", "up_for_retry", "failed")
    assert (task["state"], task["try_number"]) == ("failed", 1)
    log = world.log(task)
    assert "The dependency build failed" in log
    assert "pandas=>2" in log


@pytest.mark.full
def test_an_unknown_environment_is_named_and_not_retried(world: World) -> None:
    run_id = world.start(environment_id="0" * 24, validate_vector_database=False)
    task = world.task_in(run_id, "create_version", "up_for_retry", "failed")
    assert (task["state"], task["try_number"]) == ("failed", 1)
    log = world.log(task)
    assert "baseEnvironmentId" in log
    assert "Request id: " in log


@pytest.mark.full
def test_killing_a_deferred_task_cancels_the_remote_job_once(world: World) -> None:
    world.control("outcomes", "POST", kind="dependency_build", outcome="stuck")
    run_id = world.start(validate_vector_database=False)
    task = world.task_in(run_id, "build_dependencies", "deferred")
    build = f"{world.api.xcoms(task)['datarobot_id']}/dependencyBuild/$"

    def watched() -> bool | None:
        # Two polls are the worker's: whether a build runs already, and whether its own is over before it defers.
        return True if len(world.requests("GET", build)) > 2 else None

    def cancelled() -> list[dict[str, object]] | None:
        return world.requests("DELETE", build) or None

    wait_until(watched, what="the triggerer's first poll", timeout=30, check=world.airflow.check, interval=0.2)
    world.set_state(task, "failed")
    deletes = wait_until(cancelled, what="the cancellation", timeout=30, check=world.airflow.check, interval=0.2)
    assert [each["status"] for each in deletes] == [204]
    assert "The task was killed. The dependency build was cancelled in DataRobot." in world.log(task)
