"""What a rendered value spells: a list or an object in JSON or in Python's own spelling, a number, a span of time."""

from __future__ import annotations

import ast
import json
import math
import warnings
from collections import Counter
from datetime import timedelta
from typing import Any, NoReturn

from datarobot_provider.client.json_values import NotSerializableError, plain

#: Where a text that is to be a list or an object may begin.
OPENING = ("[", "{", "(")
#: Longest text, in characters, and deepest nesting that is read as Python: its parser takes much memory for each.
LONGEST_LITERAL, DEEPEST_LITERAL = 200_000, 100
_NAME = 50


class AmbiguousTextError(ValueError):
    """The text is a list or an object, but one that nobody can be sure about; says why."""


def parsed(text: str) -> Any:
    """Read a text that may be a list or an object.

    :param text: JSON, or a literal of Python such as ``"{'a': None, 'b': [True]}"``.
    :returns: the list, tuple or dictionary; the text itself if it is none.
    :raises AmbiguousTextError: if an object has a key twice, or a number is NaN or infinite.
    """
    stripped = text.strip()
    if not stripped.startswith(OPENING):
        return text
    try:
        return json.loads(stripped, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except AmbiguousTextError:
        raise
    except (ValueError, RecursionError):
        value, tree = _literal(stripped)
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            _check_keys([key.value for key in node.keys if isinstance(key, ast.Constant)])
    return text if value is None else value


def lenient(text: str) -> Any:
    """Read a text as :func:`parsed` does, to find secrets in it: every key of an object counts, and nothing is refused.

    :returns: objects as lists of objects with one key each.
    """
    try:
        return json.loads(text, object_pairs_hook=lambda pairs: [{name: value} for name, value in pairs])
    except (ValueError, RecursionError):
        return _literal(text.strip())[0]


def number(value: Any) -> float | None:
    """Return the number that a value is or spells: an ``int`` where it is whole; ``None`` for anything else."""
    if not isinstance(value, str):
        result = unwrapped(value)
        return None if isinstance(result, bool) or not isinstance(result, int | float) else result
    # Python also takes digits of other scripts, and underscores between them.
    for read in (int, float) if value.isascii() and "_" not in value else ():
        try:
            return read(value)
        except ValueError:
            continue
    return None


def finite(value: float | None) -> float | None:
    """Return a number as a float; ``None`` for none, and for what is no finite float."""
    try:
        result = math.nan if value is None else float(value)
    except OverflowError:
        return None
    return result if math.isfinite(result) else None


def span(value: Any) -> float | None:
    """Return the seconds of a number or a ``timedelta``; ``None`` for anything else."""
    return finite(value.total_seconds() if isinstance(value, timedelta) else number(value))


def unwrapped(value: Any) -> Any:
    """Return a value in the types of JSON, and what has no place there as it is."""
    try:
        return plain(value)
    except NotSerializableError:
        return value


def _literal(text: str) -> tuple[list[Any] | tuple[Any, ...] | dict[Any, Any] | None, ast.AST]:
    """Return the list, tuple or dictionary that Python reads in a text, or ``None``; and its syntax tree."""
    nothing = ast.Expression(ast.Constant(None))
    if len(text) > LONGEST_LITERAL or _is_deep(text):
        return None, nothing
    try:
        with warnings.catch_warnings():
            # Python warns of an unknown escape; a label may well have a backslash.
            warnings.simplefilter("ignore")
            tree = ast.parse(text, mode="eval")
        value = ast.literal_eval(tree)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None, nothing
    return (value, tree) if isinstance(value, list | tuple | dict) else (None, nothing)


def _is_deep(text: str) -> bool:
    """Return whether a text may be nested too deeply; brackets inside of strings count too."""
    level = 0
    for character in text:
        if character in "[{(":
            level += 1
            if level > DEEPEST_LITERAL:
                return True
        elif character in ")}]":
            level -= 1
    return False


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _check_keys([name for name, _ in pairs])
    return dict(pairs)


def _check_keys(keys: list[Any]) -> None:
    if len(set(keys)) < len(keys):
        twice = Counter(keys).most_common(1)[0][0]
        raise AmbiguousTextError(f"has the key {str(twice)[:_NAME]!r} twice")


def _refuse_constant(name: str) -> NoReturn:
    raise AmbiguousTextError(f"holds {name}, which JSON does not know")
