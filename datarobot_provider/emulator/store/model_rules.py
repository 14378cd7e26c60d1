"""Rules of custom models that the routes and the seed share: defaults, training data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.entities import CustomModel, Dataset

# The default in the reference for create and update.
_DEFAULT_THRESHOLD = 0.5
_WITH_THRESHOLD = frozenset({"Binary", "Regression"})


def fill_defaults(fields: dict[str, Any]) -> None:
    """Set the fields of a custom model that have a default.

    :param fields: the API fields of the model, which are changed.
    """
    if fields.get("targetType") in _WITH_THRESHOLD:
        fields.setdefault("predictionThreshold", _DEFAULT_THRESHOLD)
    if fields.get("targetType") != "Binary":
        return
    for name, default in (("positiveClassLabel", "1"), ("negativeClassLabel", "0")):
        if fields.get(name) is None:
            fields[name] = default


def training_data_problem(model: CustomModel, dataset: Dataset, partition: str | None) -> str | None:
    """Return why a dataset cannot be the training data of a model, or None.

    :param model: the model.
    :param dataset: the dataset.
    :param partition: the name of the partition column, or None.
    """
    if model.unstructured:
        return None
    target = model.fields.get("targetName")
    if target and target not in dataset.columns:
        return f"Custom model's target is not found in the provided dataset: there is no column '{target}'."
    if partition and partition not in dataset.columns:
        return f"The partition column '{partition}' is not found in the provided dataset."
    return None
