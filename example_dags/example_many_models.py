"""Create many models at once: a task group that is mapped over the names in the form."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, task
from datarobot_examples.life_cycle import life_cycle
from datarobot_examples.params import MODELS, dataset, environment, text

log = logging.getLogger(__name__)

STEPS = ("create_model", "create_version", "build_dependencies", "test_version")

PARAMS = {
    "model_names": Param(
        ["Diabetes, north", "Diabetes, south"],
        type="array",
        items={"type": "string", "maxLength": 255},
        minItems=1,
        maxItems=100,
        title="Models",
        description="One name per line; each becomes a model. Empty lines and duplicate names are ignored.",
    ),
    "model_folder": text(
        str(MODELS / "diabetes_regression"),
        "Model folder",
        description="A path on the Airflow workers. {name} is replaced by the name of the model, so that each model "
        "can have its own folder.",
    ),
    "environment_id": environment(),
    "dataset_id": dataset("Dataset", "The dataset that the models were trained on and are tested with."),
    "all_must_succeed": Param(
        False,
        type="boolean",
        title="Fail the run if a model fails",
        description="The run fails at the end, after the other models.",
        section="Options",
    ),
}


@task(retries=0)
def each_model(params: dict[str, Any] | None = None) -> list[dict[str, str]]:
    """Return the name and the folder of each model."""
    form = params or {}
    names = dict.fromkeys(line.strip() for line in form["model_names"] if line.strip())
    if not names:
        raise ValueError("The field 'Models' is empty: enter one name per line.")
    return [{"name": name, "folder": form["model_folder"].replace("{name}", name)} for name in names]


@task(trigger_rule="all_done", multiple_outputs=False, retries=0)
def report(models: list[dict[str, str]], params: dict[str, Any] | None = None, ti: Any = None) -> dict[str, str]:
    """Log the state of each model; a model is ready if it has passed its test."""
    reached = {}
    for index, model in enumerate(models):
        results = {step: ti.xcom_pull(task_ids=f"life_cycle.{step}", map_indexes=index) for step in STEPS}
        stopped = next((step for step in STEPS if results[step] is None), None)
        reached[model["name"]] = f"failed, see {stopped}" if stopped else results["test_version"]["overallStatus"]
    for name, state in reached.items():
        log.info("%-30s %s", name, state)
    failed = [name for name, state in reached.items() if state.startswith("failed")]
    log.info("%d of %d models are ready.", len(models) - len(failed), len(models))
    if failed and (params or {}).get("all_must_succeed"):
        raise RuntimeError(f"Not ready: {', '.join(failed)}.")
    return reached


with DAG(
    dag_id="example_many_models",
    description="Create, upload, build and test many models at once.",
    schedule=None,
    catchup=False,
    params=PARAMS,
    max_active_tasks=16,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
    tags=["datarobot", "custom model", "dynamic task mapping", "example"],
    doc_md="""
    # Many models

    The task group `life_cycle` of `datarobot_examples/life_cycle.py` is mapped over the names in the form: the models
    are created, uploaded, built and tested in parallel. While DataRobot works, they occupy no worker.

    * The grid shows the name of the model for each mapped task.
    * A failed model does not stop the others. The log of `report` shows the state of each.
    """,
):
    models = each_model()
    # The grid shows the name of the model instead of the map index.
    names = {"map_index_template": "{{ ti.xcom_pull(task_ids='each_model')[ti.map_index]['name'] }}"}
    each = life_cycle.override(default_args=names).expand_kwargs(models)
    each >> report(models)
