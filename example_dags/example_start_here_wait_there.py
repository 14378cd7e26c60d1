"""Start jobs with operators that do not wait, and wait for them with sensors."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, task
from datarobot_examples.params import dataset, environment, model_folder, model_name

from datarobot_provider.operators.custom_models import CreateCustomModelOperator
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.operators.prediction_explanations import InitializePredictionExplanationsOperator
from datarobot_provider.operators.versions import CreateVersionOperator
from datarobot_provider.sensors.dependency_builds import DependencyBuildSensor
from datarobot_provider.sensors.model_tests import ModelTestSensor
from datarobot_provider.sensors.prediction_explanations import PredictionExplanationsSensor
from datarobot_provider.sensors.training_data import TrainingDataAssignmentSensor

log = logging.getLogger(__name__)

PARAMS = {
    "model_name": model_name("Diabetes progression, step by step"),
    "model_folder": model_folder(),
    "environment_id": environment(),
    "dataset_id": dataset("Dataset", "The dataset that the model was trained on and is tested with."),
    "fail_on_warning": Param(False, type="boolean", title="Warnings fail the run", section="Tests"),
}


@task
def other_work(params: dict[str, Any] | None = None) -> str:
    """Represent other work of a DAG while DataRobot works."""
    message = f"Other tasks run while {(params or {})['model_name']} is tested."
    log.info("%s", message)
    return message


@task
def report(build: dict[str, Any], test: dict[str, Any], explanations: str | None, other: str) -> dict[str, Any]:
    """Log and return the results of the sensors."""
    summary = {
        "build": build["buildStatus"],
        "test": test["overallStatus"],
        "explanations": "ready" if explanations else "ready, without an address",
        "meanwhile": other,
    }
    for name, value in summary.items():
        log.info("%-12s  %s", name, value)
    return summary


with DAG(
    dag_id="example_start_here_wait_there",
    description="Start jobs with operators, wait for them with sensors: poking, rescheduled, deferred.",
    schedule=None,
    catchup=False,
    params=PARAMS,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
    tags=["datarobot", "custom model", "sensors", "example"],
    doc_md="""
    # Start here, wait there

    With `wait_for_completion=False`, an operator ends as soon as DataRobot has started the job, and returns the id for
    the sensor of this job. Other tasks can run in between, and a sensor can be retried or cleared without starting a
    job again.

    The sensors show Airflow's three ways to wait:

    * `wait_for_build` **pokes**: it occupies a worker all the time and detects the end quickly. For short jobs.
    * `wait_for_test` is **rescheduled**: it occupies a worker for each poke. It needs no triggerer.
    * `wait_for_training_data` and `wait_for_explanations` are **deferred**: they occupy no worker. This is the best
      choice if a triggerer is running.
    """,
):
    create_model = CreateCustomModelOperator(
        task_id="create_model",
        name="{{ params.model_name }}",
        target_type="Regression",
        target_name="target",
        is_training_data_for_versions_permanently_enabled=True,
    )
    create_version = CreateVersionOperator(
        task_id="create_version",
        custom_model_id=create_model.output,
        folder="{{ params.model_folder }}",
        base_environment_id="{{ params.environment_id }}",
        training_data={"datasetId": "{{ params.dataset_id }}"},
        wait_for_completion=False,
    )
    version = {"custom_model_id": create_model.output, "custom_model_version_id": create_version.output}
    start_build = StartDependencyBuildOperator(task_id="start_build", **version, wait_for_completion=False)
    wait_for_build = DependencyBuildSensor(
        task_id="wait_for_build", **version, mode="poke", poke_interval=3, timeout=3600
    )
    wait_for_training_data = TrainingDataAssignmentSensor(
        task_id="wait_for_training_data", **version, poke_interval=10, timeout=3600, deferrable=True
    )
    start_test = RunModelTestOperator(
        task_id="start_test", **version, dataset_id="{{ params.dataset_id }}", wait_for_completion=False
    )
    wait_for_test = ModelTestSensor(
        task_id="wait_for_test",
        custom_model_test_id=start_test.output,
        fail_on_warning="{{ params.fail_on_warning }}",
        mode="reschedule",
        poke_interval=10,
        timeout=3600,
    )
    start_explanations = InitializePredictionExplanationsOperator(
        task_id="start_explanations", **version, wait_for_completion=False
    )
    wait_for_explanations = PredictionExplanationsSensor(
        task_id="wait_for_explanations",
        status_id=start_explanations.output,
        poke_interval=10,
        timeout=3600,
        deferrable=True,
    )
    meanwhile = other_work()

    start_build >> wait_for_build
    [wait_for_build, wait_for_training_data] >> start_test
    wait_for_training_data >> start_explanations
    [start_test, start_explanations] >> meanwhile
    report(wait_for_build.output, wait_for_test.output, wait_for_explanations.output, meanwhile)
