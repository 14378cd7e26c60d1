"""Custom models and vector database validations of a seed. Their jobs have already succeeded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.common import identifiers, timestamps
from datarobot_provider.emulator.store.entities import CustomModel, Item, TrainingData, Validation
from datarobot_provider.emulator.store.jobs import Job, PlannedOutcome
from datarobot_provider.emulator.store.versioning import Draft, add_version

if TYPE_CHECKING:
    from pathlib import Path

    from datarobot_provider.emulator.store.state import State

_STRING = {"type": "string", "minLength": 1}
_VERSION = {
    "type": "object",
    "properties": {"id": _STRING, "folder": _STRING, "environmentId": _STRING, "trainingDatasetId": _STRING},
    "required": ["folder", "environmentId"],
    "additionalProperties": False,
}
MODEL = {
    "type": "object",
    "properties": {
        "id": _STRING,
        "name": _STRING,
        "targetType": {"enum": ["Regression", "TextGeneration", "Unstructured"]},
        "targetName": _STRING,
        "version": _VERSION,
    },
    "required": ["name", "targetType"],
    "additionalProperties": False,
}
VALIDATION = {
    "type": "object",
    "properties": {
        "id": _STRING,
        "name": _STRING,
        "deploymentId": _STRING,
        "useCaseId": _STRING,
        "promptColumnName": _STRING,
        "targetColumnName": _STRING,
    },
    "required": ["name", "deploymentId", "promptColumnName", "targetColumnName"],
    "additionalProperties": False,
}


def load_model(state: State, entry: dict[str, Any], folder: Path) -> None:
    """Add a custom model and its version, if any.

    :param state: the state to add them to.
    :param entry: the entry of the seed, valid against `MODEL`.
    :param folder: the seed folder, to which the paths in the entry are relative.
    :raises OSError: if the folder of the version cannot be read.
    :raises ValueError: if the entry names an environment or a dataset that does not exist.
    """
    fields = {
        "name": entry["name"],
        "customModelType": "inference",
        "targetType": entry["targetType"],
        "targetName": entry.get("targetName"),
        "isTrainingDataForVersionsPermanentlyEnabled": True,
    }
    moment = timestamps.now()
    model = CustomModel(entry.get("id") or identifiers.object_id(), fields, moment, moment)
    if "version" in entry:
        _load_version(state, model, entry["version"], folder)
    state.models[model.id] = model


def load_validation(state: State, entry: dict[str, Any]) -> None:
    """Add a vector database validation that has passed.

    :param state: the state to add it to.
    :param entry: the entry of the seed, valid against `VALIDATION`.
    :raises ValueError: if the entry names a deployment that does not exist.
    """
    deployment = _find(state.deployments, "deployment", entry["deploymentId"])
    fields = {"predictionTimeout": 300, "useCaseId": None, **entry, "modelId": deployment.model_id}
    validation_id = fields.pop("id", None) or identifiers.object_id()
    job = _finished_job(
        state, "vector_database_validation", {"validationId": validation_id, "deploymentId": deployment.id}
    )
    state.validations[validation_id] = Validation(validation_id, fields, timestamps.now(), job)


def _load_version(state: State, model: CustomModel, entry: dict[str, Any], folder: Path) -> None:
    environment = _find(state.environments, "environment", entry["environmentId"])
    version = add_version(model, Draft(_items(folder / entry["folder"]), environment), entry.get("id"))
    ids = {"customModelId": model.id, "customModelVersionId": version.id}
    if version.dependencies:
        version.build = _finished_job(state, "dependency_build", ids)
    if "trainingDatasetId" in entry:
        dataset = _find(state.datasets, "dataset", entry["trainingDatasetId"])
        version.training = TrainingData(
            dataset, _finished_job(state, "training_data", {**ids, "datasetId": dataset.id})
        )


def _items(folder: Path) -> list[Item]:
    """Return the files of a folder without hidden files and bytecode."""
    paths = [
        path for path in sorted(folder.rglob("*")) if path.is_file() and not _is_excluded(path.relative_to(folder))
    ]
    if not paths:
        raise FileNotFoundError(f"{folder} does not exist or contains no files")
    moment = timestamps.now()
    return [
        Item(identifiers.object_id(), path.relative_to(folder).as_posix(), path.open("rb"), moment) for path in paths
    ]


def _is_excluded(path: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)


def _find(resources: dict[str, Any], kind: str, resource_id: str) -> Any:
    if resource_id not in resources:
        raise ValueError(f"the seed has no {kind} {resource_id}")
    return resources[resource_id]


def _finished_job(state: State, kind: str, ids: dict[str, str]) -> Job:
    """Return a succeeded job. It is not part of the job list of the emulator."""
    return Job(kind, ids, PlannedOutcome(), state.now(), 0.0, timestamps.now())
