"""Parser of the runtime parameter definitions in ``model-metadata.yaml``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from datarobot_provider.emulator.common.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datarobot_provider.emulator.store.entities import Item

FILE_NAME = "model-metadata.yaml"
Definition = dict[str, Any]
_SECTION = "runtimeParameterDefinitions"
_MAX_BYTES = 256 << 10
_NULL, _MERGE = "tag:yaml.org,2002:null", "tag:yaml.org,2002:merge"
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_OPTIONAL = ("description", "credentialType")


class _DefinitionError(Exception):
    """An invalid definition. The message gives the reason."""


def metadata_file(items: Sequence[Item]) -> Item | None:
    """Return the metadata file of a version, or None if it has none."""
    return next((item for item in items if item.path == FILE_NAME), None)


def read_definitions(items: Sequence[Item]) -> list[Definition]:
    """Return the definitions in the format of ``runtimeParameters``.

    The rest of the file is not evaluated, including its aliases. Values are converted to the type of their definition,
    so a quoted number is a number.

    :param items: the files of the version.
    :raises ApiError: with status 422 if the file is invalid.
    """
    file = metadata_file(items)
    try:
        return [] if file is None else _definitions(_compose(file.read()))
    except RecursionError:
        raise _invalid_file("merges too many mappings into each other") from None


def _definitions(top: Node | None) -> list[Definition]:
    section = _entries(top).get(_SECTION) if isinstance(top, MappingNode) else None
    if section is None or section.tag == _NULL:
        return []
    if not isinstance(section, SequenceNode):
        raise _invalid_file(f"{_SECTION} has to be a list")
    found: dict[str, Definition] = {}
    for number, node in enumerate(section.value, 1):
        try:
            definition = _definition(node)
        except _DefinitionError as error:
            raise _invalid_file(f"{_SECTION}, entry {number}: {error}") from None
        if definition["fieldName"] in found:
            raise _invalid_file(f"{_SECTION}, entry {number}: the fieldName is defined twice")
        found[definition["fieldName"]] = definition
    return list(found.values())


def _compose(content: bytes) -> Node | None:
    if len(content) > _MAX_BYTES:
        raise _invalid_file("the file is too large")
    try:
        return yaml.compose(content, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise _invalid_file(f"is not valid YAML{line}") from None
    except (yaml.YAMLError, UnicodeError, RecursionError):
        raise _invalid_file("is not valid YAML") from None


def _entries(node: MappingNode, known: dict[Node, dict[str, Node]] | None = None) -> dict[str, Node]:
    """Return the entries of a mapping, including those that are merged into it.

    If several mappings are merged, the first one of the list has precedence. A mapping that is merged into itself adds
    nothing.

    :param known: the mappings that were read before, so that nested merges take linear time.
    """
    known = {} if known is None else known
    if node not in known:
        known[node] = {}
        found: dict[str, Node] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                for merged in reversed(value.value) if isinstance(value, SequenceNode) else [value]:
                    found |= _entries(merged, known) if isinstance(merged, MappingNode) else {}
        own = {key.value: value for key, value in node.value if isinstance(key, ScalarNode) and key.tag != _MERGE}
        known[node] = found | own
    return known[node]


def _definition(node: Node) -> Definition:
    if not isinstance(node, MappingNode):
        raise _DefinitionError("has to be a mapping")
    entries = _entries(node)
    name, kind = (_text(entries, key) for key in ("fieldName", "type"))
    if not name or not kind:
        raise _DefinitionError("fieldName and type are required")
    allow_empty = _text(entries, "allowEmpty")
    definition: Definition = {"fieldName": name, "type": kind, "allowEmpty": True}
    if allow_empty is not None:
        definition["allowEmpty"] = _typed("boolean", allow_empty, "allowEmpty")
    definition.update({key: text for key in _OPTIONAL if (text := _text(entries, key)) is not None})
    for key in ("minValue", "maxValue"):
        bound = _text(entries, key) if kind == "numeric" else None
        if bound:
            definition[key] = _typed(kind, bound, key)
    default = _text(entries, "defaultValue")
    definition["defaultValue"] = _typed(kind, default, "defaultValue") if default else None
    outside = bound_problem(definition, definition["defaultValue"])
    if outside:
        raise _DefinitionError(f"defaultValue {outside}")
    return definition


def bound_problem(definition: Definition, value: Any) -> str | None:
    """Return which bound of its parameter a value violates, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if "minValue" in definition and value < definition["minValue"]:
        return f"must be at least {definition['minValue']}"
    if "maxValue" in definition and value > definition["maxValue"]:
        return f"must be at most {definition['maxValue']}"
    return None


def _text(entries: dict[str, Node], key: str) -> str | None:
    node = entries.get(key)
    if node is None or node.tag == _NULL:
        return None
    if not isinstance(node, ScalarNode):
        raise _DefinitionError(f"{key} has to be a single value")
    if any("\ud800" <= char <= "\udfff" for char in node.value):
        raise _DefinitionError(f"{key} contains half of a surrogate pair")
    return str(node.value)


def _typed(kind: str, text: str, key: str) -> Any:
    if kind == "boolean":
        if text.lower() not in _BOOLEANS:
            raise _DefinitionError(f"{key} has to be true or false")
        return _BOOLEANS[text.lower()]
    if kind != "numeric":
        return text
    try:
        number = int(text) if text.lstrip("-+").isdecimal() else float(text)
        finite = math.isfinite(number)
    except (ValueError, OverflowError):
        finite = False
    if not finite:
        raise _DefinitionError(f"{key} has to be a number")
    return number


def _invalid_file(text: str) -> Exception:
    return invalid("file", f"{FILE_NAME}: {text}")
