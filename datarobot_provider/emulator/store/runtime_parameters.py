"""Runtime parameters of a version: definitions, and values that are set, validated and inherited."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.common import strict_json
from datarobot_provider.emulator.common.errors import invalid
from datarobot_provider.emulator.store.model_metadata import bound_problem, metadata_file, read_definitions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from datarobot_provider.emulator.store.entities import Item, Version
    from datarobot_provider.emulator.store.state import State

Json = dict[str, Any]
FIELD = "runtimeParameters"
VALUES = "runtimeParameterValues"
_KEYS = frozenset({"fieldName", "type", "value"})
_STORED = ("fieldName", "type", "description", "allowEmpty", "minValue", "maxValue", "credentialType", "defaultValue")


def parameters_of_new_version(state: State, items: Sequence[Item], latest: Version | None, body: Json) -> list[Json]:
    """Return the runtime parameters of a new version.

    :param state: the state of the emulator.
    :param items: the files of the new version.
    :param latest: the version that it inherits from, or None.
    :param body: the body of the request. ``runtimeParameters`` replaces all definitions, ``runtimeParameterValues``
        sets values.
    :raises ApiError: with status 422 that lists all problems.
    """
    if FIELD in body and VALUES in body:
        raise invalid(FIELD, f"cannot be sent together with {VALUES}")
    definitions, overrides = _defined(items, latest), _inherited(latest)
    if FIELD in body:
        sent = _decoded(body[FIELD], FIELD)
        definitions = _sent_definitions(sent)
        values = [{**row, "value": row.get("currentValue")} for row in sent]
        _raise_if_any(state, definitions, values, FIELD)
        overrides = {row["fieldName"]: (row["type"], row["value"]) for row in values}
    values = _decoded(body[VALUES], VALUES) if VALUES in body else []
    _raise_if_any(state, definitions, values, VALUES)
    overrides |= {row["fieldName"]: (row["type"], row["value"]) for row in values}
    return [_merge_value(definition, overrides) for definition in definitions]


def names_without_value(version: Version) -> list[str]:
    """Return the names of the runtime parameters that require a value and have none."""
    parameters = version.settings.get(FIELD, [])
    return [p["fieldName"] for p in parameters if p.get("allowEmpty") is False and p["currentValue"] is None]


def _defined(items: Sequence[Item], latest: Version | None) -> list[Json]:
    """Return the definitions of the metadata file and those of the latest version that do not come from its file."""
    known = latest.settings.get(FIELD, []) if latest else []
    before = metadata_file(latest.items) if latest else None
    if latest and before is metadata_file(items):
        return [{name: p[name] for name in _STORED if name in p} for p in known]
    definitions = read_definitions(items)
    in_file = {d["fieldName"] for d in (*definitions, *read_definitions(latest.items if latest else []))}
    other = [p for p in known if p["fieldName"] not in in_file]
    return definitions + [{name: p[name] for name in _STORED if name in p} for p in other]


def _inherited(latest: Version | None) -> dict[str, tuple[str, Any]]:
    known = latest.settings.get(FIELD, []) if latest else []
    return {p["fieldName"]: (p["type"], p["overrideValue"]) for p in known}


def _merge_value(definition: Json, overrides: dict[str, tuple[str, Any]]) -> Json:
    kind, value = overrides.get(definition["fieldName"], (definition["type"], None))
    # An empty string counts as no value. A value that does not fit a changed definition is dropped.
    value = None if value == "" or kind != definition["type"] or bound_problem(definition, value) else value
    default = definition.get("defaultValue")
    return {**definition, "overrideValue": value, "currentValue": default if value is None else value}


def _decoded(value: Any, field: str) -> list[Json]:
    """Return a list of objects that was sent as a list, or as JSON in a string."""
    try:
        rows = strict_json.loads(value) if isinstance(value, str) else value
    except strict_json.JsonError as error:
        raise invalid(field, f"is not valid JSON: {error}") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise invalid(field, "has to be a list of objects")
    return rows


def _sent_definitions(rows: list[Json]) -> list[Json]:
    definitions = []
    for row in rows:
        name, kind = row.get("fieldName"), row.get("type")
        if not (_is_string(name) and name and _is_string(kind) and kind):
            raise invalid(FIELD, "every entry needs a fieldName and a type")
        bounds = [row[key] for key in ("minValue", "maxValue") if row.get(key) is not None]
        if not all(map(_is_number, bounds)) or not isinstance(row.get("allowEmpty", True), bool):
            raise invalid(FIELD, f"{_named(name)}: minValue, maxValue and allowEmpty have the wrong type")
        if not all(row.get(key) is None or _is_string(row[key]) for key in ("description", "credentialType")):
            raise invalid(FIELD, f"{_named(name)}: description and credentialType have to be strings")
        kept = {key: row[key] for key in _STORED if row.get(key) is not None}
        definitions.append({"allowEmpty": True, **kept, "defaultValue": row.get("defaultValue")})
    return definitions


def _raise_if_any(state: State, definitions: list[Json], rows: list[Json], field: str) -> None:
    defined = {d["fieldName"]: d for d in definitions}
    problems = [f"{_named(row.get('fieldName'))}: {text}" for row in rows if (text := _problem(state, defined, row))]
    names = [str(row.get("fieldName")) for row in rows]
    problems += [f"{_named(name)}: is given more than once" for name in dict.fromkeys(names) if names.count(name) > 1]
    if problems:
        raise invalid(field, "; ".join(problems))


def _problem(state: State, defined: dict[str, Json], row: Json) -> str | None:
    if not row.keys() >= _KEYS:
        return "fieldName, type and value are required"
    definition = defined.get(row["fieldName"]) if isinstance(row["fieldName"], str) else None
    if definition is None:
        return "there is no definition of this name"
    if row["type"] != definition["type"]:
        return f"the type has to be {definition['type']}"
    return _value_problem(state, definition, row["value"]) or _value_problem(state, definition, row.get("defaultValue"))


def _value_problem(state: State, definition: Json, value: Any) -> str | None:
    kind = definition["type"]
    if value is None:
        return None
    expected, fits = _CHECKS.get(kind, _ANY)
    if not fits(value):
        return f"the value has to be {expected}"
    if kind == "credential" and value and value not in state.credentials:
        return "there is no credential with this ID"
    return bound_problem(definition, value)


def _is_number(value: Any) -> bool:
    try:
        return not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(float(value))
    except OverflowError:
        return False


def _is_string(value: Any) -> bool:
    return isinstance(value, str) and not any("\ud800" <= char <= "\udfff" for char in value)


def _named(name: Any) -> str:
    return json.dumps(name)[:100] if isinstance(name, str) else "an entry without a name"


_STRING = ("a string", _is_string)
_ANY: tuple[str, Callable[[Any], bool]] = (
    "a string, a number or a boolean",
    lambda value: isinstance(value, bool) or _is_number(value) or _is_string(value),
)
_CHECKS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "boolean": ("a boolean", lambda value: isinstance(value, bool)),
    "numeric": ("a number", _is_number),
    **dict.fromkeys(("string", "credential", "deployment", "model"), _STRING),
}
