"""Feature impact, estimated from the correlation of each column with the target."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.entities import Dataset

_MAX_TEXT_IMPACT = 0.05


def feature_impacts(dataset: Dataset, target: str | None, partition: str | None) -> list[dict[str, Any]]:
    """Return the impact of each feature, highest first.

    The unnormalized impact of a numeric column is its absolute correlation with the target over the rows in which both
    are numbers. Any other column gets a small value that is derived from its name and therefore reproducible.

    :param dataset: the training data.
    :param target: the target column, or None.
    :param partition: the partition column, or None.
    """
    outcomes = _numbers(dataset, target) if target in dataset.columns else []
    impacts = {
        column: _correlation(_numbers(dataset, column), outcomes) or _reproducible_impact(column)
        for column in dataset.columns
        if column not in {target, partition}
    }
    highest = max(impacts.values(), default=1.0)
    return [
        {
            "featureName": column,
            "impactUnnormalized": impact,
            "impactNormalized": impact / highest,
            "redundantWith": None,
            "parentFeatureName": None,
        }
        for column, impact in sorted(impacts.items(), key=lambda pair: (-pair[1], pair[0]))
    ]


def _numbers(dataset: Dataset, column: str | None) -> list[float | None]:
    index = dataset.columns.index(column or "")
    return [_number(row[index]) if index < len(row) else None for row in dataset.rows]


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _correlation(xs: list[float | None], ys: list[float | None]) -> float:
    pairs = [(x, y) for x, y in zip(xs, ys, strict=False) if x is not None and y is not None]
    if not pairs:
        return 0.0
    # The correlation does not depend on the scale. Without scaling, the squares of numbers like 1e200 would overflow.
    pairs = list(zip(_scaled([x for x, _ in pairs]), _scaled([y for _, y in pairs]), strict=True))
    mean_x = sum(x for x, _ in pairs) / len(pairs)
    mean_y = sum(y for _, y in pairs) / len(pairs)
    cross = sum((x - mean_x) * (y - mean_y) for x, y in pairs)
    spread = math.sqrt(sum((x - mean_x) ** 2 for x, _ in pairs) * sum((y - mean_y) ** 2 for _, y in pairs))
    return min(1.0, abs(cross) / spread) if spread else 0.0


def _scaled(values: list[float]) -> list[float]:
    largest = max(map(abs, values))
    return [value / largest for value in values] if largest else values


def _reproducible_impact(column: str) -> float:
    digest = hashlib.sha256(column.encode()).digest()
    return _MAX_TEXT_IMPACT * (1 + int.from_bytes(digest[:4], "big")) / 2**32
