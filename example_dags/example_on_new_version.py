"""Test each new version of a custom model as soon as it exists, whoever has created it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Asset, AssetWatcher, task
from datarobot_examples.params import dataset

from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.operators.versions import ListVersionsOperator
from datarobot_provider.triggers.new_version import NewVersionTrigger

#: A model in the emulator's seed data. Airflow needs the id when it parses the file.
MODEL_ID = "65a0000000000000000000a1"

PARAMS = {"dataset_id": dataset("Test dataset", "The dataset to test the version with.")}

versions = Asset(
    f"datarobot://datarobot_default/customModels/{MODEL_ID}",
    watchers=[AssetWatcher(name="new_version", trigger=NewVersionTrigger(MODEL_ID, poll_interval=30))],
)


@task
def new_version(latest: list[dict[str, Any]], triggering_asset_events: Any = None) -> str:
    """Return the id of the version that has started the run, or of the latest one if a user has started it."""
    events = [event for group in triggering_asset_events.values() for event in group]
    if events:
        return str(events[-1].extra["payload"]["custom_model_version_id"])
    return str(latest[0]["id"])


with DAG(
    dag_id="example_on_new_version",
    description="Test each new version of a custom model as soon as it exists.",
    schedule=[versions],
    catchup=False,
    max_active_runs=1,
    params=PARAMS,
    default_args={"retries": 1, "retry_delay": timedelta(seconds=30)},
    tags=["datarobot", "custom model", "scheduled", "example"],
    doc_md="""
    # On a new version

    A watcher in the triggerer lists the versions of a custom model every 30 seconds. Each new version starts a run,
    which builds the dependencies of the version and tests it. Versions that were created before the DAG was unpaused
    start no run. If several versions are created at once, a run may test only the latest of them.

    A run that you start yourself tests the latest version.
    """,
):
    list_versions = ListVersionsOperator(task_id="list_versions", custom_model_id=MODEL_ID, limit=1)
    version = new_version(list_versions.output)
    build_dependencies = StartDependencyBuildOperator(
        task_id="build_dependencies",
        custom_model_id=MODEL_ID,
        custom_model_version_id=version,
        deferrable=True,
    )
    test_version = RunModelTestOperator(
        task_id="test_version",
        custom_model_id=MODEL_ID,
        custom_model_version_id=version,
        dataset_id="{{ params.dataset_id }}",
        deferrable=True,
    )
    build_dependencies >> test_version
