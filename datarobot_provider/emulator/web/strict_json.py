"""The one reader of JSON that comes from outside: request bodies, form fields, the control API, seed files.

It refuses what Python's reader accepts beyond the standard, and what could be stored but never be written again.
"""

from __future__ import annotations

import json
import math
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.validators import extend

MAX_DEPTH = 100
_LARGEST_INTEGER = 2**63 - 1
_MOST_DIGITS = 20


def _is_integer(_: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


#: A validator of JSON schemas for whom 2.0 is no integer: nothing can be repeated 2.0 times.
Validator: type[Draft202012Validator] = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
)


class JsonError(ValueError):
    """A text that is not valid JSON; the message says why and repeats nothing of the text."""


def loads(text: str | bytes) -> Any:
    """Return the value that a JSON text stands for.

    Refused are: bytes that are not UTF-8, NaN and infinities (also as a number like 1e999), integers beyond 64 bits,
    lone surrogates, and more than 100 levels of nesting. Raises JsonError.
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


def check_text(text: str) -> None:
    """Raise JsonError if `text` holds a lone surrogate, which cannot be written in any encoding of Unicode."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise JsonError("it holds a lone surrogate") from None


def _check(value: Any) -> None:
    """Walk through a value level by level, so that its depth cannot exhaust the stack."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for item in level:
            if isinstance(item, str):
                check_text(item)
            elif isinstance(item, dict):
                below += item
                below += item.values()
            elif isinstance(item, list):
                below += item
        if not below:
            return
        level = below
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
    if len(digits) > _MOST_DIGITS or abs(int(digits)) > _LARGEST_INTEGER:
        raise JsonError("an integer does not fit into 64 bits")
    return int(digits)
