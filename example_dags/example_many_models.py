"""Many models at once: one task group, mapped over a list of names that the form asks for."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, AirflowFailException, Param, task
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
        description="Names, one a line; each becomes a model. Empty lines and repeated names do not count.",
    ),
    "model_folder": text(
        str(MODELS / "diabetes_regression"),
        "Model folder",
        description="A path on the Airflow workers. {name} in it stands for the name of the model, so that each can "
        "have a folder of its own.",
    ),
    "environment_id": environment(),
    "dataset_id": dataset("Dataset", "The dataset that the models were trained on, and are tested with."),
    "all_must_succeed": Param(
        False,
        type="boolean",
        title="The run fails if a model does",
        description="It fails at the end: the other models are finished all the same.",
        section="Options",
    ),
}


@task
def each_model(params: dict[str, Any] | None = None) -> list[dict[str, str]]:
    """Return what the task group is expanded over: one name and one folder for each model."""
    form = params or {}
    names = dict.fromkeys(line.strip() for line in form["model_names"] if line.strip())
    if not names:
        raise AirflowFailException("The field 'Models' has no names: write one a line.")
    return [{"name": name, "folder": form["model_folder"].replace("{name}", name)} for name in names]


@task(trigger_rule="all_done", multiple_outputs=False)
def report(models: list[dict[str, str]], params: dict[str, Any] | None = None, ti: Any = None) -> dict[str, str]:
    """Show how far each model came; a model is ready once it is tested."""
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
        raise AirflowFailException(f"Not ready: {', '.join(failed)}.")
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

    One task group, `life_cycle` of `datarobot_examples/life_cycle.py`, mapped over the names in the form: each model is
    created, uploaded, built and tested on its own, all of them side by side. While DataRobot works, they hold no
    worker.

    * The grid shows the name of the model at each mapped task.
    * A model that fails does not stop the others. The log of `report` says how far each came.
    """,
):
    models = each_model()
    # The mapped tasks carry the name of their model instead of a number.
    names = {"map_index_template": "{{ ti.xcom_pull(task_ids='each_model')[ti.map_index]['name'] }}"}
    each = life_cycle.override(default_args=names).expand_kwargs(models)
    each >> report(models)
