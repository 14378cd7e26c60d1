"""What ``model-metadata.yaml`` says about a custom model: arguments of :class:`CreateCustomModelOperator`."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from datarobot_provider.core.arguments.paths import located
from datarobot_provider.core.custom_model.metadata_file import FILE_NAME, MISNAMED, content_of, parsed
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
#: Where each argument stands below ``inferenceModel``, and the target types that have it; ``None`` for all.
_OF_THE_TARGET: Mapping[str, tuple[str, tuple[str, ...] | None]] = {
    "target_name": ("targetName", None),
    "positive_class_label": ("positiveClassLabel", ("Binary",)),
    "negative_class_label": ("negativeClassLabel", ("Binary",)),
    "prediction_threshold": ("predictionThreshold", ("Binary",)),
}
_WITH_LABELS = ("Multiclass", "Multilabel")


def arguments_from_metadata(metadata: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that a metadata file gives and that were not given themselves.

    :param metadata: path of the file or of its folder, local or in Airflow's object storage.
    :param arguments: the arguments of the operator; ``None`` means not given.
    :raises InputError: if the file is missing or broken, describes a training task where an inference model is made, or
        names a target type that there is not.
    """
    path = _file(located("metadata", metadata))
    content = parsed(content_of(path), str(path))
    kind = _text(content, "type")
    if kind == _TRAINING and arguments["custom_model_type"] != _TRAINING:
        raise InputError(
            f"{path} says type: {_TRAINING}: it describes a task that DataRobot trains, not an inference model. Its "
            f"folder holds no model to deploy; give custom_model_type={_TRAINING!r} if a training task is to be made."
        )
    found: dict[str, Any] = {name: _text(content, name) for name in ("name", "description", "language")}
    found["target_type"] = _target_type(content, path)
    inference = content.get("inferenceModel")
    if isinstance(inference, dict) and arguments["custom_model_type"] != _TRAINING:
        target_type = arguments["target_type"] or found["target_type"]
        found |= _target(inference, target_type)
        if target_type in _WITH_LABELS and arguments["class_labels"] is None:
            found["class_labels"] = _labels(inference, path)
    return {name: value for name, value in found.items() if value is not None and arguments[name] is None}


def _file(path: Any) -> Any:
    try:
        is_folder = path.is_dir()
        file = path / FILE_NAME if is_folder else path
        if file.is_file():
            return file
    except OSError as error:
        raise InputError(f"metadata is {path}, which cannot be read: {error.strerror or error}.") from None
    if is_folder:
        hint = f"; it has {MISNAMED}, which DataRobot does not read" if (path / MISNAMED).is_file() else ""
        raise InputError(f"metadata is the folder {path}, which has no {FILE_NAME}{hint}.")
    raise InputError(f"metadata is {path}, which does not exist.")


def _text(content: Mapping[str, Any], name: str) -> str | None:
    value = content.get(name)
    return value if isinstance(value, str) and value.strip() else None


def _target_type(content: Mapping[str, Any], path: Any) -> str | None:
    text = _text(content, "targetType")
    if text is None:
        return None
    if text.lower() not in _TARGET_TYPES:
        raise InputError(f"{path}: there is no targetType {text[:50]!r}; it is one of {', '.join(_TARGET_TYPES)}.")
    return _TARGET_TYPES[text.lower()]


def _target(inference: Mapping[str, Any], target_type: str | None) -> dict[str, Any]:
    return {
        argument: _text(inference, name)
        for argument, (name, types) in _OF_THE_TARGET.items()
        if types is None or target_type in types
    }


def _labels(inference: Mapping[str, Any], path: Any) -> list[str] | None:
    """Return the class labels in the spelling of the file, or the lines of the file that ``classLabelsFile`` names."""
    labels, file = inference.get("classLabels"), _text(inference, "classLabelsFile")
    if labels and file:
        raise InputError(f"{path} has classLabels and classLabelsFile; a model has one of them.")
    if file:
        return _lines(path, file)
    if labels is None:
        return None
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise InputError(f"{path}: classLabels should be a list of labels.")
    return labels


def _lines(path: Any, name: str) -> list[str]:
    if posixpath.isabs(name) or ".." in name.split("/"):
        raise InputError(f"{path}: classLabelsFile leads out of the model's folder.")
    try:
        text = content_of(path.parent / name).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: the classLabelsFile {name} is not UTF-8.") from None
    return [line for line in text.splitlines() if line]
