"""Types of arguments, and the converter of each.

A template can supply every argument, so every type includes the string that the template renders to.
:mod:`.declarations` reads the converter of an argument from the name of the type in its annotation; a type with the
converter ``None`` is left as it is rendered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from datarobot_provider.core.arguments import converters

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import timedelta

    from datarobot_provider.core.arguments.paths import PathArgument

T = TypeVar("T")

#: A string.
String = Annotated[str, converters.string]
#: An id that DataRobot has assigned.
Id = Annotated[str, converters.identifier]
#: Id of an Airflow connection.
ConnectionId = Annotated[str, None]
#: ``fail`` or ``resubmit``, see ``SubmitOnce``.
SubmitPolicy = Annotated[str, None]
#: An integer.
Integer = Annotated[int | str, converters.integer]
#: An integer of 1 or more.
PositiveInteger = Annotated[int | str, converters.positive_integer]
#: An integer, or a word.
IntegerOrString = Annotated[int | str, converters.integer_or_string]
#: A number.
Number = Annotated[float | str, converters.number]
#: A boolean.
Boolean = Annotated[bool | str, converters.boolean]
#: A duration in seconds or as a ``timedelta``, 0 or more.
Seconds = Annotated["float | timedelta | str", converters.seconds]
#: The same, more than 0.
Interval = Annotated["float | timedelta | str", converters.interval]
#: A list of strings.
StringList = Annotated[list[str] | str, converters.string_list]
#: A string, or a list of strings.
StringOrStringList = Annotated[list[str] | str, converters.string_or_string_list]
#: An object in the API's names.
Object = Annotated[dict[str, Any] | str, converters.json_object]
#: An object of which the fields are known.
ObjectOf = Annotated[T | str, converters.json_object]
#: A list of objects in the API's names.
ObjectList = Annotated[list[dict[str, Any]] | str, converters.object_list]
#: A list of objects of which the fields are known.
ObjectListOf = Annotated[list[T] | str, converters.object_list]
#: An object, or a list of objects.
ObjectOrObjectList = Annotated[dict[str, Any] | list[dict[str, Any]] | str, converters.object_or_object_list]
#: A list of strings and objects.
StringOrObjectList = Annotated[list[str | dict[str, Any]] | str, converters.string_or_object_list]
#: Query parameters.
Query = Annotated["Mapping[str, Any] | str", converters.query]
#: A JSON body.
Json = Annotated[Any, converters.json_body]
#: Form fields.
Form = Annotated["Mapping[str, Any] | str", converters.json_object]
#: A local path, or a path of Airflow's object storage.
FilePath = Annotated["PathArgument", None]
#: Several such paths, or a mapping of the path inside the model to such a path.
FilePaths = Annotated["Sequence[PathArgument] | Mapping[str, PathArgument] | str", None]
#: Files of a form: field name to file.
FormFiles = Annotated["Mapping[str, Any] | Sequence[tuple[str, Any]] | str", None]
#: A function that receives a result and returns another one.
ResultFilter = Annotated["Callable[[Any], Any]", None]
