"""Resources that the seed and the control API create: the schemas of their entries, and their construction."""

from __future__ import annotations

import csv
import io
from typing import Any

from datarobot_provider.emulator.common import identifiers
from datarobot_provider.emulator.store.deployments import Deployment
from datarobot_provider.emulator.store.entities import Dataset, Environment, EnvironmentVersion, UseCase
from datarobot_provider.emulator.store.prediction_server_image import Image

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
        "modelId": {
            **_STRING,
            "description": "The id of a custom model or of a version deploys that version, which becomes frozen.",
        },
        "targetType": {"enum": list(_TARGET_TYPES)},
        "columns": {
            "type": ["array", "null"],
            "items": {"type": "string"},
            "description": "The columns that a vector database validation may use; null for any column.",
        },
    },
    "required": ["label"],
    "additionalProperties": False,
}
USE_CASE = ENVIRONMENT
# Computing the hash of the largest image takes one or two minutes.
IMAGE_SIZE = {"type": "integer", "minimum": 0, "maximum": 100_000_000_000}
IMAGE = {
    "type": "object",
    "properties": {"size": IMAGE_SIZE, "redirect": {"type": "boolean"}},
    "required": ["size"],
    "additionalProperties": False,
}


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


def make_environment(entry: dict[str, Any]) -> EnvironmentVersion:
    """Create an environment with a version that is built.

    :param entry: an entry of the seed or the body of a control request.
    :returns: the version.
    """
    settings = {"programmingLanguage": "python", "isPublic": True, "useCases": ["customModel"]}
    environment = Environment(entry.get("id") or identifiers.object_id(), entry["name"], settings)
    return EnvironmentVersion(identifiers.object_id(), environment)


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
