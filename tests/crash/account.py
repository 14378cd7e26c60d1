"""The resources that each cell requires in the emulator, and those that its task created, without the provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.emulator import GUARD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.crash.rows import Row
    from tests.support.emulator import EmulatorClient, Json

#: Duration in seconds of jobs that must still be running when a process is killed; the tests end them afterwards.
HOLD = 240.0
#: Ids in the conf of a run that only its jobs have.
_OWN_IDS = (
    "custom_model_id", "custom_model_version_id", "deployment_id", "validation_id", "dataset_id", "environment_id",
)  # fmt: skip
#: Ids in the paths of requests that are not about one job.
_SHARED = {"customModelId", "datasetId", "deploymentId", "environmentId"}


def polls(datarobot: EmulatorClient, jobs: Iterable[Json]) -> dict[int, int]:
    """Return the number of polls of each job, by its index in the list."""
    gets = datarobot.requests("GET")
    return {index: sum(_refers_to(get, job) for get in gets) for index, job in enumerate(jobs)}


def _refers_to(get: Json, job: Json) -> bool:
    ids = [value for name, value in job["ids"].items() if name not in _SHARED]
    return get["time"] > job["created"] and any(value in get["path"] for value in ids)


def _model(datarobot: EmulatorClient, name: str) -> Json:
    return {"custom_model_id": datarobot.create_model(name=name)}


def _model_with_version(datarobot: EmulatorClient, name: str) -> Json:
    model_id = datarobot.create_model(name=name)
    datarobot.create_version(model_id)
    return {"custom_model_id": model_id}


def _version(*, training: bool = False, built: bool = False) -> Callable[[EmulatorClient, str], Json]:
    def prepare(datarobot: EmulatorClient, name: str) -> Json:
        model_id = datarobot.create_model(name=name)
        version = datarobot.create_version(model_id, training=training, built=built)
        main = next(item["id"] for item in version["items"] if item["filePath"] == "custom.py")
        ids = {"custom_model_id": model_id, "custom_model_version_id": version["id"]}
        return {**ids, "main_program_item_id": main}

    return prepare


def _build_of_another_run(datarobot: EmulatorClient, name: str) -> Json:
    ids = _version()(datarobot, name)
    datarobot.outcome("dependency_build", "succeeded", seconds=HOLD)
    datarobot.send(
        "POST", "customModels/{custom_model_id}/versions/{custom_model_version_id}/dependencyBuild/".format(**ids)
    )
    return ids


def _deployment(datarobot: EmulatorClient, name: str) -> str:
    """Create a deployment that serves as a vector database."""
    body = {"label": name, "targetType": "VectorDatabase", "columns": ["promptText", "relevant"]}
    return str(datarobot.control("POST", "deployments", body)["id"])


def _validation(datarobot: EmulatorClient, name: str) -> Json:
    deployment_id = _deployment(datarobot, name)
    datarobot.outcome("vector_database_validation", "succeeded", seconds=0)
    body = {"deploymentId": deployment_id, "promptColumnName": "promptText", "targetColumnName": "relevant"}
    validation = datarobot.send("POST", "genai/customModelVectorDatabaseValidations/", json=body)
    return {"validation_id": validation["id"], "deployment_id": deployment_id}


def _original(datarobot: EmulatorClient, name: str) -> Json:
    # A copy is identified by its target only: no other cell may have the same target.
    return {"custom_model_id": datarobot.create_model(name=name, targetName=name), "name": name}


def _guarded(datarobot: EmulatorClient, name: str) -> Json:
    template = next(each for each in datarobot.entries("guardTemplates/") if each["type"] == GUARD["type"])
    return {"entity_id": datarobot.create_model(name=name), "template_id": template["id"]}


def _dataset(datarobot: EmulatorClient, name: str) -> Json:
    return {"dataset_id": datarobot.control("POST", "datasets", {"name": name, "csv": "age,price\n1,10\n"})["id"]}


def _environment(datarobot: EmulatorClient, name: str) -> Json:
    return {"environment_id": datarobot.send("POST", "executionEnvironments/", json={"name": name})["id"]}


def _registrable(datarobot: EmulatorClient, name: str) -> Json:
    return {**_version()(datarobot, name), "registered_model_name": name}


def _package(datarobot: EmulatorClient, name: str) -> Json:
    """Register a version; return its id and the id of its package."""
    datarobot.outcome("model_package_build", "succeeded", seconds=0)
    version_id = _version()(datarobot, name)["custom_model_version_id"]
    body = {"customModelVersionId": version_id, "registeredModelName": name}
    package = datarobot.send("POST", "modelPackages/fromCustomModelVersion/", json=body)
    return {"model_package_id": package["id"], "custom_model_version_id": version_id}


def _deployed(datarobot: EmulatorClient, name: str) -> Json:
    """Deploy a version."""
    datarobot.outcome("deployment", "succeeded", seconds=0)
    body = {"modelPackageId": _package(datarobot, f"{name}-champion")["model_package_id"], "label": name}
    return {"deployment_id": datarobot.send("POST", "deployments/fromModelPackage/", json=body)["id"]}


def _replaceable(datarobot: EmulatorClient, name: str) -> Json:
    return {**_package(datarobot, name), **_deployed(datarobot, name)}


#: Functions that create the resources that each row requires, and return the conf of the run.
PREPARE: dict[str, Callable[[EmulatorClient, str], Json]] = {
    "version": _model,
    "build": _version(),
    "joined_build": _build_of_another_run,
    "test": _version(built=True),
    "impact": _version(training=True),
    "validation": lambda datarobot, name: {"deployment_id": _deployment(datarobot, name)},
    "conversion": _version(),
    "with_training_data": _model_with_version,
    "assignment": lambda datarobot, name: {
        "custom_model_id": datarobot.create_model(name=name, isTrainingDataForVersionsPermanentlyEnabled=False)
    },
    "dataset_version": _dataset,
    "environment_version": _environment,
    "environment": lambda _, name: {"name": name},
    "registration": _registrable,
    "deployment": lambda datarobot, name: {**_package(datarobot, name), "deployment_label": name},
    "replacement": _replaceable,
    "batch_prediction": _deployed,
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


def _versions(datarobot: EmulatorClient, conf: Json) -> list[Json]:
    return datarobot.entries(f"customModels/{conf['custom_model_id']}/versions/")


def _conversions(datarobot: EmulatorClient, conf: Json) -> list[Json]:
    return datarobot.entries(
        "customModels/{custom_model_id}/versions/{custom_model_version_id}/conversions/".format(**conf)
    )


def _named(path: str, search: str) -> Callable[[EmulatorClient, Json], list[Json]]:
    """Return a function that lists the resources with the name of the cell."""

    def entries(datarobot: EmulatorClient, conf: Json) -> list[Json]:
        return [row for row in datarobot.entries(path, **{search: conf["name"]}) if row["name"] == conf["name"]]

    return entries


_models = _named("customModels/", "searchFor")


def _registered_versions(datarobot: EmulatorClient, conf: Json) -> list[Json]:
    models = _named("registeredModels/", "search")(datarobot, {"name": conf["registered_model_name"]})
    return [row for model in models for row in datarobot.entries(f"registeredModels/{model['id']}/versions/")]


#: Functions that list the resources that each row creates; the other rows only start a job.
CREATED: dict[str, Callable[[EmulatorClient, Json], list[Json]]] = {
    "version": _versions,
    "test": lambda datarobot, conf: datarobot.entries("customModelTests/", customModelId=conf["custom_model_id"]),
    "validation": lambda datarobot, conf: datarobot.entries(
        "genai/customModelVectorDatabaseValidations/", deploymentId=conf["deployment_id"]
    ),
    "conversion": _conversions,
    "with_training_data": _versions,
    "model": _models,
    "two_models": _models,
    "model_own_id": _models,
    "copy": _models,
    "version_plain": _versions,
    "guard": lambda datarobot, conf: datarobot.entries(
        "guardConfigurations/", entityType="customModel", entityId=conf["entity_id"]
    ),
    "guarded_version": _versions,
    "dataset_version": lambda datarobot, conf: datarobot.entries(f"datasets/{conf['dataset_id']}/versions/"),
    "environment_version": lambda datarobot, conf: datarobot.entries(
        f"executionEnvironments/{conf['environment_id']}/versions/"
    ),
    "environment": _named("executionEnvironments/", "searchFor"),
    "registration": _registered_versions,
    "deployment": lambda datarobot, conf: datarobot.entries("deployments/", search=conf["deployment_label"]),
    "replacement": lambda datarobot, conf: datarobot.entries(f"deployments/{conf['deployment_id']}/modelHistory/"),
}


class Account:
    """The resources and jobs of a cell in DataRobot that were created after the preparation."""

    def __init__(self, datarobot: EmulatorClient, row: Row, name: str) -> None:
        self._datarobot, self._row = datarobot, row
        self.conf = PREPARE[row.base](datarobot, name)
        self._list_created = CREATED.get(row.base)
        self._created_before = len(self._list_created(datarobot, self.conf)) if self._list_created else 0
        self._jobs_before = len(self.jobs(datarobot.jobs())) - row.joins

    def jobs(self, jobs: list[Json]) -> list[Json]:
        """Return the row's jobs, including those of the preparation."""
        values = {self.conf[name] for name in _OWN_IDS if name in self.conf}
        return [job for job in jobs if job["kind"] == self._row.kind and values & set(job["ids"].values())]

    def started(self, jobs: list[Json]) -> list[Json]:
        """Return the jobs that the task started or joined."""
        return self.jobs(jobs)[self._jobs_before :]

    def creations(self, jobs: list[Json]) -> int:
        """Return the number of resources that the task created: entities if the API lists them, otherwise jobs."""
        if self._list_created is None:
            return len(self.started(jobs))
        return len(self._list_created(self._datarobot, self.conf)) - self._created_before

    def deletes(self, jobs: list[Json]) -> list[Json]:
        """Return the requests to cancel one of the task's jobs."""
        return [
            row for row in self._datarobot.requests("DELETE") if any(_refers_to(row, job) for job in self.started(jobs))
        ]
