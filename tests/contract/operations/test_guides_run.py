"""The snippets of the guides, run by Airflow on an emulator."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from datarobot_provider.emulator import running
from datarobot_provider.emulator.routes.custom_templates import TEMPLATES
from datarobot_provider.emulator.store.data_sources import DATA_STORE
from harness.emulator import ROOT, SEED
from tests.contract.operations.test_guides import SNIPPETS

SCRIPT = Path(__file__).with_name("dags") / "run_snippets.py"
EXAMPLES = ROOT / "example_dags"
TOKEN = "token-of-the-guides-tests"
SUFFIXES = {".md", ".py"}
ID = r"\b[0-9a-f]{24}\b"
#: Paths of the user in the guides, and their replacements below a folder of the test.
PATHS = {
    '"/models/churn"': '"{folder}/models/diabetes_regression"',
    "s3://my_aws_connection@my-bucket/models/churn": "file://{folder}/models/diabetes_regression",
    "file:///archive/": "file://{folder}/archive/",
    "file:///images/": "file://{folder}/images/",
}
#: The connections in the guides in addition to ``datarobot_default``.
STAGING, OPENAI = "datarobot_staging", "my_openai"


def replace_paths(snippet: str, folder: Path) -> str:
    """Return a snippet with the paths of the test."""
    for original, replacement in PATHS.items():
        snippet = snippet.replace(original, replacement.format(folder=folder))
    return snippet


def environment(endpoint: str, home: Path) -> dict[str, str]:
    """Return the environment of an Airflow in ``home`` with connections to the emulator."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    datarobot = json.dumps({"conn_type": "datarobot", "host": endpoint, "password": TOKEN})
    return {
        **kept,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW_CONN_DATAROBOT_DEFAULT": datarobot,
        f"AIRFLOW_CONN_{STAGING.upper()}": datarobot,
        f"AIRFLOW_CONN_{OPENAI.upper()}": json.dumps({"conn_type": "generic", "password": "key-of-the-guides-tests"}),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }


class Outcome(NamedTuple):
    """The states of the tasks by snippet and task, and the errors of failed tasks."""

    states: dict[str, dict[str, str]]
    errors: list[str]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Run all snippets."""
    home = tmp_path_factory.mktemp("guides")
    (home / "dags").mkdir()
    # The DAG of the installation guide is next to the examples, and uses one of their models.
    for folder in (home, home / "dags"):
        (folder / "models").symlink_to(EXAMPLES / "models")
    for name, snippet in SNIPPETS:
        (home / "dags" / f"{name}.py").write_text(replace_paths(snippet, home), encoding="utf-8")
    results = home / "states.json"
    with running(token=TOKEN, seed=SEED, time_scale=0) as emulator:
        command = [sys.executable, str(SCRIPT), f"{emulator.url}/__emulator__/reset", str(results)]
        env = environment(emulator.endpoint, home)
        completed = subprocess.run(command, env=env, cwd=home, capture_output=True, text=True, timeout=240, check=False)
    output = completed.stdout + completed.stderr
    assert completed.returncode == 0, output[-5000:]
    assert TOKEN not in output
    errors = re.findall(r"^[\w.]+(?:Exception|Error)\b.*", output, re.MULTILINE)
    return Outcome(json.loads(results.read_text(encoding="utf-8")), errors)


@pytest.mark.full
@pytest.mark.parametrize("name", [name for name, _ in SNIPPETS])
def test_a_snippet_runs(outcome: Outcome, name: str) -> None:
    states = outcome.states[name]
    assert states
    assert {task: state for task, state in states.items() if state != "success"} == {}, "\n".join(outcome.errors)


def test_no_dag_requires_a_logical_date() -> None:
    folders = (ROOT / "docs", EXAMPLES, ROOT / "datarobot_provider", ROOT / "demo")
    files = [ROOT / "README.md", *(file for folder in folders for file in folder.rglob("*") if file.suffix in SUFFIXES)]
    dated = re.compile(r"\{\{\s*(?:ds|ts|logical_date|execution_date|data_interval|prev_|next_)")
    assert [str(file) for file in files if dated.search(file.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(("name", "snippet"), SNIPPETS, ids=[name for name, _ in SNIPPETS])
def test_a_snippet_contains_only_ids_of_the_seed_and_of_every_emulator(name: str, snippet: str) -> None:
    seeded = set(re.findall(ID, (SEED / "seed.json").read_text(encoding="utf-8")))
    built_in = {DATA_STORE["id"], *(template["id"] for template in TEMPLATES)}
    assert set(re.findall(ID, snippet)) - seeded - built_in == set(), name
