"""Drift: the population stability index between two samples of values."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from typing import TYPE_CHECKING

from datarobot_provider.emulator.evaluation.table import as_number, is_missing

if TYPE_CHECKING:
    from collections.abc import Sequence

_BINS = 10
#: The share of a bin without values, because the index is not defined for 0.
_EMPTY = 1e-4


def stability_index(expected: Sequence[str], actual: Sequence[str]) -> float | None:
    """Return the population stability index: 0 for equal distributions; None if a sample has no values.

    :param expected: the values of the training data.
    :param actual: the values of the predictions.
    """
    expected, actual = ([value for value in sample if not is_missing(value)] for sample in (expected, actual))
    numbers, other_numbers = [as_number(value) for value in expected], [as_number(value) for value in actual]
    if all(value is not None for value in (*numbers, *other_numbers)):
        limits = _limits(sorted(value for value in numbers if value is not None))
        shares = [_shares([str(bisect_right(limits, v or 0)) for v in sample]) for sample in (numbers, other_numbers)]
    else:
        shares = [_shares(expected), _shares(actual)]
    if not all(shares):
        return None
    before, after = shares
    pairs = [(before.get(name, _EMPTY), after.get(name, _EMPTY)) for name in before.keys() | after.keys()]
    return round(sum((new - old) * math.log(new / old) for old, new in pairs), 6)


def _limits(ordered: Sequence[float]) -> list[float]:
    """Return the limits between bins that contain equally many values."""
    return sorted({ordered[len(ordered) * number // _BINS] for number in range(1, _BINS)}) if ordered else []


def _shares(values: Sequence[str]) -> dict[str, float]:
    return {name: count / len(values) for name, count in Counter(values).items()}
