"""DataRobot's own provider 1.0.2 in Airflow 2.11, unmodified, with the emulator: ``make test-peers``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.emulator import ROOT

if TYPE_CHECKING:
    from tests.peers.conftest import Peer

pytestmark = pytest.mark.timeout(400)

PIPELINE = ROOT / "tests" / "system" / "dags" / "other_provider_dag.py"
MONITORING = ROOT / "tests" / "peers" / "dags" / "other_provider_monitoring_dag.py"
ROWS = 442


@pytest.fixture(scope="module")
def pipeline(peer: Peer) -> dict[str, Any]:
    """Run the pipeline, the same file that tests/system runs with this provider."""
    return peer.run(PIPELINE, peer.pipeline_conf())


def test_a_pipeline_runs_from_the_environment_to_the_deployment(pipeline: dict[str, Any]) -> None:
    assert pipeline["state"] == "success"
    assert set(pipeline["states"].values()) == {"success"}
    xcoms = pipeline["xcoms"]
    for name in ("environment", "environment_version", "model", "version", "test", "deploy"):
        assert len(xcoms[name]) == 24, name
    assert (xcoms["status"], xcoms["deactivate"], xcoms["state"]) == ("succeeded", "inactive", "inactive")
    assert xcoms["deployed"]["id"] == xcoms["version"]
    assert xcoms["deployed"]["target_type"] == "Regression"


def test_a_deployment_scores_a_dataset_and_is_monitored(peer: Peer, pipeline: dict[str, Any]) -> None:
    result = peer.run(MONITORING, {"deployment_id": pipeline["xcoms"]["deploy"]})
    assert set(result["states"].values()) == {"success"}
    xcoms = result["xcoms"]
    assert xcoms["activate"] == "active"
    assert xcoms["settings"]["drift_tracking_settings"]["feature_drift"] == {"enabled": True}
    assert xcoms["settings"]["association_id_settings"]["column_names"] == ["age"]
    assert xcoms["service"]["metrics"]["totalPredictions"] == ROWS
    assert {row["metric_name"] for row in xcoms["accuracy"]["data"]} == {"RMSE", "MAE", "R Squared"}
    assert {row["sample_size"] for row in xcoms["feature_drift"]} == {ROWS}
    assert xcoms["target_drift"]["target_name"] == "target"
    header, *rows = (peer.folder / "predictions.csv").read_text(encoding="utf-8").splitlines()
    assert header.startswith("target_PREDICTION,DEPLOYMENT_APPROVAL_STATUS")
    assert len(rows) == ROWS


def test_a_failed_model_test_is_a_successful_task_of_the_other_provider(peer: Peer) -> None:
    peer.client.outcome("model_test", "failed")
    result = peer.run(PIPELINE, peer.pipeline_conf())
    assert result["states"]["test"] == "success"
    assert result["xcoms"]["status"] == "failed"
