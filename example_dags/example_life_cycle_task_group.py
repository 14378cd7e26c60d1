"""A challenger goes through the same life cycle as the champion, and replaces it if it is as good."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, AirflowFailException, Param, task
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
    "dataset_id": dataset("Dataset", "The dataset that both were trained on, and are tested with."),
    "minimum_rows": Param(100, type="integer", minimum=1, title="Rows that the dataset must have", section="Decision"),
    "shared_features": Param(
        2,
        type="integer",
        minimum=0,
        maximum=STRONGEST,
        title="Strongest features in common",
        description=f"How many of its {STRONGEST} strongest features a challenger must share with the champion.",
        section="Decision",
    ),
}


@task
def check_data(data: dict[str, Any], params: dict[str, Any] | None = None) -> int:
    """Stop the run before it costs anything if the dataset is not what it should be; return its rows."""
    rows, wanted = data["rowCount"], (params or {})["minimum_rows"]
    if data["processingState"] != "COMPLETED" or rows < wanted:
        raise AirflowFailException(f"{data['name']} is {data['processingState']} with {rows} rows, not {wanted}.")
    log.info("%s has %d rows.", data["name"], rows)
    return int(rows)


@task(trigger_rule="all_done")
def compare(params: dict[str, Any] | None = None, ti: Any = None) -> dict[str, Any]:
    """Hold what is known of the challenger against the champion, side by side."""
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
    """Return the task to go on with."""
    return "promote_challenger" if comparison["promote"] else "keep_champion"


@task
def keep_champion() -> str:
    """Stand for what is done when the champion stays."""
    log.warning("The champion stays: the challenger did not pass its test, or reasons in another way.")
    return "champion"


def impact_of(group: str) -> ComputeFeatureImpactOperator:
    """Return the task that computes the feature impact of the version that a group has made."""
    return ComputeFeatureImpactOperator(
        task_id=f"{group}_impact",
        custom_model_id=f"{{{{ ti.xcom_pull(task_ids='{group}.create_model') }}}}",
        custom_model_version_id=f"{{{{ ti.xcom_pull(task_ids='{group}.create_version') }}}}",
        deferrable=True,
    )


with DAG(
    dag_id="example_life_cycle_task_group",
    description="Champion and challenger, each through the same task group, and a decision.",
    schedule=None,
    catchup=False,
    params=PARAMS,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
    tags=["datarobot", "custom model", "task group", "example"],
    doc_md="""
    # Champion and challenger

    The life cycle of a custom model is one step of a larger DAG: a check of the data before, a comparison and a
    decision after. The task group `life_cycle` of `datarobot_examples/life_cycle.py` is used twice.

    * A dataset that is too small stops the run before any model is made.
    * A challenger that fails on the way is red, and the champion stays; the run itself succeeds.
    * A challenger that passes its test and shares enough of its strongest features with the champion is marked as
      promoted, in the description of its version. Put your deployment there.
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
        description="Promoted: it passed its test and reasons like the champion.",
    )

    decide(comparison) >> [promote_challenger, keep_champion()]
