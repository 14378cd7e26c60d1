"""The custom models and the vector database validations of a seed, as if they had been made long ago: no job runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.store import identity
from datarobot_provider.emulator.store.jobs import Fate, Job
from datarobot_provider.emulator.store.state import CustomModel, Item, TrainingData, Validation
from datarobot_provider.emulator.store.versioning import Draft, add_version

if TYPE_CHECKING:
    from pathlib import Path

    from datarobot_provider.emulator.store.state import State

_TEXT = {"type": "string", "minLength": 1}
_VERSION = {
    "type": "object",
    "properties": {"id": _TEXT, "folder": _TEXT, "environmentId": _TEXT, "trainingDatasetId": _TEXT},
    "required": ["folder", "environmentId"],
    "additionalProperties": False,
}
MODEL = {
    "type": "object",
    "properties": {
        "id": _TEXT,
        "name": _TEXT,
        "targetType": {"enum": ["Regression", "TextGeneration", "Unstructured"]},
        "targetName": _TEXT,
        "version": _VERSION,
    },
    "required": ["name", "targetType"],
    "additionalProperties": False,
}
VALIDATION = {
    "type": "object",
    "properties": {
        "id": _TEXT,
        "name": _TEXT,
        "deploymentId": _TEXT,
        "useCaseId": _TEXT,
        "promptColumnName": _TEXT,
        "targetColumnName": _TEXT,
    },
    "required": ["name", "deploymentId", "promptColumnName", "targetColumnName"],
    "additionalProperties": False,
}


def plant_model(state: State, entry: dict[str, Any], folder: Path) -> None:
    """Put a custom model into `state`, and its version if it has one.

    Parameters: `entry` fits `MODEL`, its paths are relative to `folder`. Raises OSError if the version's folder cannot
    be read, and ValueError if the version names an environment or a dataset that the seed does not have.
    """
    fields = {
        "name": entry["name"],
        "customModelType": "inference",
        "targetType": entry["targetType"],
        "targetName": entry.get("targetName"),
        "isTrainingDataForVersionsPermanentlyEnabled": True,
    }
    moment = identity.now()
    model = CustomModel(entry.get("id") or identity.object_id(), fields, moment, moment)
    if "version" in entry:
        _plant_version(state, model, entry["version"], folder)
    state.models[model.id] = model


def plant_validation(state: State, entry: dict[str, Any]) -> None:
    """Put a vector database validation that has passed into `state`.

    Parameters: `entry` fits `VALIDATION`. Raises ValueError if it names a deployment that the seed does not have.
    """
    deployment = _planted(state.deployments, "deployment", entry["deploymentId"])
    fields = {"predictionTimeout": 300, "useCaseId": None, **entry, "modelId": deployment.model_id}
    validation_id = fields.pop("id", None) or identity.object_id()
    job = _ended(state, "vector_database_validation", {"validationId": validation_id, "deploymentId": deployment.id})
    state.validations[validation_id] = Validation(validation_id, fields, identity.now(), job)


def _plant_version(state: State, model: CustomModel, entry: dict[str, Any], folder: Path) -> None:
    environment = _planted(state.environments, "environment", entry["environmentId"])
    version = add_version(model, Draft(_items(folder / entry["folder"]), environment), entry.get("id"))
    ids = {"customModelId": model.id, "customModelVersionId": version.id}
    if version.dependencies:
        version.build = _ended(state, "dependency_build", ids)
    if "trainingDatasetId" in entry:
        dataset = _planted(state.datasets, "dataset", entry["trainingDatasetId"])
        version.training = TrainingData(dataset, _ended(state, "training_data", {**ids, "datasetId": dataset.id}))


def _items(folder: Path) -> list[Item]:
    """Return the files of a folder; hidden ones and what Python leaves behind are no part of a model."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not _left_out(path.relative_to(folder))]
    if not paths:
        raise FileNotFoundError(f"{folder} is no folder with files")
    moment = identity.now()
    return [Item(identity.object_id(), path.relative_to(folder).as_posix(), path.open("rb"), moment) for path in paths]


def _left_out(path: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)


def _planted(there: dict[str, Any], kind: str, wanted: str) -> Any:
    if wanted not in there:
        raise ValueError(f"the seed has no {kind} {wanted}")
    return there[wanted]


def _ended(state: State, kind: str, ids: dict[str, str]) -> Job:
    """Return a job that has succeeded, of which the emulator's list of jobs knows nothing."""
    return Job(kind, ids, Fate(), state.now(), 0.0, identity.now())
