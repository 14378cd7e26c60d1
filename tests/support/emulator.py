"""A client of the emulator that creates the resources of a test, and returns the requests of an operator."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import harness.emulator_client

if TYPE_CHECKING:
    from collections.abc import Callable, Collection


#: The environment variable with the Airflow connection.
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
Json = dict[str, Any]
MODEL = {
    "name": "parity",
    "customModelType": "inference",
    "targetType": "Regression",
    "targetName": "target",
    "isTrainingDataForVersionsPermanentlyEnabled": True,
}
#: A guard that needs no deployment.
GUARD = {
    "name": "Tokens",
    "description": "counts tokens",
    "type": "ootb",
    "ootbType": "token_count",
    "stages": ["prompt"],
    "intervention": {
        "action": "block",
        "allowedActions": ["block", "report"],
        "conditions": [{"comparator": "greaterThan", "comparand": 100}],
        "message": "too long",
        "sendNotification": False,
    },
}


def connection(endpoint: str, token: str = TOKEN, **extra: Any) -> str:
    """Return an Airflow connection as the value of an environment variable."""
    return json.dumps({"conn_type": "datarobot", "host": endpoint, "password": token, "extra": extra})


def write_seed(folder: Path, *, without: Collection[str] = ()) -> Path:
    """Write the seed of the examples to a folder, with a small image that is hashed quickly; return the folder.

    :param without: the kinds of entries to leave out.
    """
    # The paths in the seed are relative to the folder of the examples.
    text = (SEED / "seed.json").read_text(encoding="utf-8").replace('"../', f'"{SEED.parent}/')
    content = json.loads(text)
    content["image"]["size"] = IMAGE_SIZE
    kept = {kind: entries for kind, entries in content.items() if kind not in without}
    (folder / "seed.json").write_text(json.dumps(kept), encoding="utf-8")
    return folder


def until(condition: Callable[[], Any], what: str, seconds: float = 20.0) -> None:
    """Wait until a condition is true; fail after a timeout.

    :param condition: called repeatedly; returns a true value when the wait ends.
    :param what: the name of the condition in the failure message.
    :param seconds: the timeout.
    """
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"timeout while waiting for: {what}"
        pause.wait(0.005)


class EmulatorClient(harness.emulator_client.EmulatorClient):
    """Client of an emulator that also prepares what a test needs.

    :param endpoint: URL of the API.
    :param token: an API token that the emulator accepts.
    """

    def __init__(self, endpoint: str, token: str = TOKEN) -> None:
        super().__init__(endpoint, token)
        self.host = self.url.removeprefix("http://")

    def finish_jobs(self, **ids: str) -> None:
        """End the running jobs now; with ids, only the jobs that have them."""
        self.control("POST", "finish", ids)

    def faults_left(self) -> list[int | None]:
        """Return the number of remaining occurrences of each fault."""
        return [fault["remaining"] for fault in self.control("GET", "faults")["data"]]

    def clear_faults(self) -> None:
        """Remove all faults."""
        self.control("DELETE", "faults")

    def clear_requests(self) -> None:
        """Delete the log of requests."""
        self.control("DELETE", "requests")

    def create_model(self, **fields: Any) -> str:
        """Create a custom model; return its id."""
        return str(self.send("POST", "customModels/", json={**MODEL, **fields})["id"])

    def create_version(self, model_id: str, *, training: bool = False, built: bool = False) -> Json:
        """Create a version of a model.

        :param training: whether training data is assigned to it.
        :param built: whether its dependencies are built.
        :returns: the version.
        """
        form = [("isMajorUpdate", "true"), ("baseEnvironmentId", ENVIRONMENT)]
        if training:
            self.outcome("training_data", "succeeded", seconds=0)
            form.append(("trainingData", json.dumps({"datasetId": DATASET})))
        paths = sorted(path for path in FOLDER.iterdir() if path.is_file())
        form += [("filePath", path.name) for path in paths]
        files = [("file", (path.name, path.read_bytes())) for path in paths]
        version = self.send("POST", f"customModels/{model_id}/versions/", data=form, files=files)
        if built:
            self.outcome("dependency_build", "succeeded", seconds=0)
            self.send("POST", f"customModels/{model_id}/versions/{version['id']}/dependencyBuild/")
        return version
