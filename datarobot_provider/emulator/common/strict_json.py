"""Strict parser of JSON input: request bodies, form fields, control requests and seed files.

It rejects non-standard JSON that the parser of Python accepts, and values that could not be serialized again.
"""

from __future__ import annotations

import json
import math
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.validators import extend

MAX_DEPTH = 100
_MAX_INTEGER = 2**63 - 1
_MAX_DIGITS = 20


def _is_integer(_: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


#: A validator of JSON schemas that does not accept 2.0 as an integer.
Validator: type[Draft202012Validator] = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
)


class JsonError(ValueError):
    """Invalid JSON. The message gives the reason and contains nothing of the input."""


def loads(text: str | bytes) -> Any:
    """Parse a JSON document.

    :param text: the document, as a string or as UTF-8.
    :raises JsonError: if the document is not valid JSON, or contains NaN, an infinity (including numbers that overflow,
        such as ``1e999``), an integer that exceeds 64 bits, a lone surrogate, or more than 100 levels of nesting.
    """
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        value = json.loads(decoded, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_integer)
    except RecursionError:
        raise _too_deep() from None
    except UnicodeDecodeError:
        raise JsonError("it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise JsonError(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    _check(value)
    return value


def check_string(text: str) -> None:
    """Check that a string can be encoded.

    :raises JsonError: if the string contains a lone surrogate, which no Unicode encoding can represent.
    """
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise JsonError("it contains a lone surrogate") from None


def _check(value: Any) -> None:
    """Check all strings and the depth of a value, without recursion that a deep value could exhaust."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        next_level: list[Any] = []
        for item in level:
            if isinstance(item, str):
                check_string(item)
            elif isinstance(item, dict):
                next_level += item
                next_level += item.values()
            elif isinstance(item, list):
                next_level += item
        if not next_level:
            return
        level = next_level
    raise _too_deep()


def _too_deep() -> JsonError:
    return JsonError(f"it is nested deeper than {MAX_DEPTH} levels")


def _refuse_constant(name: str) -> Any:
    raise JsonError(f"{name} is not a JSON number")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise JsonError("a number is too large")
    return value


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS or abs(int(digits)) > _MAX_INTEGER:
        raise JsonError("an integer exceeds 64 bits")
    return int(digits)
