"""Feature impact, estimated from a dataset: how strongly each column goes with the target."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.state import Dataset

_TEXT_SHARE = 0.05


def feature_impacts(dataset: Dataset, target: str | None, partition: str | None) -> list[dict[str, Any]]:
    """Return the impact of every column but `target` and `partition`, strongest first.

    The unnormalised impact of a numeric column is the absolute correlation with the target over the rows where both
    are numbers; any other column gets a small value made of its name, so that the result is always the same.
    """
    outcomes = _numbers(dataset, target) if target in dataset.columns else []
    impacts = {
        column: _correlation(_numbers(dataset, column), outcomes) or _small(column)
        for column in dataset.columns
        if column not in {target, partition}
    }
    strongest = max(impacts.values(), default=1.0)
    return [
        {
            "featureName": column,
            "impactUnnormalized": impact,
            "impactNormalized": impact / strongest,
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
    # The correlation does not depend on the scale, but numbers like 1e200 have no square.
    pairs = list(zip(_scaled([x for x, _ in pairs]), _scaled([y for _, y in pairs]), strict=True))
    mean_x = sum(x for x, _ in pairs) / len(pairs)
    mean_y = sum(y for _, y in pairs) / len(pairs)
    cross = sum((x - mean_x) * (y - mean_y) for x, y in pairs)
    spread = math.sqrt(sum((x - mean_x) ** 2 for x, _ in pairs) * sum((y - mean_y) ** 2 for _, y in pairs))
    return min(1.0, abs(cross) / spread) if spread else 0.0


def _scaled(values: list[float]) -> list[float]:
    largest = max(map(abs, values))
    return [value / largest for value in values] if largest else values


def _small(column: str) -> float:
    digest = hashlib.sha256(column.encode()).digest()
    return _TEXT_SHARE * (1 + int.from_bytes(digest[:4], "big")) / 2**32
