"""The emulator as the harness sees it: what is prepared for a cell, and what came of it. Plain HTTP, no provider."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import requests

from tests.crash.rows import DATASET, ENVIRONMENT, FOLDER, GUARD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from harness.emulator import Emulator
    from tests.crash.rows import Row

Json = dict[str, Any]
TIMEOUT = 30
#: How long jobs take that have to be running, all of them, when something is killed: longer than any machine needs to
#: get there, because they are told to end once it has happened.
HOLD = 240.0
PAGE = 100


class Stage:
    """One emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self._api = emulator.endpoint
        self._control = emulator.endpoint.removesuffix("/api/v2") + "/__emulator__"
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {emulator.token}"

    def control(self, method: str, path: str, body: Json | None = None, query: Json | None = None) -> Any:
        """Call the control API."""
        return self._call(method, f"{self._control}/{path}", json=body, params=query)

    def post(self, path: str, **body: Any) -> Json:
        """Make something through the API."""
        made: Json = self._call("POST", f"{self._api}/{path}", **body)
        return made

    def rows(self, path: str, **query: str) -> list[Json]:
        """Return a list of the API."""
        page = self._call("GET", f"{self._api}/{path}", params={**query, "limit": PAGE, "offset": 0})
        found: list[Json] = page["data"]
        return found

    def order(self, kind: str, *, seconds: float, times: int = 1) -> None:
        """Say how long the next jobs of a kind take."""
        body = {"kind": kind, "outcome": "succeeded", "seconds": seconds, "times": times}
        self.control("POST", "outcomes", body)

    def jobs(self) -> list[Json]:
        """Return all jobs, oldest first."""
        found: list[Json] = self.control("GET", "jobs")["data"]
        return found

    def requests(self, method: str, path: str = "") -> list[Json]:
        """Return the requests so far, ``path`` being a regular expression."""
        found: list[Json] = self.control("GET", "requests", query={"method": method, "path": path})["data"]
        return found

    def polls(self, jobs: Iterable[Json]) -> dict[int, int]:
        """Return for each job, by its place in the list, how often somebody has looked at it."""
        gets = self.requests("GET")
        return {place: sum(_is_look(get, job) for get in gets) for place, job in enumerate(jobs)}

    def model(self, name: str, *, for_versions: bool = True, target: str = "target") -> str:
        """Make a custom model."""
        body = {
            "name": name,
            "customModelType": "inference",
            "targetType": "Regression",
            "targetName": target,
            "isTrainingDataForVersionsPermanentlyEnabled": for_versions,
        }
        return str(self.post("customModels/", json=body)["id"])

    def version(self, model_id: str, *, training: bool = False, built: bool = False) -> Json:
        """Make a version, with training data assigned and dependencies built if so asked."""
        form = [("isMajorUpdate", "true"), ("baseEnvironmentId", ENVIRONMENT)]
        if training:
            self.order("training_data", seconds=0)
            form.append(("trainingData", json.dumps({"datasetId": DATASET})))
        paths = sorted(path for path in FOLDER.iterdir() if path.is_file())
        form += [("filePath", path.name) for path in paths]
        files = [("file", (path.name, path.read_bytes())) for path in paths]
        version = self.post(f"customModels/{model_id}/versions/", data=form, files=files)
        if built:
            self.order("dependency_build", seconds=0)
            self.post(f"customModels/{model_id}/versions/{version['id']}/dependencyBuild/")
        return version

    def deployment(self, name: str) -> str:
        """Make a deployment that serves as a vector database."""
        body = {"label": name, "targetType": "VectorDatabase", "columns": ["promptText", "relevant"]}
        return str(self.control("POST", "deployments", body)["id"])

    def _call(self, method: str, url: str, **more: Any) -> Any:
        response = self._session.request(method, url, timeout=TIMEOUT, **more)
        if not response.ok:
            raise AssertionError(f"{method} {url} answered {response.status_code}: {response.text[:300]}")
        return response.json() if response.content else None


def _is_look(get: Json, job: Json) -> bool:
    ids = [value for name, value in job["ids"].items() if name not in {"customModelId", "datasetId", "deploymentId"}]
    return get["time"] > job["created"] and any(value in get["path"] for value in ids)


def _model(stage: Stage, name: str) -> Json:
    return {"custom_model_id": stage.model(name)}


def _model_with_version(stage: Stage, name: str) -> Json:
    model_id = stage.model(name)
    stage.version(model_id)
    return {"custom_model_id": model_id}


def _version(*, training: bool = False, built: bool = False) -> Callable[[Stage, str], Json]:
    def prepare(stage: Stage, name: str) -> Json:
        model_id = stage.model(name)
        version = stage.version(model_id, training=training, built=built)
        main = next(item["id"] for item in version["items"] if item["filePath"] == "custom.py")
        ids = {"custom_model_id": model_id, "custom_model_version_id": version["id"]}
        return {**ids, "main_program_item_id": main}

    return prepare


