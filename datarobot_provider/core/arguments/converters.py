"""Converters from rendered arguments to values of the types that the API expects.

Templates render to strings, but the API expects numbers, booleans and objects. There is one converter per type, for the
fields of a request and for the other arguments of a task. A value that cannot be converted without loss is refused
before any request is sent. The error names the argument.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NoReturn

from datarobot_provider.exceptions import InputError

Converter = Callable[[Any], Any]

#: Maximum of a timeout and of an interval, in seconds: ten years.
MAX_SECONDS = 315_360_000

_BOOLEANS = {"true": True, "false": False}
#: Integers up to this value are exactly representable as a float.
_MAX_EXACT_INTEGER = 2**53
#: Strings that missing or converted values are rendered as.
_NOT_IDS = ("", "none", "null", "undefined", "nan", "inf", "true", "false")
#: An id of digits and one "e" that native rendering has converted to a float.
_FLOAT = re.compile(r"[0-9.]+[eE]\+[0-9]+")
_TEMPLATE_MARKS = ("{{", "{%")
_VOWELS = "aeiou"
_TIMEOUT = f"a number of seconds from 0 to {MAX_SECONDS:,}, or a timedelta"
_INTERVAL = f"a number of seconds greater than 0 and up to {MAX_SECONDS:,}, or a timedelta"
_QUOTE_ADVICE = (
    " Native rendering converts a string that looks like a number or a boolean. To keep the string, quote it in the "
    "template (\"'{{ … }}'\"), pass .output of the upstream task, or turn off render_template_as_native_obj."
)
_MISSING_ADVICE = " Omit the argument, or check its template and the upstream task."
_LITERAL_ADVICE = (
    " The string is neither JSON nor a Python literal. To pass a list or an object, use '| tojson' in the template, "
    "render_template_as_native_obj=True, or .output of the upstream task."
)


class ConversionError(Exception):
    """A value cannot be converted.

    :param expected: the expected type, such as ``a number``.
    :param advice: a sentence that says what to do, with a leading space.
    :ivar position: position of the value inside the argument, such as ``[2]``.
    :ivar actual: the actual type, if it is not the type of the argument itself.
    :ivar problem: what is wrong, if it is not the type.
    """

    def __init__(self, expected: str = "", advice: str = "") -> None:
        super().__init__(expected)
        self.advice = advice
        self.position = ""
        self.actual: str | None = None
        self.problem: str | None = None


def string(value: Any) -> str:
    """Convert to a string.

    Integers are accepted. Floats and booleans are refused, because their original spelling is unknown.
    """
    result = value if type(value) is str else _to_plain(value)
    if isinstance(result, bool) or not isinstance(result, str | int):
        advice = _MISSING_ADVICE if result is None else _QUOTE_ADVICE if isinstance(result, bool | float) else ""
        raise ConversionError("a string", advice)
    return str(_to_json(result))


def identifier(value: Any) -> str:
    """Convert to an id: a string without surrounding white space, or an integer.

    Floats, strings that stand for a missing value (such as ``None``, ``null`` and ``undefined``), templates that were
    not rendered, and strings with a slash are refused.
    """
    try:
        result = string(value).strip()
    except ConversionError as error:
        raise ConversionError("an id", error.advice) from None
    if result.lower() in _NOT_IDS or _FLOAT.fullmatch(result):
        raise ConversionError(
            "an id", f" {result[:50]!r} is a missing value, or a value of another type, that was rendered as a string."
        )
    if "/" in result or any(mark in result for mark in _TEMPLATE_MARKS):
        raise ConversionError("an id", " An id contains no slash and no template. Pass the id, not a URL.")
    return result


def integer(value: Any) -> int:
    """Convert a number or a string to an integer."""
    result = _number(value)
    if isinstance(result, float):
        is_whole = not isinstance(value, str) and result.is_integer() and abs(result) <= _MAX_EXACT_INTEGER
        result = int(result) if is_whole else None
    if result is None:
        raise ConversionError("an integer")
    return result


def integer_or_string(value: Any) -> int | str:
    """Return an integer if the value is one, otherwise a string."""
    return integer(value) if _number(value) is not None else string(value)


def positive_integer(value: Any) -> int:
    """Convert a number or a string to an integer of 1 or more."""
    try:
        result = integer(value)
    except ConversionError:
        result = 0
    if result < 1:
        raise ConversionError("an integer of 1 or more")
    return result


def number(value: Any) -> float:
    """Convert a number or a string to a finite float."""
    from datarobot_provider.core.arguments import literals

    result = literals.finite_float(_number(value))
    if result is None:
        raise ConversionError("a number")
    return result


def seconds(value: Any) -> float:
    """Convert a timeout to seconds, from a number, a string or a ``timedelta``: from 0 to ten years."""
    result = _duration(value)
    if result is None:
        raise ConversionError(_TIMEOUT)
    return result


def interval(value: Any) -> float:
    """Convert an interval to seconds, from a number, a string or a ``timedelta``: greater than 0, up to ten years."""
    result = _duration(value)
    if not result:
        raise ConversionError(_INTERVAL)
    return result


def boolean(value: Any) -> bool:
    """Convert to a boolean: from a Python or numpy boolean, or from the string ``true`` or ``false`` in any case."""
    result = _BOOLEANS.get(value.strip().lower()) if isinstance(value, str) else _to_plain(value)
    if not isinstance(result, bool):
        raise ConversionError("true or false")
    return result


def is_true(value: Any) -> bool:
    """Return whether :func:`boolean` converts a value to ``True``; ``False`` if it refuses the value."""
    try:
        return boolean(value)
    except ConversionError:
        return False


def json_object(value: Any) -> dict[str, Any]:
    """Convert to an object: from any mapping, or from a string in JSON or Python syntax."""
    result = _parse(value)
    if not isinstance(result, Mapping):
        raise ConversionError("an object", _advice(value))
    return dict(_to_json(result))


def string_list(value: Any) -> list[str]:
    """Convert to a list of strings: from any sequence, or from a string in JSON or Python syntax."""
    return [_element(index, item, _non_empty_string) for index, item in enumerate(_items(value, "a list"))]


def string_or_string_list(value: Any) -> str | list[str]:
    """Convert to a string or a list of strings; a string that contains a list of strings is converted to the list."""
    if not isinstance(value, str):
        return string_list(value) if _is_list(value) else string(value)
    try:
        result = _parse(value)
        is_string_list = _is_list(result) and all(isinstance(item, str) for item in result)
        return string_list(result) if is_string_list else string(value)
    except ConversionError:
        return string(value)


def object_list(value: Any) -> list[dict[str, Any]]:
    """Convert to a list of objects: from any sequence, or from a string in JSON or Python syntax."""
    return _objects(_items(value, "a list of objects"), "a list of objects")


def object_or_object_list(value: Any) -> dict[str, Any] | list[dict[str, Any]]:
    """Convert to an object or a list of objects: from a mapping, a sequence, or a string in JSON or Python syntax."""
    parsed = _parse(value)
    if isinstance(parsed, Mapping):
        return json_object(parsed)
    if not _is_list(parsed):
        raise ConversionError("an object or a list of objects", _advice(value))
    return _objects(parsed, "an object or a list of objects")


def string_or_object_list(value: Any) -> list[str | dict[str, Any]]:
    """Convert to a list of strings and objects: from any sequence, or from a string in JSON or Python syntax."""
    return [
        _element(index, item, json_object if isinstance(item, Mapping) else _non_empty_string)
        for index, item in enumerate(_items(value, "a list"))
    ]


def query(value: Any) -> dict[str, Any]:
    """Convert to query parameters: an object of strings, numbers, booleans, ``None`` and lists of these."""
    parameters = json_object(value)
    for name, item in parameters.items():
        for each in item if isinstance(item, list) else [item]:
            if isinstance(each, list | dict) or (each is None and item is not None):
                _refuse("cannot be a query parameter: use a string, a number, a boolean or a list of these", f".{name}")
    return parameters


def json_body(value: Any) -> Any:
    """Convert to a JSON body; a string must contain an object or a list in JSON or Python syntax."""
    result = _parse(value)
    if isinstance(result, str):
        raise ConversionError("an object or a list", _advice(value))
    return _to_json(result)


def optional(converter: Converter) -> Converter:
    """Return a converter that also accepts ``None`` (not set)."""
    return partial(_optional, converter)


def payload(values: Mapping[str, Any], fields: Mapping[str, Converter]) -> dict[str, Any]:
    """Return the payload of a request.

    :param values: the rendered arguments by name; ``None`` means not set.
    :param fields: converters of the arguments that are fields of the request.
    :returns: the fields that were set, with names in camelCase.
    :raises InputError: if a value has the wrong type, naming the argument.
    """
    return {
        camel_case(name): converted(name, values[name], fields[name]) for name in fields if values[name] is not None
    }


def converted(name: str, value: Any, converter: Converter) -> Any:
    """Convert one argument.

    :param name: name of the argument, for the error.
    :param value: the rendered value.
    :param converter: one of the converters of this module.
    :raises InputError: if the value has the wrong type.
    """
    try:
        return converter(value)
    except ConversionError as error:
        if error.problem:
            raise InputError(f"{name}{error.position} {error.problem}.{error.advice}") from None
        # Strings and objects may contain secrets: show the value only if a number or a boolean is expected.
        may_show = getattr(converter, "args", [converter])[0] in _SCALAR_CONVERTERS
        actual = error.actual or (repr(value)[:100] if may_show else type_name(value))
        raise InputError(f"{name}{error.position} should be {error}, but is {actual}.{error.advice}") from None


def convert_in_init(name: str, value: Any, converter: Converter) -> Any:
    """Convert an argument in the constructor, because Airflow reads it before it renders templates.

    :raises InputError: if the value has the wrong type or contains a template.
    """
    if isinstance(value, str) and any(mark in value for mark in _TEMPLATE_MARKS):
        raise InputError(
            f"{name} cannot be a template, but is {value!r}. Airflow reads it before templates are rendered."
        )
    return converted(name, value, converter)


def parse_leniently(value: Any) -> Any:
    """Return the lists and objects that a string contains, in order to find secrets; any other value unchanged."""
    from datarobot_provider.core.arguments import literals

    return literals.parse_leniently(value) if isinstance(value, str) else value


def camel_case(name: str) -> str:
    """Return the API field name of an argument."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def type_name(value: Any) -> str:
    """Return the type of a value for an error message, such as ``a list`` or ``None``."""
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in _VOWELS else 'a'} {name}"


