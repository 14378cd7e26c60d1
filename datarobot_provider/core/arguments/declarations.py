"""Which classes and templated arguments are this package's, and which ones a subclass of a user's has added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.arguments.converters import Converter, converted, identifier, optional
from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

_PACKAGE = "datarobot_provider."
_EMPTY = ("", "None")


def is_ours(level: type) -> bool:
    """Return whether a class is one of this package, not of a user's DAG or of Airflow."""
    return level.__module__.startswith(_PACKAGE)


def known_template_fields(task: type) -> list[str]:
    """Return the templated arguments whose meaning is known; what a user's subclass adds may hold anything.

    :param task: class of the operator or the sensor.
    :returns: those that a class of this package templates, and those that any class declares as fields of a request or
        as arguments of a type.
    """
    known: set[str] = set()
    for level in task.__mro__:
        for declared in ("api_fields", "argument_types", "required_fields"):
            known.update(vars(level).get(declared) or ())
        if is_ours(level):
            known.update(vars(level).get("template_fields") or ())
    return [name for name in getattr(task, "template_fields", ()) if name in known]


def check_rendered(task: Any) -> None:
    """Refuse arguments whose templates rendered to nothing.

    :param task: the operator or sensor. Its required arguments must have a value, the others must not be empty.
    :raises InputError: naming the argument.
    """
    for name in (*task.required_fields, *known_template_fields(type(task))):
        value = getattr(task, name)
        if value is None and name in task.required_fields:
            raise InputError(f"{name} is missing: it was not given, or its template rendered to None.")
        if isinstance(value, str) and value.strip() in _EMPTY:
            raise InputError(
                f"{name} rendered to {value!r}. Check its template and the task it reads from; leave the argument out "
                "if it should not be sent."
            )


def convert_arguments(task: Any) -> None:
    """Convert the rendered arguments of an operator or a sensor, in place, as Airflow renders them.

    :raises InputError: naming the argument at fault.
    """
    for name, converter in converters(type(task)).items():
        value = getattr(task, name, None)
        result = converted(name, value, converter)
        if result is not value:
            setattr(task, name, result)


def converters(task: type) -> Mapping[str, Converter]:
    """Return how each argument of an operator or a sensor is converted, its bases' arguments included.

    Fields of the request body are in ``api_fields``, other arguments in ``argument_types``; what ends in ``_id`` is an
    id where neither says otherwise, unless a user's subclass has added it. ``None`` means not set, for the first and
    the last.
    """
    declared: dict[str, Converter] = {}
    for level in reversed(task.__mro__):
        body_fields = vars(level).get("api_fields", {})
        declared |= {name: optional(converter) for name, converter in body_fields.items()}
        declared |= vars(level).get("argument_types", {})
    names = known_template_fields(task)
    ids = {name: optional(identifier) for name in names if name.endswith("_id") and not name.endswith("conn_id")}
    return {**ids, **declared}
