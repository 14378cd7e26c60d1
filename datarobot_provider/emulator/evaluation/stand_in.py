"""The stand-in for deployed models. It computes predictions from the values of a row; it does not run the model.

* Regression: the mean of the numbers in the row, without the target.
* Classification and anomaly detection: the same mean, mapped to a probability.
* Text generation and other kinds: a sentence that contains the first value of the row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.evaluation.table import as_number

if TYPE_CHECKING:
    from collections.abc import Mapping

NUMERIC = frozenset({"Regression", "Anomaly"})


@dataclass(frozen=True)
class Target:
    """What a model predicts.

    :param name: the name of the target.
    :param kind: the target type as the API names it.
    :param classes: the classes; for a binary classification, the positive one first.
    """

    name: str
    kind: str
    classes: tuple[str, ...]


def target_of(fields: Mapping[str, Any]) -> Target:
    """Return the target of a custom model.

    :param fields: the fields of the custom model as the API stores them.
    """
    kind = str(fields.get("targetType"))
    if kind == "Binary":
        classes = (str(fields.get("positiveClassLabel") or "1"), str(fields.get("negativeClassLabel") or "0"))
    else:
        classes = tuple(fields.get("classLabels") or ())
    return Target(str(fields.get("targetName") or "target"), kind, classes)


def predict(target: Target, row: Mapping[str, str]) -> tuple[str, dict[str, float]]:
    """Return the prediction for a row: its value, and the probability of each class.

    :param row: the values of the row, by column.
    """
    numbers = [number for name, text in row.items() if name != target.name and (number := as_number(text)) is not None]
    mean = sum(numbers) / len(numbers) if numbers else 0.0
    if target.kind == "Regression":
        return str(round(mean, 6)), {}
    positive = round(0.5 + math.atan(mean) / math.pi, 6)
    if target.kind == "Anomaly":
        return str(positive), {}
    if not target.classes:
        return f"Emulated response to: {next(iter(row.values()), '')}", {}
    rest = round((1 - positive) / max(1, len(target.classes) - 1), 6)
    shares = {name: rest if number else positive for number, name in enumerate(target.classes)}
    return max(shares, key=lambda name: shares[name]), shares