def _optional(converter: Converter, value: Any) -> Any:
    return None if value is None else converter(value)


def _non_empty_string(value: Any) -> str:
    result = string(value)
    if not result.strip():
        _refuse("is empty")
    return result


def _objects(items: Sequence[Any], expected: str) -> list[dict[str, Any]]:
    for index, item in enumerate(items):
        if not isinstance(item, Mapping):
            error = ConversionError(expected)
            error.actual = f"a list whose element [{index}] is {type_name(item)}"
            raise error
    return [_element(index, item, json_object) for index, item in enumerate(items)]


def _element(index: int, item: Any, converter: Converter) -> Any:
    try:
        return converter(item)
    except ConversionError as error:
        error.position = f"[{index}]{error.position}"
        error.actual = error.actual or type_name(item)
        raise


def _items(value: Any, expected: str) -> list[Any]:
    result = _parse(value)
    if not _is_list(result):
        raise ConversionError(expected, _advice(value))
    return list(result)


def _advice(value: Any) -> str:
    return _LITERAL_ADVICE if isinstance(value, str) else ""


def _refuse(problem: str, position: str = "") -> NoReturn:
    error = ConversionError()
    error.problem, error.position = problem, position
    raise error


def _number(value: Any) -> float | None:
    from datarobot_provider.core.arguments import literals

    return literals.parse_number(value)


def _duration(value: Any) -> float | None:
    from datarobot_provider.core.arguments import literals

    result = literals.duration(value)
    return result if result is not None and 0 <= result <= MAX_SECONDS else None


def _parse(value: Any) -> Any:
    from datarobot_provider.core.arguments import literals

    if not isinstance(value, str):
        # A numpy array is converted to a list.
        return literals.to_plain(value) if hasattr(value, "dtype") else value
    try:
        return literals.parse(value)
    except literals.AmbiguousLiteralError as error:
        _refuse(str(error))


def _is_list(value: Any) -> bool:
    from datarobot_provider.client.json_values import is_list

    return is_list(value)


def _to_plain(value: Any) -> Any:
    from datarobot_provider.core.arguments import literals

    return literals.to_plain(value)


def _to_json(value: Any) -> Any:
    from datarobot_provider.client.json_values import NotSerializableError, plain

    try:
        return plain(value)
    except NotSerializableError as error:
        _refuse(error.problem, error.path)


_SCALAR_CONVERTERS = (integer, positive_integer, number, boolean, seconds, interval)
