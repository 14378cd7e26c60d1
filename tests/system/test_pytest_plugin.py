"""The pytest plugin, used as in the documentation: the tests of the testing guide, run by a pytest of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from harness.emulator import ROOT
from tests.system.examples import FOLDER as EXAMPLES

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.full, pytest.mark.timeout(400)]

GUIDE, README = ROOT / "docs" / "guides" / "testing.md", ROOT / "README.md"
DAG_FILE = """
from airflow.sdk import DAG, Param, task

with DAG("from_a_file", params={"names": Param(["a"], type="array")}) as dag:
    @task
    def upper(name):
        return name.upper()

    @task
    def names(params=None):
        return params["names"]

    upper.expand(name=names())
"""
TESTS = """
import os
from pathlib import Path

import pytest


def test_a_dag_file_with_a_mapped_task(run_dag):
    result = run_dag("from_a_file.py", conf={"names": ["x", "y"]})
    assert result.state == "success", result.log
    assert result.states == {"names": "success", "upper": ["success", "success"]}
    assert result.xcoms["upper"] == ["X", "Y"]


def test_the_same_dag_again(run_dag):
    assert run_dag(Path("from_a_file.py")).xcoms["upper"] == ["A"]


@pytest.mark.parametrize(("content", "message"), [("1 / 0", "division by zero"), ("", "contains 0 DAGs")])
def test_a_file_without_a_dag(run_dag, tmp_path, content, message):
    file = tmp_path / "broken.py"
    file.write_text(f"from airflow.sdk import DAG\\n{content}\\n")
    with pytest.raises(ValueError, match=message):
        run_dag(file)


def test_the_example_pipeline(run_dag):
    result = run_dag(Path(os.environ["EXAMPLES"]) / "example_custom_model_pipeline.py")
    assert result.state == "success", result.log
    assert set(result.states.values()) == {"success"}


def test_the_connection_leads_to_the_emulator(datarobot_connection, datarobot_emulator):
    assert datarobot_connection == "datarobot_default"
    assert os.environ["AIRFLOW_CONN_DATAROBOT_DEFAULT"] == datarobot_emulator.connection


def test_the_connection_is_removed_again():
    assert "AIRFLOW_CONN_DATAROBOT_DEFAULT" not in os.environ


def test_seeded_resources_are_added_until_the_next_reset(datarobot_emulator):
    def names():
        return {row["name"] for row in datarobot_emulator.control("GET", "use-cases")["data"]}

    before = names()
    datarobot_emulator.seed(useCases=[{"name": "Mine"}])
    assert names() == before | {"Mine"}
    datarobot_emulator.reset()
    assert names() == before


def test_the_database_is_a_temporary_one(run_dag):
    from airflow import settings

    assert os.environ["AIRFLOW_HOME"] not in settings.SQL_ALCHEMY_CONN
    assert not list(Path(os.environ["AIRFLOW_HOME"]).glob("*.db"))
"""


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Run the tests of the guide and the tests above; return what pytest prints."""
    folder = tmp_path_factory.mktemp("project")
    for name, page, fence in (("guide", GUIDE, "python"), ("readme", README, "python test")):
        text = page.read_text(encoding="utf-8")
        for number, snippet in enumerate(re.findall(rf"^```{fence}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)):
            (folder / f"test_{name}_{number}.py").write_text(snippet, encoding="utf-8")
    (folder / "from_a_file.py").write_text(DAG_FILE, encoding="utf-8")
    (folder / "test_plugin.py").write_text(TESTS, encoding="utf-8")
    return run_pytest(folder)


def run_pytest(folder: Path, *arguments: str, **variables: str) -> str:
    """Run pytest in a folder, with these environment variables; return its output."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    environment = {
        **kept,
        "AIRFLOW_HOME": str(folder / "home"),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(EXAMPLES)]),
        "EXAMPLES": str(EXAMPLES),
        **variables,
    }
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "name",
    [
        "test_readme_0.py::test_the_model_is_created",
        "test_guide_0.py::test_the_model_is_created",
        "test_guide_1.py::test_a_failed_validation_fails_the_task",
        "test_guide_2.py::test_the_model_is_created_once",
        "test_plugin.py::test_a_dag_file_with_a_mapped_task",
        "test_plugin.py::test_the_same_dag_again",
        "test_plugin.py::test_a_file_without_a_dag[1 / 0-division by zero]",
        "test_plugin.py::test_a_file_without_a_dag[-contains 0 DAGs]",
        "test_plugin.py::test_the_example_pipeline",
        "test_plugin.py::test_the_connection_leads_to_the_emulator",
        "test_plugin.py::test_the_connection_is_removed_again",
        "test_plugin.py::test_seeded_resources_are_added_until_the_next_reset",
        "test_plugin.py::test_the_database_is_a_temporary_one",
    ],
)
def test_a_test_that_uses_the_fixtures_passes(output: str, name: str) -> None:
    assert f"PASSED {name}\n" in output, output[-5000:]


def test_the_plugin_imports_nothing_until_it_is_used(tmp_path: Path) -> None:
    test = "import sys\ndef test_modules(): assert not {'airflow', 'requests', 'starlette'} & set(sys.modules)\n"
    (tmp_path / "test_modules.py").write_text(test, encoding="utf-8")
    output = run_pytest(tmp_path, "-p", "no:anyio", "-p", "no:requests_mock")
    assert "1 passed" in output, output
