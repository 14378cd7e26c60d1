"""Every example DAG, run in parallel by a real Airflow against the emulator."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.system.conftest import checks_for_running_job
from tests.system.examples import (
    FOLDER,
    Plan,
    Run,
    choose,
    create_validations,
    load_dags,
    run_all,
    send_request,
    tasks_with,
    wait_for_request,
    wait_for_schedule,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.system.conftest import Environment

# The fixture of the first test waits for all runs.
pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]

MODEL = FOLDER / "models" / "diabetes_regression"
USE_CASE = "65a0000000000000000000c2"
# Not the use case of the weekly example, which also has a scheduled run.
OTHER_USE_CASE = "65a0000000000000000000c3"
IMAGE_SIZE = 3_000_000
# Three validations are created by these tests. One revalidation is a retry, and two are started by the scheduled run
# of the weekly example.
CREATIONS = {
    r"/customModels/$": 12,
    r"/customModels/fromCustomModel/$": 1,
    r"/customModels/[^/]+/versions/$": 14,
    r"/executionEnvironments/$": 1,
    r"/executionEnvironments/[^/]+/versions/$": 2,
    r"/datasets/fromFile/$": 4,
    r"/fromCustomModelVersion/$": 4,
    r"/fromModelPackage/$": 1,
    r"/predictions$": 4,
    r"/challengers/$": 2,
    r"/actuals/fromJSON/$": 2,
    r"/batchPredictions/$": 2,
    r"/fromRepository/$": 1,
    r"/dependencyBuild/$": 11,
    r"/customModelTests/$": 9,
    r"/featureImpact/$": 3,
    r"/predictionExplanationsInitialization/$": 1,
    r"/toNewCustomModelVersion/$": 2,
    r"/customModelVectorDatabaseValidations/$": 5,
    r"/revalidate/$": 7,
}


def copy_with_invalid_file(folder: Path, name: str, file: str, content: str) -> Path:
    """Copy the example model, and write invalid content to a file."""
    copy = Path(shutil.copytree(MODEL, folder / name))
    (copy / file).write_text(content, encoding="utf-8")
    return copy


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two valid models and two invalid ones."""
    folder = tmp_path_factory.mktemp("models")
    for name in ("North", "South"):
        shutil.copytree(MODEL, folder / name)
    copy_with_invalid_file(folder, "Invalid", "requirements.txt", "pandas=>2\n")
    copy_with_invalid_file(folder, "challenger", "custom.py", "def load_model(code_dir:\n")
    return folder


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the target of an image that is kept."""
    return tmp_path_factory.mktemp("image") / "prediction-server.tar.gz"


@pytest.fixture(scope="module")
def temp_image() -> Iterator[Path]:
    """Return the target of an image that the DAG deletes, in the folder for temporary files."""
    path = Path(tempfile.gettempdir()) / f"prediction-server-{os.getpid()}.tar.gz"
    yield path
    path.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def runs(environment: Environment, folder: Path, target: Path, temp_image: Path) -> dict[str, Run]:
    """Run all examples, most of them in parallel; return the runs after their end."""
    environment.control("requests", "DELETE")
    environment.control("image", "POST", size=IMAGE_SIZE, redirect=True)
    create_validations(environment, USE_CASE)
    # The sensors must find the jobs running, and a build must be running when it is cancelled.
    for kind in ("training_data", "model_test", "prediction_explanations"):
        environment.control("outcomes", "POST", kind=kind, outcome="succeeded", seconds=45)
    environment.control("outcomes", "POST", kind="dependency_build", outcome="succeeded", seconds=45, times=2)
    # Two validations and seven revalidations. Each must be running when its task polls it before it defers.
    environment.control("outcomes", "POST", kind="vector_database_validation", outcome="default", seconds=15, times=9)
    image = Plan("example_prediction_server_image", {"target": f"file://{target}"})
    plans = {
        "sensors": Plan("example_start_here_wait_there", {}),
        "validated": Plan("example_genai_vector_database", {"use_case_id": OTHER_USE_CASE}),
        "not validated": Plan(
            "example_genai_vector_database", {"use_case_id": OTHER_USE_CASE, "document_column": "no such column"}
        ),
        "guards": Plan("example_guards_from_templates", {}),
        "approved guards": Plan("example_approve_guards", {}),
        "rejected guards": Plan("example_approve_guards", {}),
        "repository": Plan("example_version_from_repository", {}),
        "sharing": Plan("example_share_and_clean_up", {}),
        "image": image,
        "temporary image": Plan("example_prediction_server_image", {"target": f"file://{{temp}}/{temp_image.name}"}),
        "weekly": Plan("example_weekly_revalidation", {"use_case_id": USE_CASE}),
    }
    runs = run_all(environment, plans)
    choose(environment, runs["approved guards"], "approve", "Approve")
    choose(environment, runs["rejected guards"], "approve", "Reject")
    # The jobs with a configured duration have been started; other runs can start their jobs now.
    wait_for_request(environment, "POST", "/customModelTests/$")
    wait_for_request(environment, "POST", "/predictionExplanationsInitialization/$")
    runs["image"].ended()
    # Like user input, with empty lines and spaces.
    names = ["North", "", "Invalid", "  South ", "North", ""]
    later = {
        "image again": image,
        "many": Plan("example_many_models", {"model_names": names, "model_folder": f"{folder}/{{name}}"}),
        "production": Plan("example_model_to_production", {}),
        "challenge": Plan("example_life_cycle_task_group", {}),
        "failing challenge": Plan("example_life_cycle_task_group", {"challenger_folder": str(folder / "challenger")}),
    }
    runs |= run_all(environment, later)
    runs["production"].ended()
    # Only the second run has a model to replace.
    runs |= run_all(environment, {"production again": Plan("example_model_to_production", {})})
    runs["production again"].ended()
    for name, option in (("promoted", "Approve"), ("not promoted", "Reject")):
        runs |= run_all(environment, {name: Plan("example_champion_challenger", {})})
        choose(environment, runs[name], "approve", option)
        runs[name].ended()
    for run in runs.values():
        run.ended()
    wait_for_schedule(environment, "example_weekly_revalidation")
    return runs


def test_every_run_ends_in_the_documented_state(runs: dict[str, Run]) -> None:
    assert {name: run.state for name, run in runs.items() if run.state != "success"} == {"weekly": "failed"}


def test_every_example_was_run(runs: dict[str, Run]) -> None:
    elsewhere = {"example_custom_model_pipeline", "example_on_new_version"}
    assert {run.dag_id for run in runs.values()} | elsewhere == set(load_dags())


def test_every_resource_is_created_exactly_once(environment: Environment, runs: dict[str, Run]) -> None:
    assert {path: len(environment.requests("POST", path)) for path in CREATIONS} == CREATIONS


def test_all_responses_conform_to_the_contract(environment: Environment, runs: dict[str, Run]) -> None:
    log = environment.requests("", "")
    assert [each for each in log if each["violations"]] == []
    assert {each["status"] for each in log if not checks_for_running_job(each)} <= {200, 201, 202, 204, 302, 303}


def test_no_deferrable_task_waited_on_a_worker(runs: dict[str, Run]) -> None:
    """A task whose job has ended at its first poll need not defer."""
    deferrable = {name: tasks_with(dag, lambda task: task.get("deferrable")) for name, dag in load_dags().items()}
    waited = {
        f"{run.dag_id}: {name}"
        for run in runs.values()
        for name, task in run.tasks.items()
        if task["task_id"] in deferrable[run.dag_id] and task["state"] in {"success", "failed"}
        if not run.durations[name].was_deferred and " is running" in run.log(name)
    }
    assert waited == set()


def test_a_model_reaches_production_and_is_replaced(environment: Environment, runs: dict[str, Run]) -> None:
    first, second = runs["production"], runs["production again"]
    for run in (first, second):
        assert set(run.states().values()) == {"success"}
        assert run.value("gate")["accepted"]
        assert run.value("replace_model")["modelPackage"]["id"] == run.value("register")["id"]
    assert first.value("report")["deployment"] == second.value("report")["deployment"]
    rows = first.value("predict_batch")["scoredRows"]
    assert first.value("report")["predicted_rows"] == rows > 0
    assert second.value("statistics")["metrics"]["totalPredictions"] == rows + 1
    assert "There is nothing to change in the deployment" in first.log("replace_model")


def test_a_challenger_replaces_the_model_only_after_an_approval(environment: Environment, runs: dict[str, Run]) -> None:
    promoted, rejected = runs["promoted"], runs["not promoted"]
    assert set(promoted.states().values()) == {"success"}
    assert {name for name, state in rejected.states().items() if state == "skipped"} == {"promote"}
    assert promoted.value("promote")["modelPackage"]["id"] == promoted.value("register")["id"]
    assert "accepted  RMSE of the challenger" in rejected.log("compare")
    deletions = environment.requests("DELETE", "/challengers/[^/]+/$")
    assert [each["status"] for each in deletions] == [204, 204]
    # The second run to production, and the promotion.
    assert [each["status"] for each in environment.requests("PATCH", "/model/$")] == [202, 202]


def test_a_vector_database_that_works_is_used_and_its_validation_deleted(
    environment: Environment, runs: dict[str, Run]
) -> None:
    run = runs["validated"]
    assert {name for name, state in run.states().items() if state != "success"} == {"get_failed", "notify"}
    assert run.value("use_vector_database") == "65a0000000000000000000f1"
    assert [each["status"] for each in environment.requests("DELETE", run.value("validate", "datarobot_id"))] == [204]


def test_a_vector_database_that_fails_leads_to_a_message(environment: Environment, runs: dict[str, Run]) -> None:
    run = runs["not validated"]
    assert run.states() == {
        "validate": "failed",
        "revalidate": "upstream_failed",
        "use_vector_database": "upstream_failed",
        "get_failed": "success",
        "notify": "success",
        "tidy_up": "success",
        "delete_validation": "success",
    }
    assert "does not comply with the expected format" in run.value("notify")
    assert "does not comply with the expected format" in run.log("validate")
    assert [each["status"] for each in environment.requests("DELETE", run.value("validate", "datarobot_id"))] == [204]


def test_guards_have_the_requested_differences_from_their_templates(runs: dict[str, Run]) -> None:
    run = runs["guards"]
    guards = {guard["name"]: guard for guard in run.value("list_guards")}
    assert set(guards) == {"Prompt length", "Response Tokens", "Personal data in prompts", "Toxicity"}
    assert guards["Prompt length"]["intervention"]["conditions"] == [{"comparator": "greaterThan", "comparand": 2000}]
    assert guards["Prompt length"]["intervention"]["message"] == "The prompt is too long."
    assert guards["Personal data in prompts"]["stages"] == ["prompt"]
    assert run.value("report")["invalid"] == []
    assert run.value("report")["timeout_seconds"] == 30
    assert run.value("report")["guarded_version"] != run.value("create_version")


def test_approved_guards_are_applied(environment: Environment, runs: dict[str, Run]) -> None:
    run = runs["approved guards"]
    assert run.states() == {"approve": "success", "apply_guards": "success", "list_guards": "success"}
    assert run.value("approve")["chosen_options"] == ["Approve"]
    assert {guard["name"] for guard in run.value("list_guards")} == {"Prompt Tokens", "PII Detection"}


def test_rejected_guards_are_not_applied(runs: dict[str, Run]) -> None:
    assert runs["rejected guards"].states() == {
        "approve": "success",
        "apply_guards": "skipped",
        "list_guards": "skipped",
    }


def test_a_version_and_its_commit_refer_to_each_other(runs: dict[str, Run]) -> None:
    run = runs["repository"]
    report, version = run.value("report"), run.value("get_version")
    assert report["version"] == version["id"] == run.value("pull_version")
    assert report["versions_of_commit"] == [version["id"]]
    assert report["commit"] == version["items"][0]["commitSha"]
    assert run.value("record_commit")["description"] == "Pulled by Airflow"


def test_sensors_wait_each_in_its_own_way(runs: dict[str, Run]) -> None:
    run = runs["sensors"]
    assert set(run.states().values()) == {"success"}
    assert ("wait_for_test", "up_for_reschedule") in run.events
    for name in ("wait_for_training_data", "wait_for_explanations"):
        assert run.durations[name].was_deferred
    for name in ("create_version", "start_build", "start_test", "start_explanations", "wait_for_build"):
        assert len(run.durations[name].intervals) == 1
    assert run.value("report")["test"] == "succeeded"


def test_created_resources_are_deleted_and_the_build_is_cancelled(
    environment: Environment, runs: dict[str, Run]
) -> None:
    run = runs["sharing"]
    assert set(run.states().values()) == {"success"}
    assert run.value("report") == {"emulator@example.com": "OWNER", "reviewer@example.com": "CONSUMER"}
    assert [each["status"] for each in environment.requests("DELETE", "/dependencyBuild/$")] == [204]
    for name in ("create_model", "copy_model"):
        deletions = environment.requests("DELETE", f"/customModels/{run.value(name)}/$")
        assert [each["status"] for each in deletions] == [204]


def test_the_image_is_downloaded_once(environment: Environment, runs: dict[str, Run], target: Path) -> None:
    assert target.stat().st_size == IMAGE_SIZE
    assert runs["image"].value("download_image") == runs["image again"].value("download_image")
    assert runs["image"].value("report")["path"] == f"file://{target}"
    assert "nothing to download" in runs["image again"].log("download_image")
    # Once for this target, and once for the one that is deleted.
    assert len(environment.requests("GET", "/portablePredictionServerImage/$")) == 2
    # The downloads were requested from another host, without the token.
    assert [each["authorization"] for each in environment.control("foreign-requests")["data"]] == ["absent"] * 2


def test_a_temporary_image_is_deleted(runs: dict[str, Run], temp_image: Path) -> None:
    run = runs["temporary image"]
    assert run.value("report")["path"] == f"file://{temp_image}"
    assert "was deleted" in run.log("clean_up")
    assert not temp_image.exists()
    assert "is kept" in runs["image"].log("clean_up")


def test_no_run_had_a_logical_date(environment: Environment, runs: dict[str, Run]) -> None:
    dates = {
        each["dag_run_id"]: each["logical_date"]
        for dag_id in sorted({run.dag_id for run in runs.values()})
        for each in environment.api.runs(dag_id)
    }
    assert {name: dates[run.run_id] for name, run in runs.items() if dates[run.run_id] is not None} == {}


def test_the_weekly_schedule_revalidates_the_seeded_validations(environment: Environment, runs: dict[str, Run]) -> None:
    dag_id = runs["weekly"].dag_id
    assert [each["state"] for each in environment.api.runs(dag_id) if each["run_type"] == "scheduled"] == ["success"]
    assert len(environment.requests("POST", "/65a0000000000000000000b[12]/revalidate/$")) == 2


def test_a_failing_model_does_not_stop_the_others(runs: dict[str, Run]) -> None:
    run = runs["many"]
    assert run.value("report") == {
        "North": "succeeded",
        "Invalid": "failed, see build_dependencies",
        "South": "succeeded",
    }
    assert {name: state for name, state in run.states().items() if state != "success"} == {
        "life_cycle.build_dependencies[1]": "failed",
        "life_cycle.test_version[1]": "upstream_failed",
    }
    assert "pandas=>2" in run.log("life_cycle.build_dependencies[1]")


def test_mapped_tasks_have_names(runs: dict[str, Run]) -> None:
    for run, task_id, names in (
        (runs["many"], "life_cycle.create_model", ["North", "Invalid", "South"]),
        (runs["many"], "life_cycle.build_dependencies", ["North", "Invalid", "South"]),
        (runs["weekly"], "revalidate", ["A handbook", "B handbook", "C handbook"]),
    ):
        labels = [run.tasks[f"{task_id}[{index}]"]["rendered_map_index"] for index in range(len(names))]
        assert labels == names


def test_a_weekly_failure_is_retried_and_reported(runs: dict[str, Run]) -> None:
    run = runs["weekly"]
    assert run.value("summary") == {"PASSED": ["A handbook", "B handbook"], "FAILED": ["C handbook"]}
    assert {name: state for name, state in run.states().items() if state != "success"} == {
        "revalidate[2]": "failed",
        "all_passed": "failed",
    }
    assert run.tasks["revalidate[2]"]["try_number"] == 2
    assert "1 of 3 validations did not pass: C handbook." in run.log("all_passed")


def test_never_more_than_two_validations_run_at_the_same_time(runs: dict[str, Run]) -> None:
    waits = [
        each
        for name, durations in runs["weekly"].durations.items()
        if name.startswith("revalidate[")
        for each in durations.intervals
        if each.kind == "deferred"
    ]
    assert len(waits) == 4
    assert max(sum(other.start <= each.start < other.end for other in waits) for each in waits) <= 2


def test_a_challenger_as_good_as_the_champion_is_promoted(environment: Environment, runs: dict[str, Run]) -> None:
    run = runs["challenge"]
    assert {name for name, state in run.states().items() if state != "success"} == {"keep_champion"}
    comparison = run.value("compare")
    assert comparison["promote"] is True
    assert comparison["challenger"]["strongest_features"] == comparison["champion"]["strongest_features"]
    model_id, version_id = (run.value(f"challenger.{task}") for task in ("create_model", "create_version"))
    version = send_request(environment, "GET", f"customModels/{model_id}/versions/{version_id}/")
    assert version["description"].startswith("Promoted")


def test_a_failed_challenger_does_not_replace_the_champion(runs: dict[str, Run]) -> None:
    run = runs["failing challenge"]
    assert {name: state for name, state in run.states().items() if state != "success"} == {
        "challenger.test_version": "failed",
        "challenger_impact": "upstream_failed",
        "promote_challenger": "skipped",
    }
    assert run.value("compare")["champion"]["test"] == "succeeded"
    assert "SyntaxError" in run.log("challenger.test_version")
    assert run.value("keep_champion") == "champion"
