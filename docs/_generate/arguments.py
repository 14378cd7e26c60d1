"""The rows of an operator's or a sensor's arguments: type, default, templated, description."""

from __future__ import annotations

import re

from datarobot_provider.core.base_sensor import DataRobotJobSensor
from docs._generate.docstrings import cell
from tests.unit.operators.catalogue import own_arguments, required_arguments

HEADS = ("argument", "type", "default", "templated", "description")
#: The types of ``core/arguments/types.py``.
TYPES = {
    "Boolean": "boolean",
    "ConnectionId": "connection id",
    "FilePath": "path",
    "FilePaths": "list or object of paths",
    "Form": "object",
    "FormFiles": "object or list of files",
    "Id": "id",
    "Integer": "integer",
    "IntegerOrString": "integer or string",
    "Interval": "seconds, more than 0",
    "Json": "object or list",
    "Number": "number",
    "Object": "object",
    "ObjectList": "list of objects",
    "ObjectListOf": "list of objects",
    "ObjectOf": "object",
    "ObjectOrObjectList": "object or list of objects",
    "PositiveInteger": "integer, 1 or more",
    "Query": "object",
    "ResultFilter": "function",
    "Seconds": "seconds",
    "String": "string",
    "StringList": "list of strings",
    "StringOrObjectList": "list of strings and objects",
    "StringOrStringList": "string or list of strings",
    "SubmitPolicy": "string",
}
#: The documented arguments that Airflow's own sensor has.
_OF_AIRFLOW = {"poke_interval": "Interval", "timeout": "Seconds", "soft_fail": "Boolean"}
_FLAGS = {"templated", "not templated", "required"}
_DEFAULT = re.compile(
    r"(?P<whose>DataRobot's )?default(?: is|:)? (?P<value>`[^`]+`|[\d.]*\d|[^.]+)(?P<more>:.*)?", re.DOTALL
)


def cells(task: type, name: str, text: str) -> tuple[str, ...]:
    """Return the cells of an argument.

    :param task: class of the operator or the sensor.
    :param name: name of the argument.
    :param text: its description in the docstring, as Markdown.
    """
    description, documented_default = _parts(text)
    default = "**required**" if name in required_arguments(task) else documented_default or _default(task, name)
    templated = "yes" if name in task.template_fields else "no"
    return f"`{name}`", _type(task, name), cell(default), templated, cell(description)


def _type(task: type, name: str) -> str:
    own = own_arguments(task)
    if name not in own and issubclass(task, DataRobotJobSensor):
        return TYPES[_OF_AIRFLOW[name]]
    return TYPES[re.match(r"\w+", str(own[name].annotation))[0]]


def _default(task: type, name: str) -> str:
    value = own_arguments(task)[name].default
    return "-" if value is None else f"`{value}`"


def _parts(text: str) -> tuple[str, str]:
    """Split a description: what the other columns do not say, and the documented default."""
    kept, default = [], ""
    for part in text.split("; "):
        head, stop, rest = part.partition(". ")
        found = _DEFAULT.fullmatch(head.removesuffix("."))
        if found:
            default = f"{found['value']} (DataRobot's)" if found["whose"] else found["value"]
        if head.removesuffix(".") in _FLAGS or (found and not found["more"]):
            kept[-1] = f"{kept[-1].removesuffix('.')}{stop}{rest}"
        else:
            kept.append(part)
    return f"{'; '.join(kept).removesuffix('.')}.", default
