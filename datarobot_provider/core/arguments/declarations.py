"""The arguments of operators and sensors: which are templated, required or sent, and how they are converted."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from datarobot_provider.core.arguments import types
from datarobot_provider.core.arguments.converters import Converter, converted, optional
from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PACKAGE = "datarobot_provider."
_EMPTY = ("", "None")
_PLACEHOLDER = re.compile(r"{(\w+)}")
_NO_DEFAULT = object()


def is_ours(level: type) -> bool:
    """Return whether a class belongs to this package, not to a DAG file or to Airflow."""
    return level.__module__.startswith(_PACKAGE)


class DeclaredArguments:
    """Base of everything whose constructor declares arguments of operators or sensors.

    Its keyword-only parameters are annotated with the types of :mod:`.types`. Airflow and this package need to know
    more: which of them are templated, required or sent, and how they are converted. That is derived here, so that an
    argument is declared once. An argument that a subclass outside of this package adds is not converted, not sent and
    not templated, unless the subclass says so with ``template_fields``, ``required_fields``, ``api_fields`` or
    ``argument_types``.
    """

    #: Method and route of the operation, such as ``GET customModels/{custom_model_id}/``.
    route: ClassVar[str] = ""
    #: Routes of more operations that the operator may use.
    other_routes: ClassVar[Sequence[str]] = ()
    #: Arguments that are neither fields of the request nor ids in the route; those of the bases are added.
    options: ClassVar[Sequence[str]] = ("datarobot_conn_id",)
    #: Arguments in which templates are not rendered; those of the bases are added.
    not_templated: ClassVar[Sequence[str]] = ()
    #: Arguments that must have a value although they have a default; those of the bases are added.
    also_required: ClassVar[Sequence[str]] = ()

    #: Derived: arguments that must have a value once the templates are rendered.
    required_fields: ClassVar[Sequence[str]] = ()
    #: Derived: arguments that are fields of the request, and their converters.
    api_fields: ClassVar[Mapping[str, Converter]] = {}
    #: Derived: other arguments, and their converters.
    argument_types: ClassVar[Mapping[str, Converter]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if is_ours(cls):
            _derive(cls)

    def check(self) -> None:
        """Check the rendered arguments and convert them in place, before anything is sent.

        :raises InputError: naming the invalid argument.
        """
        check_rendered(self)
        convert_arguments(self)


def _derive(task: Any) -> None:
    """Derive the attributes of a class that describe its arguments, those of its bases included."""
    task.own_arguments = own = _own_arguments(task)
    arguments = dict(own)
    for base in task.__bases__:
        arguments |= {
            name: known for name, known in getattr(base, "all_arguments", {}).items() if name not in arguments
        }
    task.all_arguments = arguments
    not_templated, also_required = _merged(task, "not_templated"), _merged(task, "also_required")
    not_sent = {*_PLACEHOLDER.findall(task.route), *_merged(task, "options")} if task.route else arguments
    task.template_fields = tuple([name for name in arguments if name not in not_templated])
    task.required_fields = tuple(
        [name for name, (_, default) in arguments.items() if default is _NO_DEFAULT or name in also_required]
    )
    task.api_fields, task.argument_types = {}, {}
    for name, (converter, default) in arguments.items():
        if converter is not None and name not in not_sent:
            task.api_fields[name] = converter
        elif converter is not None:
            # None means "not set"; where it is not allowed, check_rendered() refuses it.
            optional_too = default is None or default is _NO_DEFAULT
            task.argument_types[name] = _optional(converter) if optional_too else converter


def _merged(task: type, declared: str) -> set[str]:
    return {name for level in task.__mro__ if declared in level.__dict__ for name in level.__dict__[declared]}


@cache
def _optional(converter: Converter) -> Converter:
    return optional(converter)


def _own_arguments(task: type) -> dict[str, tuple[Converter | None, Any]]:
    """Return the arguments that a class itself declares, each with its converter and its default."""
    init = vars(task).get("__init__")
    if init is None:
        return {}
    code, defaults = init.__code__, init.__kwdefaults__ or {}
    names = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    return {
        name: (_converter(task, name, init.__annotations__[name]), defaults.get(name, _NO_DEFAULT)) for name in names
    }


def _converter(task: type, name: str, annotation: str) -> Converter | None:
    """Return the converter of an argument; its annotation is a string, which is not evaluated."""
    declared = getattr(types, annotation.partition(" ")[0].partition("[")[0], None)
    try:
        converter: Converter | None = declared.__metadata__[0]  # type: ignore[union-attr]
    except AttributeError:
        known = f"{types.__name__} has no type {annotation!r}"
        raise TypeError(f"The argument {name} of {task.__name__} has no converter: {known}.") from None
    return converter


def known_template_fields(task: type) -> list[str]:
    """Return the templated arguments that this package interprets; those that a user's subclass adds hold anything.

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

    :raises InputError: naming the invalid argument.
    """
    for name, converter in converters(type(task)).items():
        value = getattr(task, name, None)
        result = converted(name, value, converter)
        if result is not value:
            setattr(task, name, result)


def converters(task: type) -> Mapping[str, Converter]:
    """Return the converter of each argument of an operator or a sensor.

    :param task: the class. Subclasses outside of this package may add to ``api_fields``, in which ``None`` means "not
        set", and to ``argument_types``.
    """
    declared: dict[str, Converter] = {}
    for level in reversed(task.__mro__):
        declared |= {name: optional(converter) for name, converter in vars(level).get("api_fields", {}).items()}
        declared |= vars(level).get("argument_types", {})
    return declared
