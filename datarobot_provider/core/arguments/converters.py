"""From a rendered argument to a value of the right type: templates give strings, the API wants numbers and objects.

One converter for each type, for the fields of a request and for the arguments that only steer the task. A value is
converted where nothing is lost, or refused before anything is sent, with the name of the argument.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NoReturn

from datarobot_provider.exceptions import InputError

Converter = Callable[[Any], Any]

#: Longest time that a task may be told to wait, or to pause between two polls, in seconds: ten years.
MOST_SECONDS = 315_360_000

_BOOLEANS = {"true": True, "false": False}
#: Whole numbers up to here are the same as a float.
_EXACT = 2**53
#: What a template, or a language that is not Python, makes of a missing value.
_NO_IDS = ("", "none", "null", "undefined", "nan", "inf", "true", "false")
#: An id of digits and one "e" that native rendering took for a number.
_FLOAT = re.compile(r"[0-9.]+[eE]\+[0-9]+")
_TEMPLATE = ("{{", "{%")
_SECONDS = f"a number of seconds from 0 to {MOST_SECONDS:,}, or a timedelta"
_INTERVAL = f"a number of seconds above 0, {MOST_SECONDS:,} at the most, or a timedelta"
_QUOTE = (
    " Native rendering makes another type of a string that looks like one: quote it in the template "
    "(\"'{{ … }}'\"), give .output of the task before, or turn off render_template_as_native_obj."
)
_MISSING = " Leave it out, or check its template and the task it reads from."
_AS_TEXT = (
    " It is text that is neither JSON nor a literal of Python. A template gives a list or an object with "
    "'| tojson', with render_template_as_native_obj=True, or as .output of the task before."
)


class ConversionError(Exception):
    """A value is not what it should be.

    :param expected: what it should be, such as ``a number``.
    :param advice: a sentence about what to do, with a space before it.
    :ivar place: where it stands inside the argument, such as ``[2]``.
    :ivar seen: what it is instead, where the caller cannot tell.
    :ivar problem: what is wrong, where that is not its type.
    """

    def __init__(self, expected: str = "", advice: str = "") -> None:
        super().__init__(expected)
        self.advice = advice
        self.place = ""
        self.seen: str | None = None
        self.problem: str | None = None


def string(value: Any) -> str:
    """Take a string. An integer keeps its digits; what has more than one spelling, such as 1.0 or True, is refused."""
    result = value if type(value) is str else _unwrapped(value)
    if isinstance(result, bool) or not isinstance(result, str | int):
        advice = _MISSING if result is None else _QUOTE if isinstance(result, bool | float) else ""
        raise ConversionError("a text", advice)
    return str(_sendable(result))


def identifier(value: Any) -> str:
    """Take an id: a string without the white space around it, or an integer, which keeps its digits.

    Refused are numbers that are not whole, what stands for a missing value (``None``, ``null``, ``undefined``), a
    template that was not rendered, and a slash, which no id of DataRobot has.
    """
    try:
        result = string(value).strip()
    except ConversionError as error:
        raise ConversionError("an id", error.advice) from None
    if result.lower() in _NO_IDS or _FLOAT.fullmatch(result):
        raise ConversionError("an id", f" {result[:50]!r} is what is left of a missing or converted value.")
    if "/" in result or any(mark in result for mark in _TEMPLATE):
        raise ConversionError("an id", " An id has no slash and no template in it. Give the id alone, not its URL.")
    return result


def integer(value: Any) -> int:
    """Take a whole number, or a string that is one."""
    result = _number(value)
    if isinstance(result, float):
        whole = not isinstance(value, str) and result.is_integer() and abs(result) <= _EXACT
        result = int(result) if whole else None
    if result is None:
        raise ConversionError("a whole number")
    return result


def positive_integer(value: Any) -> int:
    """Take a whole number of 1 or more, or a string that is one."""
    try:
        result = integer(value)
    except ConversionError:
        result = 0
    if result < 1:
        raise ConversionError("a whole number of 1 or more")
    return result


def number(value: Any) -> float:
    """Take a number, or a string that is one."""
    from datarobot_provider.core.arguments import literals

    result = literals.finite(_number(value))
    if result is None:
        raise ConversionError("a number")
    return result


def seconds(value: Any) -> float:
    """Take a span of time, in seconds or as a ``timedelta``: 0 or more, ten years at the most."""
    result = _span(value)
    if result is None:
        raise ConversionError(_SECONDS)
    return result


def interval(value: Any) -> float:
    """Take the pause between two polls, in seconds or as a ``timedelta``: more than 0, ten years at the most."""
    result = _span(value)
    if not result:
        raise ConversionError(_INTERVAL)
    return result


def boolean(value: Any) -> bool:
    """Take a boolean, Python's or numpy's, or the string ``true`` or ``false`` in any case, white space around it."""
    result = _BOOLEANS.get(value.strip().lower()) if isinstance(value, str) else _unwrapped(value)
    if not isinstance(result, bool):
        raise ConversionError("true or false")
    return result


def is_true(value: Any) -> bool:
    """Return whether a value is a boolean, in any of its spellings, and true; nothing is refused."""
    try:
        return boolean(value)
    except ConversionError:
        return False


def json_object(value: Any) -> dict[str, Any]:
    """Take an object: any mapping, or a string that is one in JSON or in Python's spelling."""
    result = _parsed(value)
    if not isinstance(result, Mapping):
        raise ConversionError("an object", _advice(value))
    return dict(_sendable(result))


def string_list(value: Any) -> list[str]:
    """Take a list of strings: any sequence, or a string that is one in JSON or in Python's spelling."""
    return [_element(index, item, _full_text) for index, item in enumerate(_items(value, "a list"))]


