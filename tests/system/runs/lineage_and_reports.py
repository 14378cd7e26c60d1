"""Runs of DAGs that ``test_lineage_and_reports.py`` examines. They use the fixtures of the pytest plugin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from airflow.models.asset import AssetEvent
from airflow.sdk import DAG, Asset, AssetAlias
from airflow.utils.session import create_session
from sqlalchemy import select

from datarobot_provider.notifications.job_report import JobReportNotifier
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.feature_impact import ComputeFeatureImpactOperator
from datarobot_provider.operators.guard_configurations import ApplyGuardConfigOperator
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.operators.vector_databases import ValidateVectorDatabaseOperator
from datarobot_provider.operators.versions import CreateVersionOperator
from datarobot_provider.version_compat import BaseNotifier

FOLDER = Path(__file__).parent
MODEL, ASSISTANT, DATASET = "65a0000000000000000000a1", "65a0000000000000000000a3", "65a0000000000000000000d1"
VERSION = "65a0000000000000000000a2"
BOTH = pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "deferred"])


class FileNotifier(BaseNotifier):
    """Notifier that appends a rendered template to a file."""

    template_fields = ("text",)

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def notify(self, context: Any) -> None:
        with (FOLDER / "reports.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps([context["dag"].dag_id, self.text]) + "\n")


def write(name: str, value: Any) -> None:
    """Write a result for the examination."""
    (FOLDER / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")


@BOTH
def test_life_cycle(run_dag, datarobot_emulator, deferrable):
    waits = {"deferrable": deferrable, "poll_interval": 0.2}
    with DAG(f"life_cycle_{deferrable}") as dag:
        version = CreateVersionOperator(
            task_id="version",
            custom_model_id=MODEL,
            from_latest=True,
            training_data={"datasetId": DATASET},
            outlets=[AssetAlias(f"versions_{deferrable}")],
            **waits,
        )
        ids = {"custom_model_id": MODEL, "custom_model_version_id": version.output}
        build = StartDependencyBuildOperator(task_id="build", **ids, **waits)
        test = RunModelTestOperator(task_id="test", **ids, dataset_id=DATASET, **waits)
        impact = ComputeFeatureImpactOperator(task_id="impact", **ids, **waits)
        validation = ValidateVectorDatabaseOperator(
            task_id="validation",
            deployment_id="65a0000000000000000000f1",
            prompt_column_name="promptText",
            target_column_name="relevant",
            **waits,
        )
        build >> test >> impact >> validation
    result = run_dag(dag)
    assert set(result.states.values()) == {"success"}, result.log
    ids = {name: result.xcoms[name]["id"] for name in ("test", "validation")}
    write(f"ids_{deferrable}", {"version": result.xcoms["version"], "build": result.xcoms["version"], **ids})


def test_guards(run_dag, datarobot_emulator):
    asset = Asset(f"datarobot://datarobot_default/customModels/{ASSISTANT}")
    with DAG("guards") as dag:
        ApplyGuardConfigOperator(
            task_id="guards", custom_model_id=ASSISTANT, from_templates=["Prompt Tokens"], outlets=[asset]
        )
    result = run_dag(dag)
    assert result.states == {"guards": "success"}, result.log
    write("ids_guards", result.xcoms)


@BOTH
def test_failure(run_dag, datarobot_emulator, deferrable):
    datarobot_emulator.fail_next("model_test", "SyntaxError: '(' was never closed {{ 7 * 7 }}")
    with DAG(f"failure_{deferrable}") as dag:
        RunModelTestOperator(
            task_id="test",
            custom_model_id=MODEL,
            custom_model_version_id=VERSION,
            dataset_id=DATASET,
            deferrable=deferrable,
            poll_interval=0.2,
            on_failure_callback=JobReportNotifier(FileNotifier("{{ job_report_title }}\n{{ job_report }}")),
        )
    assert run_dag(dag).states == {"test": "failed"}


def test_refusal(run_dag, datarobot_emulator):
    with DAG("refusal") as dag:
        RunModelTestOperator(
            task_id="test",
            custom_model_id=MODEL,
            custom_model_version_id="65a0000000000000000000ff",
            on_failure_callback=JobReportNotifier(FileNotifier("{{ job_report }}")),
        )
    assert run_dag(dag).states == {"test": "failed"}


def test_asset_events(run_dag):
    with create_session() as session:
        events = [
            [event.asset.uri, event.extra, [alias.name for alias in event.source_aliases]]
            for event in session.scalars(select(AssetEvent).order_by(AssetEvent.id))
        ]
    write("asset_events", events)
