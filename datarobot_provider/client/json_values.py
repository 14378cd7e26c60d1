"""Serialization of requests: JSON, form fields and query parameters.

Python values without an equivalent in JSON are converted if no information is lost, otherwise they are refused.
``numpy`` is recognized, but not imported.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import ItemsView, Iterator, KeysView, Mapping, Sequence, ValuesView
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from datarobot_provider.client.json_text import MAX_LEVELS
from datarobot_provider.exceptions import InputError

_LONGEST_PATH = 200
_LONGEST_KEY = 50
#: Kinds of dates and durations in numpy, which have no time zone.
_NUMPY_TIMES = "mM"
#: Largest exponent of a decimal that JSON parsers accept.
_LARGEST_EXPONENT = 308


class NotSerializableError(ValueError):
    """A value cannot be serialized.

    :param problem: what is wrong with the value, as a predicate such as ``is a set``.
    :ivar path: location of the value in the argument, such as ``.conditions[0].comparand``.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.path = ""

    def with_prefix(self, key: str) -> NotSerializableError:
        """Add the key or the index of the enclosing value to the path."""
        self.path = (key + self.path)[:_LONGEST_PATH]
        return self

    def __str__(self) -> str:
        return f"{self.path or 'it'} {self.problem}"


def is_list(value: Any) -> bool:
    """Return whether a value is an ordered collection other than a string, such as a lazy sequence of Airflow.

    A set has no order, and an iterator can be read only once, so neither counts as a list. The views of a mapping do.
    """
    if isinstance(value, list | tuple):
        return True
    if isinstance(value, str | bytes | bytearray | memoryview | Mapping | type):
        return False
    if isinstance(value, Sequence | KeysView | ValuesView | ItemsView):
        return True
    # Attributes of the value itself would include those of a metaclass, such as that of enumerations.
    methods = {name for base in type(value).__mro__ for name in vars(base)}
    return methods >= {"__iter__", "__len__", "__getitem__"} and "keys" not in methods


def plain(value: Any) -> Any:
    """Convert a value to the types of JSON.

    Supported are sequences and mappings of any type, enumerations (by value), UUIDs, paths, dates, times and datetimes
    with a time zone (in ISO 8601), decimals that a float represents exactly, and numbers and arrays of numpy. Keys of
    objects must be strings or integers.

    :param value: any value.
    :returns: new lists and dictionaries.
    :raises NotSerializableError: if a value cannot be converted without loss, such as NaN, bytes, a set or a naive
        datetime.
    """
    return _plain(value, 0)


def dump(value: Any) -> str:
    """Serialize a value as JSON.

    :raises NotSerializableError: see :func:`plain`.
    """
    return json.dumps(plain(value), allow_nan=False)


def form_text(value: Any) -> str:
    """Serialize a value as a form field: a string unchanged, any other value as JSON.

    :raises NotSerializableError: see :func:`plain`.
    """
    result = plain(value)
    return result if isinstance(result, str) else json.dumps(result, allow_nan=False)


def query_values(params: Mapping[str, Any]) -> dict[str, str | list[str]]:
    """Serialize query parameters. ``None`` is omitted, a list repeats its parameter, booleans are in lower case.

    :param params: values by name.
    :returns: a string, or a list of strings, by name.
    :raises InputError: if a parameter is an object, or a list that contains ``None``. The error names the parameter.
    """
    found: dict[str, str | list[str]] = {}
    try:
        for name, value in _plain(params, 0).items():
            if isinstance(value, list):
                found[name] = [_query_text(item, f"{name}[{index}]") for index, item in enumerate(value)]
            elif value is not None:
                found[name] = _query_text(value, name)
    except NotSerializableError as error:
        raise InputError(f"The query parameter {str(error).removeprefix('.')}.") from None
    return found


def _query_text(value: Any, name: str) -> str:
    if value is None or isinstance(value, list | dict):
        kind = "None" if value is None else "a list" if isinstance(value, list) else "an object"
        raise InputError(f"The query parameter {name} is {kind}: only strings, numbers and booleans are allowed.")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plain(value: Any, level: int) -> Any:
    kind = type(value)
    if kind is str:
        return _string(value)
    if value is None or kind is bool or kind is int:
        return value
    if kind is float:
        return _number(value)
    if level > MAX_LEVELS:
        raise NotSerializableError(f"is nested more than {MAX_LEVELS} levels deep")
    if isinstance(value, Mapping):
        return _object(value, level)
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        return _of_numpy(value, level)
    return _list(value, level) if is_list(value) else _other(value, level)


