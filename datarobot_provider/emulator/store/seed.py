"""Seed data: the resources that exist when the emulator starts.

A seed folder contains ``seed.json``::

    {"datasets": [{"id", "name", "file": "relative.csv"}],
     "environments": [{"id", "name"}],
     "deployments": [{"id", "label", "targetType", "modelId", "columns"}],
     "useCases": [{"id", "name"}],
     "credentials": [{"id", "name", "credentialType", "description"}],
     "customModels": [{"id", "name", "targetType", "targetName",
                       "version": {"id", "folder": "relative", "environmentId", "trainingDatasetId"}}],
     "validations": [{"id", "name", "useCaseId", "deploymentId", "promptColumnName", "targetColumnName"}],
     "image": {"size", "redirect"}}

All keys of the document are optional. docs/emulator.md lists the required keys of the entries.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.common import identifiers, strict_json
from datarobot_provider.emulator.store import credentials, seed_models
from datarobot_provider.emulator.store.entities import Dataset, Deployment, Environment, UseCase
from datarobot_provider.emulator.store.prediction_server_image import Image

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.state import State

#: The seed of the command ``datarobot-emulator``: the resources of the example DAGs.
DEFAULT_SEED = Path(__file__).resolve().parent.parent / "default_seed" / "seed"
_STRING = {"type": "string", "minLength": 1}
_TARGET_TYPES = ("TextGeneration", "VectorDatabase", "Unstructured", "Regression", "Binary")

ENVIRONMENT = {
    "type": "object",
    "properties": {"id": _STRING, "name": _STRING},
    "required": ["name"],
    "additionalProperties": False,
}
DEPLOYMENT = {
    "type": "object",
    "properties": {
        "id": _STRING,
        "label": _STRING,
        "modelId": _STRING,
        "targetType": {"enum": list(_TARGET_TYPES)},
        "columns": {"type": ["array", "null"], "items": {"type": "string"}},
    },
    "required": ["label"],
    "additionalProperties": False,
}
USE_CASE = ENVIRONMENT
_DATASET_FILE = {
    "type": "object",
    "properties": {"id": _STRING, "name": _STRING, "file": _STRING},
    "required": ["name", "file"],
    "additionalProperties": False,
}
# Computing the hash of the largest image takes one or two minutes.
IMAGE_SIZE = {"type": "integer", "minimum": 0, "maximum": 100_000_000_000}
IMAGE = {
    "type": "object",
    "properties": {"size": IMAGE_SIZE, "redirect": {"type": "boolean"}},
    "required": ["size"],
    "additionalProperties": False,
}
_SEED = {
    "type": "object",
    "properties": {
        "datasets": {"type": "array", "items": _DATASET_FILE},
        "environments": {"type": "array", "items": ENVIRONMENT},
        "deployments": {"type": "array", "items": DEPLOYMENT},
        "useCases": {"type": "array", "items": USE_CASE},
        "credentials": {"type": "array", "items": credentials.SCHEMA},
        "customModels": {"type": "array", "items": seed_models.MODEL},
        "validations": {"type": "array", "items": seed_models.VALIDATION},
        "image": IMAGE,
    },
    "additionalProperties": False,
}


class SeedError(Exception):
    """An invalid seed folder. The message gives the reason."""


def make_dataset(name: str, text: str, dataset_id: str | None = None) -> Dataset:
    """Create a dataset from CSV.

    :param name: the name of the dataset.
    :param text: the CSV document, whose first row contains the column names.
    :param dataset_id: the id, or None for a new one.
    :raises ValueError: if the document is invalid or has no header row.
    """
    try:
        rows = [row for row in csv.reader(io.StringIO(text)) if row]
    except csv.Error as error:
        raise ValueError(str(error)) from error
    if not rows:
        msg = "the CSV text has no header row"
        raise ValueError(msg)
    size = len(text.encode())
    return Dataset(dataset_id or identifiers.object_id(), identifiers.object_id(), name, rows[0], rows[1:], size)


def make_environment(entry: dict[str, Any]) -> Environment:
    """Create an environment.

    :param entry: an entry of the seed or the body of a control request.
    """
    return Environment(entry.get("id") or identifiers.object_id(), identifiers.object_id(), entry["name"])


def make_deployment(entry: dict[str, Any]) -> Deployment:
    """Create a deployment.

    :param entry: an entry of the seed or the body of a control request.
    """
    return Deployment(
        id=entry.get("id") or identifiers.object_id(),
        label=entry["label"],
        model_id=entry.get("modelId") or identifiers.object_id(),
        target_type=entry.get("targetType", "VectorDatabase"),
        columns=entry.get("columns"),
    )


def make_use_case(entry: dict[str, Any]) -> UseCase:
    """Create a use case.

    :param entry: an entry of the seed or the body of a control request.
    """
    return UseCase(entry.get("id") or identifiers.object_id(), entry["name"])


def make_image(size: int, redirect: bool = False) -> Image:
    """Create the prediction server image.

    :param size: the size in bytes.
    :param redirect: whether the API redirects to the object storage.
    """
    return Image(identifiers.object_id(), size, redirect)


def load_seed(state: State, folder: Path) -> None:
    """Load a seed folder.

    :param state: the state to add the resources to.
    :param folder: the folder that contains ``seed.json``.
    :raises SeedError: if the folder is invalid.
    """
    seed = _read(folder)
    for entry in seed.get("datasets", ()):
        try:
            text = (folder / entry["file"]).read_text(encoding="utf-8-sig")
            dataset = make_dataset(entry["name"], text, entry.get("id"))
        except (OSError, ValueError) as error:
            msg = f"dataset file {entry['file']}: {error}"
            raise SeedError(msg) from error
        state.datasets[dataset.id] = dataset
    for entry in seed.get("environments", ()):
        environment = make_environment(entry)
        state.environments[environment.id] = environment
    for entry in seed.get("deployments", ()):
        state.add_deployment(make_deployment(entry))
    for entry in seed.get("useCases", ()):
        use_case = make_use_case(entry)
        state.use_cases[use_case.id] = use_case
    for entry in seed.get("credentials", ()):
        credential = credentials.make_credential(entry)
        state.credentials[credential.id] = credential
    _load_models(state, seed, folder)
    if "image" in seed:
        state.image = make_image(**seed["image"])


def _load_models(state: State, seed: dict[str, Any], folder: Path) -> None:
    entry: dict[str, Any] = {}
    try:
        for entry in seed.get("customModels", ()):
            seed_models.load_model(state, entry, folder)
        for entry in seed.get("validations", ()):
            seed_models.load_validation(state, entry)
    except (OSError, ValueError) as error:
        msg = f"seed.json: {entry['name']}: {error}"
        raise SeedError(msg) from error


def _read(folder: Path) -> dict[str, Any]:
    try:
        seed: dict[str, Any] = strict_json.loads((folder / "seed.json").read_bytes())
    except (OSError, ValueError) as error:
        msg = f"seed.json: {error}"
        raise SeedError(msg) from error
    for problem in strict_json.Validator(_SEED).iter_errors(seed):
        msg = f"seed.json: {'/'.join(map(str, problem.absolute_path)) or 'top level'}: {problem.message}"
        raise SeedError(msg)
    return seed
