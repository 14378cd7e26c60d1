"""The routes that a docstring names: a method in capitals, then a route between double backticks.

A method without a route of its own means the route before it, or else the next one. A route may be shortened at its
beginning to ``…/``, or be given relative to the one before.
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from datarobot_provider.core.arguments.converters import camel_case
from docs._generate.contract import API, Operation, operations

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKENS = re.compile(r"\b(GET|POST|PATCH|PUT|DELETE)\b(?!``)|``([^`]+)``|([.;](?=\s|$)|:param|:returns|:raises)")
_PLACEHOLDER = re.compile(r"{\w+}")
_SHORT = "…"


def named_operations(text: str, near: str = "") -> list[Operation]:
    """Return the operations that a docstring names, in order, each once.

    :param text: the docstring.
    :param near: a route that tells which of several is meant by a shortened one.
    """
    found: list[Operation] = []
    last = ""
    for method, route in named_pairs(text):
        operation = _resolved(method, route, last, near)
        if operation is not None:
            last = operation.route
            if operation not in found:
                found.append(operation)
    return found


def declared_routes(operator: type) -> list[tuple[str, str]]:
    """Return the routes that an operator declares, as method and route of the contract.

    :param operator: class of the operator; a sensor declares none.
    """
    declared = [each.split() for each in (operator.route, *operator.other_routes) if each]
    return [(method, f"{API}/{_PLACEHOLDER.sub(_camel_case, path)}") for method, path in declared]


def first_route(text: str) -> str:
    """Return the first full route that a docstring names."""
    match = re.search(rf"``({API}/[^`]*)``", text)
    return match[1] if match else ""


def named_pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield methods with the routes they stand before; without one after it, a method means the route before it."""
    waiting: list[str] = []
    method = route = ""
    for match in _TOKENS.finditer(text):
        verb, code, _ = match.groups()
        if verb:
            waiting.append(verb)
            method = verb
        elif code is None:
            yield from ((each, route) for each in waiting if route)
            waiting, method, route = [], "", ""
        elif (code.endswith("/") or code.startswith(f"{API}/")) and method:
            route = code
            yield from ((each, route) for each in waiting or [method])
            waiting = []
    yield from ((each, route) for each in waiting if route)


def _resolved(method: str, route: str, last: str, near: str) -> Operation | None:
    known = {operation.route: operation for operation in operations() if operation.method == method}
    if route.startswith(_SHORT):
        fitting = [full for full in known if full.endswith(route.removeprefix(_SHORT))]
        return known[max(fitting, key=lambda full: _alike(full, near or last))] if fitting else None
    full = route if route.startswith(API) else f"{API}/{route.lstrip('/')}"
    return known.get(full) or known.get(last + route)


def _alike(one: str, other: str) -> int:
    """Return how many parts two routes have in common at their beginnings."""
    parts = zip(one.split("/"), other.split("/"), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], parts))


def _camel_case(match: re.Match[str]) -> str:
    """Return a placeholder in the API's spelling."""
    return camel_case(match[0])
