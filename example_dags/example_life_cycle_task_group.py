"""Run champion and challenger through the same life cycle, and promote the challenger if it is good enough."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, task
from datarobot_examples.life_cycle import life_cycle
from datarobot_examples.params import dataset, environment, model_folder, model_name

from datarobot_provider.operators.feature_impact import ComputeFeatureImpactOperator
from datarobot_provider.operators.request import DataRobotRequestOperator
from datarobot_provider.operators.versions import UpdateVersionOperator

log = logging.getLogger(__name__)

STRONGEST = 3

PARAMS = {
    "champion_name": model_name("Diabetes progression, champion", title="Name of the champion"),
    "champion_folder": model_folder(title="Folder of the champion"),
    "challenger_name": model_name("Diabetes progression, challenger", title="Name of the challenger"),
    "challenger_folder": model_folder(title="Folder of the challenger"),
    "environment_id": environment(),
    "dataset_id": dataset("Dataset", "The dataset that both models were trained on and are tested with."),
    "minimum_rows": Param(100, type="integer", minimum=1, title="Minimum number of rows", section="Decision"),
    "shared_features": Param(
        2,
        type="integer",
        minimum=0,
        maximum=STRONGEST,
        title="Features in common",
        description=f"Number of its top {STRONGEST} features that the challenger must share with the champion.",
        section="Decision",
    ),
}


@task(retries=0)
def check_data(data: dict[str, Any], params: dict[str, Any] | None = None) -> int:
    """Fail early if the dataset is not suitable; return its number of rows."""
    rows, minimum = data["rowCount"], (params or {})["minimum_rows"]
    if data["processingState"] != "COMPLETED" or rows < minimum:
        raise ValueError(
            f"{data['name']} is {data['processingState']} and has {rows} rows; at least {minimum} are required."
        )
    log.info("%s has %d rows.", data["name"], rows)
    return int(rows)


@task(trigger_rule="all_done")
def compare(params: dict[str, Any] | None = None, ti: Any = None) -> dict[str, Any]:
    """Compare the tests and the feature impact of champion and challenger."""
    found: dict[str, Any] = {}
    for group in ("champion", "challenger"):
        test = ti.xcom_pull(task_ids=f"{group}.test_version") or {}
        impact = ti.xcom_pull(task_ids=f"{group}_impact") or {"featureImpacts": []}
        strongest = [each["featureName"] for each in impact["featureImpacts"][:STRONGEST]]
        found[group] = {"test": test.get("overallStatus", "did not pass"), "strongest_features": strongest}
        log.info("%-10s  %-12s  %s", group, found[group]["test"], ", ".join(strongest) or "no feature impact")
    champion, challenger = found["champion"], found["challenger"]
    shared = set(champion["strongest_features"]) & set(challenger["strongest_features"])
    enough = len(shared) >= (params or {})["shared_features"]
    return {**found, "promote": challenger["test"] == "succeeded" and enough}


@task.branch
def decide(comparison: dict[str, Any]) -> str:
    """Return the id of the next task."""
    return "promote_challenger" if comparison["promote"] else "keep_champion"


@task
def keep_champion() -> str:
    """Keep the champion; replace this with your own action."""
    log.warning("The champion stays: the challenger failed its test, or its top features differ too much.")
    return "champion"


def impact_of(group: str) -> ComputeFeatureImpactOperator:
    """Return the task that computes the feature impact of a group's version."""
    return ComputeFeatureImpactOperator(
        task_id=f"{group}_impact",
        custom_model_id=f"{{{{ ti.xcom_pull(task_ids='{group}.create_model') }}}}",
        custom_model_version_id=f"{{{{ ti.xcom_pull(task_ids='{group}.create_version') }}}}",
        deferrable=True,
    )


with DAG(
    dag_id="example_life_cycle_task_group",
    description="Champion and challenger in the same task group, then a decision.",
    schedule=None,
    catchup=False,
    params=PARAMS,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
    tags=["datarobot", "custom model", "task group", "example"],
    doc_md="""
    # Champion and challenger

    The life cycle of a custom model is one step of a larger DAG: a check of the data before, a comparison and a
    decision after it. The task group `life_cycle` of `datarobot_examples/life_cycle.py` is used twice.

    * If the dataset is too small, the run fails before any model is created.
    * If the challenger fails, its task fails and the champion stays; the run succeeds.
    * If the challenger passes its test and shares enough of its top features with the champion, the description of its
      version says that it is promoted. Replace this with your deployment.
    """,
):
    get_dataset = DataRobotRequestOperator(task_id="get_dataset", path="datasets/{{ params.dataset_id }}/")
    checked = check_data(get_dataset.output)
    comparison = compare()
    for group in ("champion", "challenger"):
        cycle = life_cycle.override(group_id=group)(
            name=f"{{{{ params.{group}_name }}}}", folder=f"{{{{ params.{group}_folder }}}}"
        )
        checked >> cycle >> impact_of(group) >> comparison
    promote_challenger = UpdateVersionOperator(
        task_id="promote_challenger",
        custom_model_id="{{ ti.xcom_pull(task_ids='challenger.create_model') }}",
        custom_model_version_id="{{ ti.xcom_pull(task_ids='challenger.create_version') }}",
        description="Promoted: it passed its test and its top features match those of the champion.",
    )

    decide(comparison) >> [promote_challenger, keep_champion()]
