"""Custom models, versions, guards and vector database validations of a seed. Their jobs have already succeeded.

A version is::

    {"id", "environmentId", "trainingDatasetId", "built",
     "folder": "relative" or "files": {"custom.py": "content", "model.pkl": {"base64": "..."}},
     "guards": [{"template": "Prompt Tokens", "name", "stages", "intervention", ...}]}
"""

from __future__ import annotations

import base64
import binascii
import io
from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.common import identifiers, timestamps
from datarobot_provider.emulator.store import guards, runtime_parameters
from datarobot_provider.emulator.store.entities import (
    VERSION_ENTITY,
    CustomModel,
    Item,
    TrainingData,
    Validation,
    Version,
)
from datarobot_provider.emulator.store.file_paths import check_path, check_tree
from datarobot_provider.emulator.store.jobs import Job, PlannedOutcome
from datarobot_provider.emulator.store.model_rules import fill_defaults, training_data_problem
from datarobot_provider.emulator.store.versioning import Draft, add_version

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from datarobot_provider.emulator.store.state import State

_STRING = {"type": "string", "minLength": 1}
_CONTENT = {
    "type": ["string", "object"],
    "properties": {"base64": {"type": "string"}},
    "required": ["base64"],
    "additionalProperties": False,
}
_VERSION = {
    "type": "object",
    "properties": {
        "id": _STRING,
        "folder": _STRING,
        "files": {"type": "object", "additionalProperties": _CONTENT, "minProperties": 1},
        "environmentId": _STRING,
        "trainingDatasetId": _STRING,
        "built": {"type": "boolean"},
        "guards": {
            "type": "array",
            "items": {"type": "object", "properties": {"template": _STRING}, "required": ["template"]},
        },
    },
    "required": ["environmentId"],
    "additionalProperties": False,
}
MODEL = {
    "type": "object",
    "properties": {
        "id": _STRING,
        "name": _STRING,
        "targetType": {"enum": ["Regression", "Binary", "TextGeneration", "Unstructured"]},
        "targetName": _STRING,
        "version": _VERSION,
        "versions": {"type": "array", "items": _VERSION},
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


class ModelLoader:
    """Adds custom models and validations of a seed to a state.

    :param state: the state.
    :param folder: the seed folder, to which the paths in the entries are relative, or None if they must not name paths.
    """

    def __init__(self, state: State, folder: Path | None) -> None:
        self._state, self._folder = state, folder
        self._guards: dict[int, list[tuple[Version, list[dict[str, Any]]]]] = {}

    def load_model(self, entry: dict[str, Any]) -> None:
        """Add a custom model and its versions, without guards.

        :param entry: the entry of the seed, valid against `MODEL`.
        :raises OSError: if the folder of a version cannot be read.
        :raises ApiError: if the files of a version are invalid.
        :raises ValueError: if the entry names a resource that does not exist, or is invalid for another reason.
        """
        if "version" in entry and "versions" in entry:
            msg = "a custom model has either version or versions"
            raise ValueError(msg)
        moment = timestamps.now()
        model = CustomModel(entry.get("id") or identifiers.object_id(), _fields(entry), moment, moment)
        add_new(self._state.models, "custom model", model.id, model)
        versions = entry.get("versions", [entry["version"]] if "version" in entry else [])
        self._guards[id(entry)] = [(self._load_version(model, each), each.get("guards", [])) for each in versions]

    def load_guards(self, entry: dict[str, Any]) -> None:
        """Add the guards of the versions of a custom model.

        :param entry: the entry with which `load_model` was called.
        :raises ApiError: if a name is not unique or a deployment does not exist.
        :raises ValueError: if a guard is invalid.
        """
        for version, entries in self._guards[id(entry)]:
            for guard in entries:
                template = guards.find_template(guard["template"])
                if template is None:
                    raise ValueError(f"there is no guard template {guard['template']}")
                values = {name: value for name, value in guard.items() if name != "template"}
                guards.add_from_template(self._state, template, VERSION_ENTITY, version.id, values)

    def load_validation(self, entry: dict[str, Any]) -> None:
        """Add a vector database validation that has passed.

        :param entry: the entry of the seed, valid against `VALIDATION`.
        :raises ValueError: if the entry names a deployment or a use case that does not exist.
        """
        deployment = _find(self._state.deployments, "deployment", entry["deploymentId"])
        if "useCaseId" in entry:
            _find(self._state.use_cases, "use case", entry["useCaseId"])
        fields = {"predictionTimeout": 300, "useCaseId": None, **entry, "modelId": deployment.model_id}
        validation_id = fields.pop("id", None) or identifiers.object_id()
        ids = {"validationId": validation_id, "deploymentId": deployment.id}
        job = self._finished_job("vector_database_validation", ids)
        validation = Validation(validation_id, fields, timestamps.now(), job)
        add_new(self._state.validations, "validation", validation_id, validation)

    def _load_version(self, model: CustomModel, entry: dict[str, Any]) -> Version:
        environment = self._state.built_version(_find(self._state.environments, "environment", entry["environmentId"]))
        if "id" in entry and self._state.find_version(entry["id"]):
            raise ValueError(f"the id {entry['id']} of the version is in use")
        items = self._items(entry)
        parameters = runtime_parameters.parameters_of_new_version(self._state, items, None, {})
        draft = Draft(items, environment, {runtime_parameters.FIELD: parameters}, keep_data=False)
        version = add_version(model, draft, entry.get("id"))
        ids = {"customModelId": model.id, "customModelVersionId": version.id}
        if version.requirements.build_needed and entry.get("built", True):
            if version.requirements.rejection is not None:
                raise ValueError(f'the build fails: {version.requirements.rejection} Set "built": false.')
            version.build = self._finished_job("dependency_build", ids)
        if "trainingDatasetId" in entry:
            dataset = _find(self._state.datasets, "dataset", entry["trainingDatasetId"])
            problem = training_data_problem(model, dataset, None)
            if problem:
                raise ValueError(problem)
            job = self._finished_job("training_data", {**ids, "datasetId": dataset.id})
            version.training = TrainingData(dataset, job)
        return version

    def _items(self, entry: dict[str, Any]) -> list[Item]:
        if ("folder" in entry) == ("files" in entry):
            msg = "a version requires either folder or files"
            raise ValueError(msg)
        if "files" in entry:
            return _inline_items(entry["files"])
        if self._folder is None:
            msg = "folder is possible in a seed folder only; send the contents as files"
            raise ValueError(msg)
        return _folder_items(self._folder / entry["folder"])

    def _finished_job(self, kind: str, ids: dict[str, str]) -> Job:
        """Return a succeeded job. It is not part of the job list of the emulator."""
        return Job(kind, ids, PlannedOutcome(), self._state.now(), 0.0, timestamps.now())


def check_new(resources: Mapping[str, object], kind: str, resource_id: str) -> None:
    """Check that an id is not in use.

    :param resources: the resources of the kind, by id.
    :param kind: the kind, for the message.
    :param resource_id: the id.
    :raises ValueError: if it is in use.
    """
    if resource_id in resources:
        raise ValueError(f"the id {resource_id} of the {kind} is in use")


def add_new(resources: dict[str, Any], kind: str, resource_id: str, resource: object) -> None:
    """Add a resource with a new id.

    :param resources: the resources of the kind, by id.
    :param kind: the kind, for the message.
    :param resource_id: the id of the resource.
    :param resource: the resource.
    :raises ValueError: if the id is in use.
    """
    check_new(resources, kind, resource_id)
    resources[resource_id] = resource


def _fields(entry: dict[str, Any]) -> dict[str, Any]:
    fields = {
        "name": entry["name"],
        "customModelType": "inference",
        "targetType": entry["targetType"],
        "targetName": entry.get("targetName"),
        "isTrainingDataForVersionsPermanentlyEnabled": True,
    }
    fill_defaults(fields)
    return fields


def _inline_items(files: dict[str, Any]) -> list[Item]:
    moment = timestamps.now()
    for path in files:
        check_path(path, path)
    check_tree(files, "files")
    return [
        Item(identifiers.object_id(), path, io.BytesIO(_content(path, value)), moment) for path, value in files.items()
    ]


def _content(path: str, value: str | dict[str, str]) -> bytes:
    if isinstance(value, str):
        return value.encode()
    try:
        return base64.b64decode(value["base64"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"files: {path}: the content is not valid base64") from error


def _folder_items(folder: Path) -> list[Item]:
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
        raise ValueError(f"the seed has no {kind} {resource_id}, and none exists in the emulator")
    return resources[resource_id]