def string_or_string_list(value: Any) -> str | list[str]:
    """Take a string, or a list of strings; a string that spells a list of strings is that list."""
    if not isinstance(value, str):
        return string_list(value) if _is_list(value) else string(value)
    try:
        result = _parsed(value)
        spelt = _is_list(result) and all(isinstance(item, str) for item in result)
        return string_list(result) if spelt else string(value)
    except ConversionError:
        return string(value)


def object_list(value: Any) -> list[dict[str, Any]]:
    """Take a list of objects: any sequence, or a string that is one in JSON or in Python's spelling."""
    return _objects(_items(value, "a list of objects"), "a list of objects")


def object_or_object_list(value: Any) -> dict[str, Any] | list[dict[str, Any]]:
    """Take an object or a list of objects, or a string that spells one."""
    read = _parsed(value)
    if isinstance(read, Mapping):
        return json_object(read)
    if not _is_list(read):
        raise ConversionError("an object, or a list of objects", _advice(value))
    return _objects(read, "an object, or a list of objects")


def string_or_object_list(value: Any) -> list[str | dict[str, Any]]:
    """Take a list of strings and objects, or a string that is one in JSON or in Python's spelling."""
    items = enumerate(_items(value, "a list"))
    return [_element(index, item, json_object if isinstance(item, Mapping) else _full_text) for index, item in items]


def query(value: Any) -> dict[str, Any]:
    """Take query parameters: an object whose values are strings, numbers, booleans, ``None`` or lists of these."""
    found = json_object(value)
    for name, item in found.items():
        for each in item if isinstance(item, list) else [item]:
            if isinstance(each, list | dict) or (each is None and item is not None):
                _refuse("cannot be sent in a query: give strings, numbers, booleans or lists of these", f".{name}")
    return found


def json_body(value: Any) -> Any:
    """Take any JSON body; a string is read as the object or the list that it spells."""
    result = _parsed(value)
    if isinstance(result, str):
        raise ConversionError("an object or a list", _advice(value))
    return _sendable(result)


def optional(converter: Converter) -> Converter:
    """Return a converter that lets ``None`` through, which means: not set."""
    return partial(_optional, converter)


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
    except ConversionError as error:
        if error.problem:
            raise InputError(f"{name}{error.place} {error.problem}.{error.advice}") from None
        # Objects may hold secrets, half-rendered ones too: only what was meant to be a number or a boolean is shown.
        shown = getattr(converter, "args", [converter])[0] in _SHOWN
        seen = error.seen or (repr(value)[:100] if shown else _kind(value))
        raise InputError(f"{name}{error.place} should be {error}, but is {seen}.{error.advice}") from None


def convert_in_init(name: str, value: Any, converter: Converter) -> Any:
    """Convert an argument in the constructor, because Airflow needs it before it renders templates.

    :raises InputError: if it is of the wrong type, or holds a template.
    """
    if isinstance(value, str) and any(mark in value for mark in _TEMPLATE):
        raise InputError(f"{name} is needed before templates are rendered: give its value, not the template {value!r}.")
    return converted(name, value, converter)


def parse_leniently(value: Any) -> Any:
    """Return the lists and objects that a string spells, to find secrets in them; anything else as it is."""
    from datarobot_provider.core.arguments import literals

    return literals.lenient(value) if isinstance(value, str) else value


def camel_case(name: str) -> str:
    """Return the API's name of an argument."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _optional(converter: Converter, value: Any) -> Any:
    return None if value is None else converter(value)


def _full_text(value: Any) -> str:
    result = string(value)
    if not result.strip():
        _refuse("is empty")
    return result


def _objects(items: Sequence[Any], expected: str) -> list[dict[str, Any]]:
    for index, item in enumerate(items):
        if not isinstance(item, Mapping):
            error = ConversionError(expected)
            error.seen = f"a list whose element [{index}] is {_kind(item)}"
            raise error
    return [_element(index, item, json_object) for index, item in enumerate(items)]


def _element(index: int, item: Any, converter: Converter) -> Any:
    try:
        return converter(item)
    except ConversionError as error:
        error.place = f"[{index}]{error.place}"
        error.seen = error.seen or _kind(item)
        raise


def _items(value: Any, expected: str) -> list[Any]:
    result = _parsed(value)
    if not _is_list(result):
        raise ConversionError(expected, _advice(value))
    return list(result)


def _advice(value: Any) -> str:
    return _AS_TEXT if isinstance(value, str) else ""


def _kind(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


def _refuse(problem: str, place: str = "") -> NoReturn:
    error = ConversionError()
    error.problem, error.place = problem, place
    raise error


def _number(value: Any) -> float | None:
    from datarobot_provider.core.arguments import literals

    return literals.number(value)


def _span(value: Any) -> float | None:
    from datarobot_provider.core.arguments import literals

    result = literals.span(value)
    return result if result is not None and 0 <= result <= MOST_SECONDS else None


def _parsed(value: Any) -> Any:
    from datarobot_provider.core.arguments import literals

    if not isinstance(value, str):
        # An array of numpy is a list, too.
        return literals.unwrapped(value) if hasattr(value, "dtype") else value
    try:
        return literals.parsed(value)
    except literals.AmbiguousTextError as error:
        _refuse(str(error))


def _is_list(value: Any) -> bool:
    from datarobot_provider.client.json_values import is_list

    return is_list(value)


def _unwrapped(value: Any) -> Any:
    from datarobot_provider.core.arguments import literals

    return literals.unwrapped(value)


def _sendable(value: Any) -> Any:
    from datarobot_provider.client.json_values import NotSerializableError, plain

    try:
        return plain(value)
    except NotSerializableError as error:
        _refuse(error.problem, error.path)


_SHOWN = (integer, positive_integer, number, boolean, seconds, interval)
