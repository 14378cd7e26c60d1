"""Arguments of :class:`CreateCustomModelOperator` from ``model-metadata.yaml``."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.files import path_exists
from datarobot_provider.core.arguments.paths import resolve_path
from datarobot_provider.core.custom_model.metadata_file import FILE_NAME, MISNAMED, parse_metadata, read_file
from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

_TARGET_TYPES = {
    each.lower(): each
    for each in (
        "Binary", "Regression", "Multiclass", "Anomaly", "Transform", "TextGeneration", "GeoPoint", "Unstructured",
        "VectorDatabase", "AgenticWorkflow", "Multilabel", "MCP",
    )
}  # fmt: skip
_TRAINING = "training"
#: Argument: its name in ``inferenceModel``, and the target types that have it (``None`` for all).
_TARGET_ARGUMENTS: Mapping[str, tuple[str, tuple[str, ...] | None]] = {
    "target_name": ("targetName", None),
    "positive_class_label": ("positiveClassLabel", ("Binary",)),
    "negative_class_label": ("negativeClassLabel", ("Binary",)),
    "prediction_threshold": ("predictionThreshold", ("Binary",)),
}
_TYPES_WITH_LABELS = ("Multiclass", "Multilabel")


def arguments_from_metadata(metadata: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a metadata file for the arguments that were not set.

    :param metadata: path of the file or of its folder, local or in Airflow's object storage.
    :param arguments: the arguments of the operator; ``None`` means not set.
    :raises InputError: if the file is missing or invalid, describes a training task although an inference model is to
        be created, or contains an unknown target type.
    """
    path = _file(resolve_path("metadata", metadata))
    content = parse_metadata(read_file(path), str(path))
    task_type = _string(content, "type")
    if task_type == _TRAINING and arguments["custom_model_type"] != _TRAINING:
        raise InputError(
            f"{path} has 'type: {_TRAINING}': it describes a task that DataRobot trains, not an inference model "
            f"that can be deployed. To create a training task, set custom_model_type={_TRAINING!r}."
        )
    found: dict[str, Any] = {name: _string(content, name) for name in ("name", "description", "language")}
    found["target_type"] = _target_type(content, path)
    inference = content.get("inferenceModel")
    if isinstance(inference, dict) and arguments["custom_model_type"] != _TRAINING:
        target_type = arguments["target_type"] or found["target_type"]
        found |= _target_arguments(inference, target_type)
        if target_type in _TYPES_WITH_LABELS and arguments["class_labels"] is None:
            found["class_labels"] = _labels(inference, path)
    return {name: value for name, value in found.items() if value is not None and arguments[name] is None}


def _file(path: Any) -> Any:
    try:
        is_folder = path.is_dir()
        file = path / FILE_NAME if is_folder else path
        if file.is_file():
            return file
        problem = "is not a regular file" if path_exists(path) else "does not exist"
    except OSError as error:
        raise InputError(f"metadata is {path}, which cannot be read: {error.strerror or error}.") from None
    if is_folder:
        hint = f", only {MISNAMED}, which DataRobot ignores: rename it" if (path / MISNAMED).is_file() else ""
        raise InputError(f"metadata is the folder {path}, which has no {FILE_NAME}{hint}.")
    raise InputError(f"metadata is {path}, which {problem}.")


def _string(content: Mapping[str, Any], name: str) -> str | None:
    value = content.get(name)
    return value if isinstance(value, str) and value.strip() else None


def _target_type(content: Mapping[str, Any], path: Any) -> str | None:
    text = _string(content, "targetType")
    if text is None:
        return None
    if text.lower() not in _TARGET_TYPES:
        raise InputError(f"{path}: targetType is {text[:50]!r}, but should be one of {', '.join(_TARGET_TYPES)}.")
    return _TARGET_TYPES[text.lower()]


def _target_arguments(inference: Mapping[str, Any], target_type: str | None) -> dict[str, Any]:
    return {
        argument: _string(inference, name)
        for argument, (name, types) in _TARGET_ARGUMENTS.items()
        if types is None or target_type in types
    }


def _labels(inference: Mapping[str, Any], path: Any) -> list[str] | None:
    """Return ``classLabels`` exactly as written in the file, or the lines of ``classLabelsFile``."""
    labels, file = inference.get("classLabels"), _string(inference, "classLabelsFile")
    if labels and file:
        raise InputError(f"{path} has both classLabels and classLabelsFile. Remove one of them.")
    if file:
        return _read_lines(path, file)
    if labels is None:
        return None
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise InputError(f"{path}: classLabels should be a list of labels.")
    return labels


def _read_lines(path: Any, name: str) -> list[str]:
    if posixpath.isabs(name) or ".." in name.split("/"):
        raise InputError(f"{path}: classLabelsFile is outside the folder of the model.")
    try:
        text = read_file(path.parent / name).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: the classLabelsFile {name} is not encoded in UTF-8.") from None
    return [line for line in text.splitlines() if line]
