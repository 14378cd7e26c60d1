"""A client of the emulator: it prepares what an operator needs, and reads what the operator has done.

It speaks HTTP by itself, with ``requests``, and shares no code with the package.
"""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from datarobot_provider.emulator import Emulator

#: The environment variable that Airflow reads the connection from.
CONNECTION = "AIRFLOW_CONN_DATAROBOT_DEFAULT"
TOKEN = "parity-token-5b1e0c7f9a"
#: Jobs take 50 to 80 milliseconds.
TIME_SCALE = 0.005
ROOT = Path(__file__).parents[2]
SEED = ROOT / "example_dags" / "seed"
FOLDER = ROOT / "example_dags" / "models" / "diabetes_regression"
DATASET = "65a0000000000000000000d1"
ENVIRONMENT = "65a0000000000000000000e1"
DEPLOYMENT = "65a0000000000000000000f1"
IMAGE_SIZE = 100_000
MODEL = {
    "name": "parity",
    "customModelType": "inference",
    "targetType": "Regression",
    "targetName": "target",
    "isTrainingDataForVersionsPermanentlyEnabled": True,
}


def connection(endpoint: str, token: str = TOKEN, **extra: Any) -> str:
    """Return an Airflow connection as an environment variable holds it."""
    return json.dumps({"conn_type": "datarobot", "host": endpoint, "password": token, "extra": extra})


def write_seed(folder: Path, *, without: Collection[str] = ()) -> Path:
    """Write the seed of the examples into a folder, with an image that is hashed in no time; return the folder.

    :param without: the kinds of entries to leave out.
    """
    # Its paths are relative to the folder of the examples.
    text = (SEED / "seed.json").read_text(encoding="utf-8").replace('"../', f'"{SEED.parent}/')
    content = json.loads(text)
    content["image"]["size"] = IMAGE_SIZE
    kept = {kind: entries for kind, entries in content.items() if kind not in without}
    (folder / "seed.json").write_text(json.dumps(kept), encoding="utf-8")
    return folder


def until(told: Callable[[], Any], what: str, seconds: float = 20.0) -> None:
    """Wait for ``told`` to return something true; fail, naming ``what``, if it never does."""
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while not told():
        assert time.monotonic() < deadline, f"never happened: {what}"
        pause.wait(0.005)


class Stage:
    """One emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.host = emulator.url.removeprefix("http://")

    def reset(self) -> None:
        """Forget everything, plant the seed again."""
        self.emulator.control("POST", "reset")

    def order(self, kind: str, outcome: str, **more: Any) -> None:
        """Say how the next job of a kind is to end."""
        self.emulator.control("POST", "outcomes", {"kind": kind, "outcome": outcome, **more})

    def finish(self) -> None:
        """Let all jobs end now, as they were going to."""
        self.emulator.control("POST", "finish")

    def fault(self, path: str, *, times: int | None, method: str = "GET", **more: Any) -> None:
        """Let the next requests to ``path`` meet a fault."""
        self.emulator.control("POST", "faults", {"method": method, "path": path, "times": times, **more})

    def faults_left(self) -> list[int | None]:
        """Return how often each ordered fault will still strike."""
        return [fault["remaining"] for fault in self.emulator.control("GET", "faults")["data"]]

    def clear_faults(self) -> None:
        """Heal everything."""
        self.emulator.control("DELETE", "faults")

    def requests(self) -> list[dict[str, Any]]:
        """Return the requests that the API received since the job operator began, oldest first."""
        rows: list[dict[str, Any]] = self.emulator.control("GET", "requests")["data"]
        return rows

    def forget_requests(self) -> None:
        """Begin the record anew."""
        self.emulator.control("DELETE", "requests")

    def jobs(self, kind: str) -> list[dict[str, Any]]:
        """Return the jobs of a kind that were ever started."""
        return [job for job in self.emulator.control("GET", "jobs")["data"] if job["kind"] == kind]

    def model(self) -> str:
        """Make a custom model."""
        return str(self._post("customModels/", json=MODEL)["id"])

    def version(self, model_id: str, *, training: bool = False, built: bool = False) -> str:
        """Make a version of a model, with training data assigned and dependencies built if so asked."""
        form = [("isMajorUpdate", "true"), ("baseEnvironmentId", ENVIRONMENT)]
        if training:
            self.order("training_data", "succeeded", seconds=0)
            form.append(("trainingData", json.dumps({"datasetId": DATASET})))
        paths = sorted(FOLDER.iterdir())
        form += [("filePath", path.name) for path in paths]
        files = [("file", (path.name, path.read_bytes())) for path in paths]
        version_id = str(self._post(f"customModels/{model_id}/versions/", data=form, files=files)["id"])
        if built:
            self.order("dependency_build", "succeeded", seconds=0)
            self._post(f"customModels/{model_id}/versions/{version_id}/dependencyBuild/")
        return version_id

    def _post(self, path: str, **body: Any) -> dict[str, Any]:
        response = requests.post(
            f"{self.emulator.endpoint}/{path}", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30, **body
        )
        assert response.ok, response.text
        made: dict[str, Any] = response.json()
        return made
