"""The pipeline mapped over many models: create, upload, build, test, feature impact, guards."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, Param, task, task_group
from datarobot_examples.life_cycle import life_cycle
from datarobot_examples.params import dataset, environment, text

from datarobot_provider.operators.feature_impact import ComputeFeatureImpactOperator
from datarobot_provider.operators.guard_configurations import ApplyGuardConfigOperator

if TYPE_CHECKING:
    from datarobot_provider.core.guard_types import GuardToApply

GUARD: GuardToApply = {
    "name": "Prompt length",
    "description": "Reports prompts that exceed the context length of the model.",
    "type": "ootb",
    "ootbType": "token_count",
    "stages": ["prompt"],
    "intervention": {
        "action": "report",
        "allowedActions": ["block", "report"],
        "conditions": [{"comparator": "greaterThan", "comparand": 4000}],
        "message": "The prompt is too long.",
    },
}

PARAMS = {
    "model_names": Param([], type="array", items={"type": "string"}, uniqueItems=True, title="Models"),
    "model_folder": text("s3://models@models/diabetes_regression", "Model folder"),
    "environment_id": environment(),
    "dataset_id": dataset("Dataset", "The dataset that the models were trained on and are tested with."),
}


@task
def each_model(params: dict[str, Any] | None = None) -> list[str]:
    """Return the names of the models."""
    names: list[str] = (params or {})["model_names"]
    return names


@task_group
def pipeline(name: str) -> None:
    """Create one model, and build, test and guard its version."""
    cycle = life_cycle(name, "{{ params.model_folder }}")
    create_model, create_version = (cycle.get_child_by_label(each) for each in ("create_model", "create_version"))
    feature_impact = ComputeFeatureImpactOperator(
        task_id="feature_impact",
        custom_model_id=create_model.output,
        custom_model_version_id=create_version.output,
        deferrable=True,
    )
    apply_guards = ApplyGuardConfigOperator(
        task_id="apply_guards",
        custom_model_id=create_model.output,
        guards=[GUARD],
        overall_config={"timeoutSec": 60, "timeoutAction": "score"},
    )
    cycle >> feature_impact >> apply_guards


with DAG(
    dag_id="pipeline_over_models",
    schedule=None,
    catchup=False,
    params=PARAMS,
    max_active_tasks=1000,
    default_args={"retries": 3, "retry_delay": timedelta(seconds=5)},
):
    pipeline.expand(name=each_model())
