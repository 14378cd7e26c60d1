"""DataRobot's own provider in Airflow 2, in the environment of ``make test-peers``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from harness.emulator import ROOT, Emulator
from harness.emulator_client import EmulatorClient

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PYTHON = ROOT / ".venv-bench-airflow-2" / "bin" / "python"
PROCESS = ROOT / "tests" / "peers" / "airflow_2_process.py"
MODELS = ROOT / "example_dags" / "models"
RESULT = "RESULT "


@dataclass
class Peer:
    """Airflow 2 with DataRobot's own provider, and the emulator that its connection refers to."""

    folder: Path
    emulator: Emulator

    @property
    def client(self) -> EmulatorClient:
        """The control API of the emulator."""
        return EmulatorClient(self.emulator.endpoint, self.emulator.token)

    def run(self, dag_file: Path, conf: dict[str, Any]) -> dict[str, Any]:
        """Run the DAG; return its state, and the states and XComs of its tasks."""
        output = self.python(str(PROCESS), str(dag_file), json.dumps(conf))
        before, found, result = output.rpartition(RESULT)
        assert found, before[-4000:]
        return json.loads(result.splitlines()[0])

    def python(self, *arguments: str) -> str:
        """Run Python in the environment of the other provider; return what it prints."""
        extra = {"extra__http__endpoint": self.emulator.endpoint, "extra__http__api_key": self.emulator.token}
        env = {
            **os.environ,
            "AIRFLOW_HOME": str(self.folder / "airflow"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW_CONN_DATAROBOT_DEFAULT": json.dumps({"conn_type": "http", "extra": extra}),
        }
        ended = subprocess.run(
            [str(PYTHON), *arguments],
            env=env,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        return ended.stdout

    def pipeline_conf(self) -> dict[str, Any]:
        """Return the params of the pipeline: folders on this machine."""
        return {
            "docker_context_path": str(MODELS / "python_environment"),
            "custom_model_folder": str(self.folder / "model"),
        }


@pytest.fixture(scope="session")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """Return Airflow 2 with an empty database, and an emulator with the seed data of the example DAGs."""
    if not PYTHON.exists():
        pytest.fail("Airflow 2 with DataRobot's own provider could not be installed, see make test-peers")
    folder = tmp_path_factory.mktemp("peer")
    # The other provider has no operator that builds dependencies, so that the model has none.
    ignored = shutil.ignore_patterns("requirements.txt")
    shutil.copytree(MODELS / "diabetes_regression", folder / "model", ignore=ignored)
    with Emulator(folder, time_scale=0.1) as emulator:
        peer = Peer(folder, emulator)
        peer.python("-m", "airflow", "db", "migrate")
        yield peer
