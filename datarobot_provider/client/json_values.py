"""Values that are sent: what Python has beside the types of JSON is converted where nothing is lost, or refused.

The only place that writes JSON, form fields and query parameters of requests. ``numpy`` is recognised, not imported.
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

_LONGEST_PLACE = 200
_LONGEST_KEY = 50
#: Kinds of numpy's dates and durations, which have no time zone and no unit that JSON could show.
_NUMPY_TIMES = "mM"
#: Exponent beyond which a decimal is no number that JSON readers take.
_LARGEST_EXPONENT = 308


class NotSerializableError(ValueError):
    """A value cannot be sent.

    :param problem: what is wrong with it, to be read after its name.
    :ivar place: where it stands inside the value that was given, such as ``.conditions[0].comparand``.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.place = ""

    def inside(self, step: str) -> NotSerializableError:
        """Return the error as seen from one level further out."""
        self.place = (step + self.place)[:_LONGEST_PLACE]
        return self

    def __str__(self) -> str:
        return f"{self.place or 'it'} {self.problem}"


def is_list(value: Any) -> bool:
    """Return whether a value is a list: any ordered collection but a string, such as Airflow's lazy sequences.

    A set has no order, and an iterator can be read only once: neither is a list. The views of a mapping are.
    """
    if isinstance(value, list | tuple):
        return True
    if isinstance(value, str | bytes | bytearray | memoryview | Mapping | type):
        return False
    if isinstance(value, Sequence | KeysView | ValuesView | ItemsView):
        return True
    # By the classes that the value is of: a metaclass, such as that of enumerations, has these methods for itself.
    methods = {name for base in type(value).__mro__ for name in vars(base)}
    return methods >= {"__iter__", "__len__", "__getitem__"} and "keys" not in methods


def plain(value: Any) -> Any:
    """Return a value in the types of JSON alone.

    Converted are sequences and mappings of any type, enumerations (to their value), UUIDs, paths, dates, times and
    datetimes with a time zone (to ISO 8601), decimals that a float holds exactly, and the numbers and arrays of numpy.
    Keys of objects are strings or integers.

    :param value: any value.
    :returns: new lists and dictionaries.
    :raises NotSerializableError: if a value cannot be converted without loss, such as NaN, bytes, a set or a naive
        datetime.
    """
    return _plain(value, 0)


def dump(value: Any) -> str:
    """Write a value as JSON.

    :raises NotSerializableError: see :func:`plain`.
    """
    return json.dumps(plain(value), allow_nan=False)


def form_text(value: Any) -> str:
    """Write a value as a form field: a string as it is, anything else as JSON.

    :raises NotSerializableError: see :func:`plain`.
    """
    result = plain(value)
    return result if isinstance(result, str) else json.dumps(result, allow_nan=False)


def query_values(params: Mapping[str, Any]) -> dict[str, str | list[str]]:
    """Write query parameters: ``None`` is left out, a list repeats its parameter, booleans are in lower case.

    :param params: values by name.
    :returns: a string, or a list of strings, by name.
    :raises InputError: naming the parameter that cannot be written: an object, or ``None`` inside a list.
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
        raise InputError(f"The query parameter {name} is {kind}: only strings, numbers and booleans can be sent there.")
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
            raise NotSerializableError("holds half a character (a lone surrogate), which UTF-8 cannot write") from None
    return value


def _number(value: float) -> float:
    if not math.isfinite(value):
        raise NotSerializableError(f"is {value}, which JSON does not know")
    return value


def _list(value: Any, level: int) -> list[Any]:
    found = []
    for index, item in enumerate(value):
        try:
            found.append(_plain(item, level + 1))
        except NotSerializableError as error:
            raise error.inside(f"[{index}]") from None
    return found


def _object(value: Mapping[Any, Any], level: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    # By its keys, not by its items: the items of Airflow's params are not their values.
    for key in value:
        name = _key(key)
        if name in found:
            raise NotSerializableError(f"has the key {name[:_LONGEST_KEY]!r} twice")
        try:
            found[name] = _plain(value[key], level + 1)
        except NotSerializableError as error:
            raise error.inside(f".{name[:_LONGEST_KEY]}") from None
    return found


def _key(key: Any) -> str:
    if type(key) is str:
        return _string(key)
    name = key.value if isinstance(key, Enum) else key
    if isinstance(name, str) or (isinstance(name, int) and not isinstance(name, bool)):
        return _string(str(name))
    raise NotSerializableError(f"has the key {str(key)[:_LONGEST_KEY]} ({type(key).__name__}): keys are strings")


def _of_numpy(value: Any, level: int) -> Any:
    """Return a number or an array of numpy, or a column of pandas, as Python's own."""
    result = None if getattr(value.dtype, "kind", "") in _NUMPY_TIMES else value.tolist()
    # A long double gives itself.
    if result is None or hasattr(result, "dtype"):
        raise NotSerializableError(f"is of numpy's type {value.dtype}, which JSON does not know: convert it first")
    return _plain(result, level + 1)


def _other(value: Any, level: int) -> Any:
    if isinstance(value, Enum):
        return _plain(value.value, level + 1)
    # Subclasses, and the lazy proxies of Airflow's context.
    for base in (str, bool, int, float):
        if isinstance(value, base):
            return _plain(base(value), level)
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, date | time):
        return _moment(value)
    if isinstance(value, os.PathLike):
        return _plain(os.fspath(value), level)
    # Paths of object storage are not os.PathLike: only their URL says where they lead.
    if isinstance(value, UUID) or (hasattr(value, "fs") and hasattr(value, "path")):
        return _string(str(value))
    raise NotSerializableError(_refusal(value))


def _decimal(value: Decimal) -> int | float:
    if not value.is_finite():
        raise NotSerializableError(f"is {value}, which JSON does not know")
    if abs(value.adjusted()) <= _LARGEST_EXPONENT:
        exponent = value.as_tuple().exponent
        if isinstance(exponent, int) and exponent >= 0:
            return int(value)
        number = float(value)
        if Decimal(repr(number)) == value:
            return number
    raise NotSerializableError("is a decimal with more digits than a float holds: round it, or give it as a string")


def _moment(value: date | time) -> str:
    text = value.isoformat()
    if isinstance(value, datetime):
        if not text[:1].isdigit():
            raise NotSerializableError(f"is {text}, which is no moment")
        if value.utcoffset() is None:
            raise NotSerializableError("is a datetime without a time zone, which could mean any moment: give it one")
    return text


def _refusal(value: Any) -> str:
    kind = type(value).__name__
    if isinstance(value, bytes | bytearray | memoryview):
        return f"is {kind}: decode it to a string"
    if isinstance(value, AbstractSet):
        return f"is a {kind}, which has no order: give a list, such as sorted(…)"
    if isinstance(value, Iterator):
        return f"is a {kind}, which can be read only once: give a list"
    return f"is a {kind}, which JSON does not know: convert it to a string, a number, a list or a dictionary"
