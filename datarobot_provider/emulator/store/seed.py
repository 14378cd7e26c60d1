"""Seed data: what exists when the emulator starts, from datasets to the prediction server image.

A seed folder holds ``seed.json``::

    {"datasets": [{"id", "name", "file": "relative.csv"}],
     "environments": [{"id", "name"}],
     "deployments": [{"id", "label", "targetType", "modelId", "columns"}],
     "useCases": [{"id", "name"}],
     "credentials": [{"id", "name", "credentialType", "description"}],
     "customModels": [{"id", "name", "targetType", "targetName",
                       "version": {"id", "folder": "relative", "environmentId", "trainingDatasetId"}}],
     "validations": [{"id", "name", "useCaseId", "deploymentId", "promptColumnName", "targetColumnName"}],
     "image": {"size", "redirect"}}

All of it is optional, and so are most things in the entries; docs/emulator.md says which are not.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.evaluation.prediction_server_image import Image, digest
from datarobot_provider.emulator.store import credentials, identity, seed_models
from datarobot_provider.emulator.store.state import Dataset, Deployment, Environment, State, UseCase
from datarobot_provider.emulator.web import strict_json as strictjson

if TYPE_CHECKING:
    from pathlib import Path

_TEXT = {"type": "string", "minLength": 1}
_TARGET_TYPES = ("TextGeneration", "VectorDatabase", "Unstructured", "Regression", "Binary")

ENVIRONMENT = {
    "type": "object",
    "properties": {"id": _TEXT, "name": _TEXT},
    "required": ["name"],
    "additionalProperties": False,
}
DEPLOYMENT = {
    "type": "object",
    "properties": {
        "id": _TEXT,
        "label": _TEXT,
        "modelId": _TEXT,
        "targetType": {"enum": list(_TARGET_TYPES)},
        "columns": {"type": ["array", "null"], "items": {"type": "string"}},
    },
    "required": ["label"],
    "additionalProperties": False,
}
USE_CASE = ENVIRONMENT
_DATASET_FILE = {
    "type": "object",
    "properties": {"id": _TEXT, "name": _TEXT, "file": _TEXT},
    "required": ["name", "file"],
    "additionalProperties": False,
}
# The hash of the largest one takes a minute or two.
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
    """The seed folder cannot be used; the message says why."""


def make_dataset(name: str, text: str, dataset_id: str | None = None) -> Dataset:
    """Return a dataset made of CSV `text`, whose first row names the columns. Raises ValueError if there is none."""
    try:
        rows = [row for row in csv.reader(io.StringIO(text)) if row]
    except csv.Error as error:
        raise ValueError(str(error)) from error
    if not rows:
        msg = "the CSV text has no header row"
        raise ValueError(msg)
    size = len(text.encode())
    return Dataset(dataset_id or identity.object_id(), identity.object_id(), name, rows[0], rows[1:], size)


def make_environment(entry: dict[str, Any]) -> Environment:
    """Return the environment described by a seed or control `entry`."""
    return Environment(entry.get("id") or identity.object_id(), identity.object_id(), entry["name"])


def make_deployment(entry: dict[str, Any]) -> Deployment:
    """Return the deployment described by a seed or control `entry`."""
    return Deployment(
        id=entry.get("id") or identity.object_id(),
        label=entry["label"],
        model_id=entry.get("modelId") or identity.object_id(),
        target_type=entry.get("targetType", "VectorDatabase"),
        columns=entry.get("columns"),
    )


def make_use_case(entry: dict[str, Any]) -> UseCase:
    """Return the use case described by a seed or control `entry`."""
    return UseCase(entry.get("id") or identity.object_id(), entry["name"])


def make_image(size: int, redirect: bool = False) -> Image:
    """Return the prediction server image of `size` bytes; its hash takes a second per gigabyte or two."""
    image_id = identity.object_id()
    return Image(image_id, size, digest(image_id, size), redirect)


def plant(state: State, folder: Path) -> None:
    """Put what `folder` describes into `state`. Raises SeedError if the folder cannot be used."""
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
        state.deploy(make_deployment(entry))
    for entry in seed.get("useCases", ()):
        use_case = make_use_case(entry)
        state.use_cases[use_case.id] = use_case
    for entry in seed.get("credentials", ()):
        credential = credentials.make_credential(entry)
        state.credentials[credential.id] = credential
    _plant_models(state, seed, folder)
    if "image" in seed:
        state.image = make_image(**seed["image"])


def _plant_models(state: State, seed: dict[str, Any], folder: Path) -> None:
    entry: dict[str, Any] = {}
    try:
        for entry in seed.get("customModels", ()):
            seed_models.plant_model(state, entry, folder)
        for entry in seed.get("validations", ()):
            seed_models.plant_validation(state, entry)
    except (OSError, ValueError) as error:
        msg = f"seed.json: {entry['name']}: {error}"
        raise SeedError(msg) from error


def _read(folder: Path) -> dict[str, Any]:
    try:
        seed: dict[str, Any] = strictjson.loads((folder / "seed.json").read_bytes())
    except (OSError, ValueError) as error:
        msg = f"seed.json: {error}"
        raise SeedError(msg) from error
    for problem in strictjson.Validator(_SEED).iter_errors(seed):
        msg = f"seed.json: {'/'.join(map(str, problem.absolute_path)) or 'top level'}: {problem.message}"
        raise SeedError(msg)
    return seed
