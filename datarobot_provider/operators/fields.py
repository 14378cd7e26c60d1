"""From a rendered argument to a field of a request: templates give text, the API wants numbers and objects."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from datarobot_provider.exceptions import InputError

Converter = Callable[[Any], Any]


class MismatchError(Exception):
    """A value is not what it should be, which the text names."""


_BOOLEANS = {"true": True, "false": False}


def text(value: Any) -> str:
    """Take a text; a number that a native template made of an id is turned back."""
    if isinstance(value, Mapping | list | tuple):
        raise MismatchError("a text")
    return str(value)


def integer(value: Any) -> int:
    """Take a whole number, or a text that is one."""
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise MismatchError("a whole number")
    try:
        return int(value)
    except (TypeError, ValueError):
        raise MismatchError("a whole number") from None


def positive(value: Any) -> int:
    """Take a whole number of 1 or more, or a text that is one."""
    result = integer(value)
    if result < 1:
        raise MismatchError("a whole number of 1 or more")
    return result


def number(value: Any) -> float:
    """Take a number, or a text that is one."""
    try:
        result = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        result = math.nan
    if not math.isfinite(result):
        raise MismatchError("a number")
    return result


def boolean(value: Any) -> bool:
    """Take a boolean, or the text ``true`` or ``false`` in any case."""
    result = value if isinstance(value, bool) else _BOOLEANS.get(str(value).strip().lower())
    if result is None:
        raise MismatchError("true or false")
    return result


def mapping(value: Any) -> dict[str, Any]:
    """Take an object, or a text that is one in JSON."""
    result = _parsed(value)
    if not isinstance(result, Mapping):
        raise MismatchError("an object")
    return dict(result)


def texts(value: Any) -> list[str]:
    """Take a list of texts, or a text that is one in JSON."""
    result = _parsed(value)
    if not isinstance(result, list | tuple):
        raise MismatchError("a list")
    return [str(item) for item in result]


def text_or_texts(value: Any) -> str | list[str]:
    """Take a text, or a list of texts, or a text that is such a list in JSON."""
    result = _parsed(value)
    return texts(result) if isinstance(result, list | tuple) else text(value)


def mappings(value: Any) -> list[dict[str, Any]]:
    """Take a list of objects, or a text that is one in JSON."""
    result = _parsed(value)
    if not isinstance(result, list | tuple) or not all(isinstance(item, Mapping) for item in result):
        raise MismatchError("a list of objects")
    return [dict(item) for item in result]


def texts_or_mappings(value: Any) -> list[str | dict[str, Any]]:
    """Take a list of texts and objects, or a text that is one in JSON."""
    result = _parsed(value)
    if not isinstance(result, list | tuple):
        raise MismatchError("a list")
    return [dict(item) if isinstance(item, Mapping) else str(item) for item in result]


def payload(values: Mapping[str, Any], fields: Mapping[str, Converter]) -> dict[str, Any]:
    """Gather the fields that were set, in the API's names.

    :param values: the rendered arguments, by their names in snake_case; ``None`` means not set.
    :param fields: the arguments that are fields of the request, and how each is converted.
    :returns: the fields in camelCase; what was not set is not there.
    :raises InputError: for a value of the wrong type, naming the argument.
    """
    return {
        camel_case(name): converted(name, values[name], fields[name]) for name in fields if values[name] is not None
    }


def converted(name: str, value: Any, converter: Converter) -> Any:
    """Convert one argument.

    :raises InputError: if it is of the wrong type.
    """
    try:
        return converter(value)
    except MismatchError as error:
        # Objects may hold secrets, half-rendered ones too: only what was meant to be a number or a switch is shown.
        seen = repr(value) if converter in (integer, positive, number, boolean) else f"a {type(value).__name__}"
        raise InputError(f"{name} should be {error}, but is {seen}.") from None


def camel_case(name: str) -> str:
    """Return the API's name of an argument."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
