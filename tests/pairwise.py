"""Parametrize a test with every combination of some values, of which ``make test`` runs a covering selection.

A product of many values repeats itself: forty operators that send a GET meet a 503 in the same code. The selection
holds every pair of two kinds of values of any two axes, and every value of every axis (or, where another test holds
every value, one of each kind). The other combinations are marked ``full`` and run in ``make test-all``.
"""

from __future__ import annotations

import heapq
import itertools
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence


@dataclass(frozen=True)
class Axis:
    """The values of one argument of a test.

    :param values: the values by their names in test ids.
    :param kind: returns what a value has in common with the values that behave alike. By default, no two do.
    :param every: whether the selection holds every value; if not, it holds at least one of each kind.
    """

    values: Mapping[str, Any]
    kind: Callable[[Any], Hashable] | None = None
    every: bool = True

    def kind_of(self, name: str) -> Hashable:
        """Return the kind of the value of this name."""
        return name if self.kind is None else self.kind(self.values[name])


def axis(
    values: Iterable[Any],
    name: Callable[[Any], str] = str,
    kind: Callable[[Any], Hashable] | None = None,
    *,
    every: bool = True,
) -> Axis:
    """Return an axis of values that are named by a function.

    :param values: the values.
    :param name: returns the name of a value.
    :param kind: returns what values that behave alike have in common.
    :param every: whether the selection holds every value; if not, it holds at least one of each kind.
    """
    return Axis({name(value): value for value in values}, kind, every)


def pairwise(only: Callable[..., bool] = lambda *_: True, **axes: Axis | Mapping[str, Any]) -> pytest.MarkDecorator:
    """Parametrize a test with the product of the axes, in the order of the arguments.

    :param only: called with a combination of values; returns whether the combination exists.
    :param axes: the values of each argument of the test.
    :returns: the decorator. Combinations outside the covering selection are marked ``full``.
    """
    full = [each if isinstance(each, Axis) else Axis(each) for each in axes.values()]
    combinations = [
        names
        for names in itertools.product(*(each.values for each in full))
        if only(*(each.values[name] for each, name in zip(full, names, strict=True)))
    ]
    kinds = [{name: each.kind_of(name) for name in each.values} for each in full]
    selected = covering(combinations, kinds, [each.every for each in full])
    parameters = [
        pytest.param(
            *(each.values[name] for each, name in zip(full, names, strict=True)),
            id="-".join(names),
            marks=() if names in selected else pytest.mark.full,
        )
        for names in combinations
    ]
    return pytest.mark.parametrize(tuple(axes), parameters)


def covering(
    combinations: Sequence[tuple[str, ...]], kinds: Sequence[Mapping[str, Hashable]], every: Sequence[bool]
) -> set[tuple[str, ...]]:
    """Return combinations that hold every pair of kinds that any combination holds, and every value where wanted.

    The combination that adds most is taken first. Ties are broken by a checksum, which is the same in every process and
    spreads the values of a kind.
    """
    missing = {part for combination in combinations for part in _parts(combination, kinds, every)}
    queue = [(-len(missing), zlib.crc32("-".join(names).encode()), names) for names in combinations]
    heapq.heapify(queue)
    selected: set[tuple[str, ...]] = set()
    while missing:
        _, spread, names = heapq.heappop(queue)
        adds = missing.intersection(_parts(names, kinds, every))
        if queue and adds and (-len(adds), spread, names) > queue[0]:
            heapq.heappush(queue, (-len(adds), spread, names))
        elif adds:
            selected.add(names)
            missing -= adds
    return selected


def _parts(
    combination: tuple[str, ...], kinds: Sequence[Mapping[str, Hashable]], every: Sequence[bool]
) -> Iterator[Hashable]:
    """Yield what a combination covers: its values or their kinds, and the pairs of their kinds."""
    for i, name in enumerate(combination):
        yield i, every[i], name if every[i] else kinds[i][name]
    for (i, first), (j, second) in itertools.combinations(enumerate(combination), 2):
        yield i, kinds[i][first], j, kinds[j][second]