def _build_of_another_run(stage: Stage, name: str) -> Json:
    ids = _version()(stage, name)
    stage.order("dependency_build", seconds=HOLD)
    stage.post("customModels/{custom_model_id}/versions/{custom_model_version_id}/dependencyBuild/".format(**ids))
    return ids


def _validation(stage: Stage, name: str) -> Json:
    deployment_id = stage.deployment(name)
    stage.order("vector_database_validation", seconds=0)
    body = {"deploymentId": deployment_id, "promptColumnName": "promptText", "targetColumnName": "relevant"}
    validation = stage.post("genai/customModelVectorDatabaseValidations/", json=body)
    return {"validation_id": validation["id"], "deployment_id": deployment_id}


def _original(stage: Stage, name: str) -> Json:
    # A copy is known by its target alone, so that no other cell may have the same one.
    return {"custom_model_id": stage.model(name, target=name), "name": name}


def _guarded(stage: Stage, name: str) -> Json:
    template = next(each for each in stage.rows("guardTemplates/") if each["type"] == GUARD["type"])
    return {"entity_id": stage.model(name), "template_id": template["id"]}


#: What each row needs to be there; it returns the conf of the run.
PREPARE: dict[str, Callable[[Stage, str], Json]] = {
    "version": _model,
    "build": _version(),
    "joined_build": _build_of_another_run,
    "test": _version(built=True),
    "impact": _version(training=True),
    "validation": lambda stage, name: {"deployment_id": stage.deployment(name)},
    "conversion": _version(),
    "with_training_data": _model_with_version,
    "assignment": lambda stage, name: {"custom_model_id": stage.model(name, for_versions=False)},
    "repository": _model,
    "revalidation": _validation,
    "explanations": _version(training=True),
    "model": lambda _, name: {"name": name},
    "two_models": lambda _, name: {"name": name},
    "model_own_id": lambda _, name: {"name": name, "user_provided_id": name},
    "copy": _original,
    "version_plain": _model,
    "guard": _guarded,
    "guarded_version": _model_with_version,
}


def _versions(stage: Stage, conf: Json) -> list[Json]:
    return stage.rows(f"customModels/{conf['custom_model_id']}/versions/")


def _models(stage: Stage, conf: Json) -> list[Json]:
    return [each for each in stage.rows("customModels/", searchFor=conf["name"]) if each["name"] == conf["name"]]


def _conversions(stage: Stage, conf: Json) -> list[Json]:
    return stage.rows("customModels/{custom_model_id}/versions/{custom_model_version_id}/conversions/".format(**conf))


#: What each row makes, as the API lists it; the rows that are not here make nothing but a job.
MADE: dict[str, Callable[[Stage, Json], list[Json]]] = {
    "version": _versions,
    "test": lambda stage, conf: stage.rows("customModelTests/", customModelId=conf["custom_model_id"]),
    "validation": lambda stage, conf: stage.rows(
        "genai/customModelVectorDatabaseValidations/", deploymentId=conf["deployment_id"]
    ),
    "conversion": _conversions,
    "with_training_data": _versions,
    "model": _models,
    "two_models": _models,
    "model_own_id": _models,
    "copy": _models,
    "version_plain": _versions,
    "guard": lambda stage, conf: stage.rows(
        "guardConfigurations/", entityType="customModel", entityId=conf["entity_id"]
    ),
    "guarded_version": _versions,
}


class Account:
    """What one cell has in DataRobot: counted from the moment in which everything was prepared."""

    def __init__(self, stage: Stage, row: Row, name: str) -> None:
        self._stage, self._row = stage, row
        self.conf = PREPARE[row.base](stage, name)
        self._made = MADE.get(row.base)
        self._made_before = len(self._made(stage, self.conf)) if self._made else 0
        self._jobs_before = len(self.jobs(stage.jobs())) - row.joins

    def jobs(self, jobs: list[Json]) -> list[Json]:
        """Return the row's jobs, those of the preparation included."""
        values = {
            self.conf.get(name) for name in ("custom_model_id", "deployment_id", "validation_id") if name in self.conf
        }
        return [job for job in jobs if job["kind"] == self._row.kind and values & set(job["ids"].values())]

    def started(self, jobs: list[Json]) -> list[Json]:
        """Return the jobs that the task started or joined."""
        return self.jobs(jobs)[self._jobs_before :]

    def creations(self, jobs: list[Json]) -> int:
        """Return how many things the task made: entities where the API lists them, otherwise jobs."""
        if self._made is None:
            return len(self.started(jobs))
        return len(self._made(self._stage, self.conf)) - self._made_before

    def deletes(self, jobs: list[Json]) -> list[Json]:
        """Return the requests to cancel one of the task's jobs."""
        return [row for row in self._stage.requests("DELETE") if any(_is_look(row, job) for job in self.started(jobs))]