def _string(value: str) -> str:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise NotSerializableError("contains a lone surrogate, which cannot be encoded in UTF-8") from None
    return value


def _number(value: float) -> float:
    if not math.isfinite(value):
        raise NotSerializableError(f"is {value}, which JSON does not support")
    return value


def _list(value: Any, level: int) -> list[Any]:
    found = []
    for index, item in enumerate(value):
        try:
            found.append(_plain(item, level + 1))
        except NotSerializableError as error:
            raise error.with_prefix(f"[{index}]") from None
    return found


def _object(value: Mapping[Any, Any], level: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    # The items of Airflow's params are not their values.
    for key in value:
        name = _key(key)
        if name in found:
            raise NotSerializableError(f"repeats the key {name[:_LONGEST_KEY]!r}")
        try:
            found[name] = _plain(value[key], level + 1)
        except NotSerializableError as error:
            raise error.with_prefix(f".{name[:_LONGEST_KEY]}") from None
    return found


def _key(key: Any) -> str:
    if type(key) is str:
        return _string(key)
    name = key.value if isinstance(key, Enum) else key
    if isinstance(name, str) or (isinstance(name, int) and not isinstance(name, bool)):
        return _string(str(name))
    raise NotSerializableError(f"has the key {str(key)[:_LONGEST_KEY]} ({type(key).__name__}): keys must be strings")


def _of_numpy(value: Any, level: int) -> Any:
    """Convert a number or an array of numpy, or a column of pandas."""
    result = None if getattr(value.dtype, "kind", "") in _NUMPY_TIMES else value.tolist()
    # ``tolist`` of a long double returns the long double.
    if result is None or hasattr(result, "dtype"):
        raise NotSerializableError(f"has the numpy type {value.dtype}, which JSON does not support: convert it first")
    return _plain(result, level + 1)


def _other(value: Any, level: int) -> Any:
    if isinstance(value, Enum):
        return _plain(value.value, level + 1)
    # Subclasses, and lazy proxies of Airflow's context.
    for base in (str, bool, int, float):
        if isinstance(value, base):
            return _plain(base(value), level)
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, date | time):
        return _moment(value)
    if isinstance(value, os.PathLike):
        return _plain(os.fspath(value), level)
    # Paths of object storage are not os.PathLike.
    if isinstance(value, UUID) or (hasattr(value, "fs") and hasattr(value, "path")):
        return _string(str(value))
    raise NotSerializableError(_refusal(value))


def _decimal(value: Decimal) -> int | float:
    if not value.is_finite():
        raise NotSerializableError(f"is {value}, which JSON does not support")
    if abs(value.adjusted()) <= _LARGEST_EXPONENT:
        exponent = value.as_tuple().exponent
        if isinstance(exponent, int) and exponent >= 0:
            return int(value)
        number = float(value)
        if Decimal(repr(number)) == value:
            return number
    raise NotSerializableError(
        "is a decimal with more digits than a float can represent: round it, or pass it as a string"
    )


def _moment(value: date | time) -> str:
    text = value.isoformat()
    if isinstance(value, datetime):
        if not text[:1].isdigit():
            raise NotSerializableError(f"is {text}, which is not a point in time")
        if value.utcoffset() is None:
            raise NotSerializableError("is a datetime without a time zone: add one")
    return text


def _refusal(value: Any) -> str:
    kind = type(value).__name__
    if isinstance(value, bytes | bytearray | memoryview):
        return f"is {kind}: decode it to a string"
    if isinstance(value, AbstractSet):
        return f"is a {kind}, which has no order: pass a list, such as sorted(…)"
    if isinstance(value, Iterator):
        return f"is a {kind}, which can be read only once: pass a list"
    return f"is a {kind}, which JSON does not support: convert it to a string, a number, a list or a dictionary"
