"""Definitions of runtime parameters, from ``model-metadata.yaml`` or from a version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from datarobot_provider.core.arguments import converters
from datarobot_provider.core.custom_model.metadata_file import FILE_NAME
from datarobot_provider.exceptions import InputError

SECTION = "runtimeParameterDefinitions"
NUMERIC = "numeric"
#: Booleans of YAML 1.1.
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_MAX_NAME_LENGTH = 100


@dataclass(frozen=True)
class Definition:
    """Definition of a runtime parameter.

    :param type: ``string``, ``boolean``, ``numeric``, ``credential``, ``deployment``, ``model`` or a newer one.
    :param required: whether a value is required: it must not be empty, and there is no default.
    :param minimum: minimum of a number; ``None`` for no minimum.
    :param maximum: maximum of a number; ``None`` for no maximum.
    :param credential_type: the type of the credential; ``None`` for any.
    :param is_set: whether the version overrides the default value.
    """

    type: str
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    credential_type: str | None = None
    is_set: bool = False


def definitions_from_metadata(metadata: Mapping[str, Any]) -> dict[str, Definition]:
    """Return the definitions in ``model-metadata.yaml``, by name.

    :param metadata: the parsed content of the file.
    :raises InputError: naming every invalid definition.
    """
    rows = metadata.get(SECTION) or []
    if not isinstance(rows, list):
        raise InputError(f"{FILE_NAME}: {SECTION} should be a list.")
    defined: dict[str, Definition] = {}
    problems = []
    for number, row in enumerate(rows, 1):
        name = row.get("fieldName") if isinstance(row, dict) else None
        if not isinstance(name, str) or not name or not isinstance(row.get("type"), str):
            problems.append(f"entry {number} needs a fieldName and a type")
        elif name in defined:
            problems.append(f"{printable(name)} is defined twice")
        else:
            try:
                defined[name] = _definition(row)
            except converters.ConversionError as error:
                problems.append(f"{error} for {printable(name)}")
    if problems:
        raise InputError(f"{FILE_NAME}: {SECTION} is invalid: {'; '.join(problems)}.")
    return defined


def definitions_from_version(version: Mapping[str, Any]) -> dict[str, Definition]:
    """Return the definitions of a version, by name; invalid ones are left out.

    :param version: the version as DataRobot returns it.
    """
    defined = {}
    for row in parameter_rows(version):
        name, value_type, credential_type = row.get("fieldName"), row.get("type"), row.get("credentialType")
        if isinstance(name, str) and isinstance(value_type, str):
            defined[name] = Definition(
                type=value_type,
                required=row.get("allowEmpty") is False and is_empty(row.get("defaultValue")),
                minimum=_number_or_none(row.get("minValue")),
                maximum=_number_or_none(row.get("maxValue")),
                credential_type=credential_type if isinstance(credential_type, str) else None,
                is_set=not is_empty(row.get("overrideValue")),
            )
    return defined


def parameter_rows(version: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the runtime parameters of a version as DataRobot returns them."""
    rows = version.get("runtimeParameters")
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def is_empty(value: Any) -> bool:
    """Return whether a value is ``None`` or an empty string."""
    return value is None or (isinstance(value, str) and not value)


def printable(name: str) -> str:
    """Return a name for an error message: shortened, and escaped if it is not printable."""
    return name if name.isprintable() and len(name) <= _MAX_NAME_LENGTH else repr(name[:_MAX_NAME_LENGTH])


def _definition(row: Mapping[str, Any]) -> Definition:
    allow_empty = True
    if row.get("allowEmpty") is not None:
        parsed = _BOOLEANS.get(str(row["allowEmpty"]).lower())
        if parsed is None:
            raise converters.ConversionError("allowEmpty should be true or false")
        allow_empty = parsed
    is_number, credential_type = row["type"] == NUMERIC, row.get("credentialType")
    return Definition(
        type=row["type"],
        required=not allow_empty and is_empty(row.get("defaultValue")),
        minimum=_bound(row, "minValue") if is_number else None,
        maximum=_bound(row, "maxValue") if is_number else None,
        credential_type=credential_type if isinstance(credential_type, str) else None,
    )


def _bound(row: Mapping[str, Any], name: str) -> float | None:
    if is_empty(row.get(name)):
        return None
    try:
        return converters.number(row[name])
    except converters.ConversionError:
        raise converters.ConversionError(f"{name} should be a number") from None


def _number_or_none(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
