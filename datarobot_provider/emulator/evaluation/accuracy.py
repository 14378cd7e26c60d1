"""Accuracy: the metrics of predictions whose actual values are known."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_LEAST_PROBABILITY = 1e-15


def regression_metrics(pairs: Sequence[tuple[float, float]]) -> dict[str, float | None]:
    """Return the metrics of a regression.

    :param pairs: the prediction and the actual value of each row.
    :returns: the metrics by name; None for each without rows.
    """
    if not pairs:
        return dict.fromkeys(("RMSE", "MAE", "R Squared"))
    errors = [actual - predicted for predicted, actual in pairs]
    mean = sum(actual for _, actual in pairs) / len(pairs)
    spread = sum((actual - mean) * (actual - mean) for _, actual in pairs)
    squared = sum(error * error for error in errors)
    values = {
        "RMSE": math.sqrt(squared / len(pairs)),
        "MAE": sum(map(abs, errors)) / len(pairs),
        "R Squared": 1 - squared / spread if spread else None,
    }
    return {name: value if value is not None and math.isfinite(value) else None for name, value in values.items()}


def classification_metrics(pairs: Sequence[tuple[dict[str, float], str]]) -> dict[str, float | None]:
    """Return the metrics of a classification.

    :param pairs: the probability of each class, and the actual class, of each row.
    :returns: the metrics by name; None for each without rows.
    """
    if not pairs:
        return dict.fromkeys(("LogLoss", "Accuracy"))
    losses = [-math.log(max(shares.get(actual, 0.0), _LEAST_PROBABILITY)) for shares, actual in pairs]
    hits = sum(max(shares, key=lambda name: shares[name]) == actual for shares, actual in pairs)
    return {"LogLoss": sum(losses) / len(pairs), "Accuracy": hits / len(pairs)}
