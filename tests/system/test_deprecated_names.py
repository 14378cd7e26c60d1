"""A DAG file for DataRobot's own provider, run unchanged on this one."""

from __future__ import annotations

import shutil

import pytest

from harness.emulator import ROOT
from tests.system.test_pytest_plugin import run_pytest

pytestmark = [pytest.mark.full, pytest.mark.timeout(400)]

FILE = ROOT / "tests" / "system" / "dags" / "other_provider_dag.py"
MODELS = ROOT / "example_dags" / "models"
TEST = f"""
def test_a_dag_of_the_other_provider(run_dag, datarobot_emulator):
    folders = {{"docker_context_path": {str(MODELS / "python_environment")!r}, "custom_model_folder": "model"}}
    result = run_dag({str(FILE)!r}, conf=folders)
    assert result.state == "success", result.log
    assert set(result.states.values()) == {{"success"}}
    xcoms = result.xcoms
    for name in ("environment", "environment_version", "model", "version", "test", "deploy"):
        assert len(xcoms[name]) == 24, name
    assert (xcoms["status"], xcoms["deactivate"], xcoms["state"]) == ("succeeded", "inactive", "inactive")
    assert xcoms["deployed"]["id"] == xcoms["version"]
    assert xcoms["deployed"]["target_type"] == "Regression"
    assert len(datarobot_emulator.requests("POST", "/deployments/fromModelPackage/$")) == 1
"""


def test_its_import_lines_arguments_params_and_xcoms_work(tmp_path):
    # The other provider has no operator that builds dependencies, so that the model has none.
    ignored = shutil.ignore_patterns("requirements.txt")
    shutil.copytree(MODELS / "diabetes_regression", tmp_path / "model", ignore=ignored)
    (tmp_path / "test_old_dag.py").write_text(TEST, encoding="utf-8")
    output = run_pytest(tmp_path)
    assert "1 passed" in output, output[-6000:]
