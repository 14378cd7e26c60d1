"""Parsers for rendered strings: lists and objects in JSON or Python syntax, numbers and durations."""

from __future__ import annotations

import ast
import json
import math
import warnings
from collections import Counter
from datetime import timedelta
from typing import Any, NoReturn

from datarobot_provider.client.json_values import NotSerializableError, plain

#: First characters of a list or an object.
OPENING_BRACKETS = ("[", "{", "(")
#: Maximum length in characters and maximum nesting of a Python literal, because ``ast.parse`` needs much memory.
MAX_LENGTH, MAX_DEPTH = 200_000, 100
_MAX_KEY_LENGTH = 50


class AmbiguousLiteralError(ValueError):
    """The string is a list or an object that has no unambiguous value, such as an object with a duplicate key."""


def parse(text: str) -> Any:
    """Parse a string that may contain a list or an object.

    :param text: JSON, or a Python literal such as ``"{'a': None, 'b': [True]}"``.
    :returns: the list, tuple or dictionary; ``text`` itself if it contains none.
    :raises AmbiguousLiteralError: if an object has a duplicate key, or a number is NaN or infinite.
    """
    stripped = text.strip()
    if not stripped.startswith(OPENING_BRACKETS):
        return text
    try:
        return json.loads(stripped, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except AmbiguousLiteralError:
        raise
    except (ValueError, RecursionError):
        value, tree = _literal(stripped)
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            _check_keys([key.value for key in node.keys if isinstance(key, ast.Constant)])
    return text if value is None else value


def parse_leniently(text: str) -> Any:
    """Parse a string like :func:`parse`, in order to find the secrets in it.

    Nothing is refused, and the values of duplicate keys are kept.

    :returns: each object as a list of objects with one key; ``None`` if the string contains no list or object.
    """
    try:
        return json.loads(text, object_pairs_hook=lambda pairs: [{name: value} for name, value in pairs])
    except (ValueError, RecursionError):
        return _literal(text.strip())[0]


def parse_number(value: Any) -> float | None:
    """Return a number, or parse one from a string; ``None`` for anything else.

    :returns: an ``int`` if the number is written as an integer.
    """
    if not isinstance(value, str):
        result = to_plain(value)
        return None if isinstance(result, bool) or not isinstance(result, int | float) else result
    # int() and float() also accept non-ASCII digits and underscores between digits.
    for parser in (int, float) if value.isascii() and "_" not in value else ():
        try:
            return parser(value)
        except ValueError:
            continue
    return None


def finite_float(value: float | None) -> float | None:
    """Return a number as a float; ``None`` for ``None``, NaN, infinity and numbers that exceed a float."""
    try:
        result = math.nan if value is None else float(value)
    except OverflowError:
        return None
    return result if math.isfinite(result) else None


def duration(value: Any) -> float | None:
    """Return a duration in seconds from a number, a string or a ``timedelta``; ``None`` for anything else."""
    return finite_float(value.total_seconds() if isinstance(value, timedelta) else parse_number(value))


def to_plain(value: Any) -> Any:
    """Return a value in JSON types, such as an ``int`` for a numpy integer; a value without an equivalent unchanged."""
    try:
        return plain(value)
    except NotSerializableError:
        return value


def _literal(text: str) -> tuple[list[Any] | tuple[Any, ...] | dict[Any, Any] | None, ast.AST]:
    """Parse a Python literal.

    :returns: the list, tuple or dictionary, or ``None``; and its syntax tree.
    """
    empty = ast.Expression(ast.Constant(None))
    if len(text) > MAX_LENGTH or _may_be_too_deep(text):
        return None, empty
    try:
        with warnings.catch_warnings():
            # Python warns about an invalid escape sequence, but a label may contain a backslash.
            warnings.simplefilter("ignore")
            tree = ast.parse(text, mode="eval")
        value = ast.literal_eval(tree)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None, empty
    return (value, tree) if isinstance(value, list | tuple | dict) else (None, empty)


def _may_be_too_deep(text: str) -> bool:
    """Return whether the nesting may exceed the maximum; brackets inside strings are counted, too."""
    depth = 0
    for character in text:
        if character in "[{(":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif character in ")}]":
            depth -= 1
    return False


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _check_keys([name for name, _ in pairs])
    return dict(pairs)


def _check_keys(keys: list[Any]) -> None:
    if len(set(keys)) < len(keys):
        duplicate = Counter(keys).most_common(1)[0][0]
        raise AmbiguousLiteralError(f"has the key {str(duplicate)[:_MAX_KEY_LENGTH]!r} twice")


def _refuse_constant(name: str) -> NoReturn:
    raise AmbiguousLiteralError(f"contains {name}, which is not valid JSON")
