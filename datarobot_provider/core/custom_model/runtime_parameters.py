"""Values of the runtime parameters of a version, validated against their definitions before the upload.

An error lists all problems by parameter name. It contains no values, because a parameter of type ``string`` may be a
secret.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from datarobot_provider.core.arguments import converters
from datarobot_provider.core.custom_model import metadata_file as model_metadata
from datarobot_provider.core.custom_model.runtime_parameter_definitions import (
    NUMERIC,
    SECTION,
    Definition,
    definitions_from_metadata,
    definitions_from_version,
    is_empty,
    parameter_rows,
    printable,
)
from datarobot_provider.exceptions import ApiError, AuthenticationError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from datarobot_provider.client.client import DataRobotClient
    from datarobot_provider.client.files import ModelFile

ARGUMENT = "runtime_parameter_values"
CREDENTIAL = "credential"
_REFERENCES = (CREDENTIAL, "deployment", "model")
_ROW_KEYS = {"fieldName", "type", "value"}
_ID = re.compile(r"[0-9a-fA-F]{24}")
#: Integers below this value are exactly representable as a float.
_MAX_EXACT_INTEGER = 1 << 53


@dataclass(frozen=True)
class ParameterValue:
    """Value of a runtime parameter; ``type`` is ``None`` if the argument contains only the name and the value."""

    name: str
    type: str | None
    value: Any


class RuntimeParameters:
    """Values of the runtime parameters of a new version, and the definitions in its files.

    :param values: the rendered argument: a mapping of names to values, or the API's list of objects; ``None`` if not
        set.
    :param files: the files of the version.
    :raises InputError: if ``values`` is something else, or the metadata in the files is invalid.
    """

    def __init__(self, values: Any, files: Sequence[ModelFile]) -> None:
        metadata = model_metadata.find_metadata(files)
        self._values = _parse_argument(values)
        self._has_file = metadata is not None
        self._misnamed = any(file.name == model_metadata.MISNAMED for file in files)
        self._defined = definitions_from_metadata(metadata or {})

    def check(self) -> None:
        """Check the values for a version that inherits nothing from an earlier version.

        :raises InputError: naming every parameter that is unknown, missing, of the wrong type or out of range.
        """
        _raise_if_any(self._problems(self._defined, {}))

    @property
    def needs_latest_version(self) -> bool:
        """Whether :meth:`resolve` needs the latest version, if the new version inherits from it."""
        if self._defined:
            return bool(self._missing(self._defined, {}))
        return bool(self._values) and not self._has_file

    def resolve(self, latest: Mapping[str, Any], client: DataRobotClient) -> list[dict[str, Any]]:
        """Return the values in the form that the API expects, with the ids of credentials instead of their names.

        :param latest: the version that the new version inherits from; empty if there is none.
        :param client: lists the credentials (GET ``credentials/``) if one is given by name.
        :raises InputError: see :meth:`check`; also if a credential is not found or is ambiguous.
        """
        inherited = definitions_from_version(latest)
        defined = self._defined or ({} if self._has_file else inherited)
        _raise_if_any(self._problems(defined, inherited))
        values = []
        for parameter in self._values:
            value_type = defined[parameter.name].type if parameter.name in defined else str(parameter.type)
            value = _convert(parameter.value, value_type)
            values.append({"fieldName": parameter.name, "type": value_type, "value": value})
        return _with_credential_ids(values, client, defined)

    def _problems(self, defined: Mapping[str, Definition], inherited: Mapping[str, Definition]) -> list[str]:
        names = [parameter.name for parameter in self._values]
        found = [f"{printable(name)}: is set more than once" for name in dict.fromkeys(names) if names.count(name) > 1]
        for parameter in self._values:
            problem = self._problem(parameter, defined)
            found += [f"{printable(parameter.name)}: {problem}"] if problem else []
        missing = "needs a value: allowEmpty is false, and there is no defaultValue"
        return found + [f"{printable(name)}: {missing}" for name in self._missing(defined, inherited)]

    def _missing(self, defined: Mapping[str, Definition], inherited: Mapping[str, Definition]) -> list[str]:
        """Return the required parameters that have neither a value nor one inherited from the latest version."""
        values = {parameter.name: parameter.value for parameter in self._values}
        have_inherited_value = {
            name
            for name, earlier in inherited.items()
            if earlier.is_set and name in defined and defined[name].type == earlier.type
        }
        return [
            name
            for name, definition in defined.items()
            if definition.required and (is_empty(values[name]) if name in values else name not in have_inherited_value)
        ]

    def _problem(self, parameter: ParameterValue, defined: Mapping[str, Definition]) -> str | None:
        definition = defined.get(parameter.name)
        if definition is None and defined:
            return f"is not defined. Defined are: {', '.join(map(printable, defined))}"
        if definition is None and parameter.type is None:
            return self._undefined(parameter.name)
        definition = definition or Definition(str(parameter.type))
        if parameter.type not in (None, definition.type):
            return f"is defined as {definition.type}, but the value has the type {printable(str(parameter.type))}"
        try:
            value = _convert(parameter.value, definition.type)
        except converters.ConversionError as error:
            return f"should be {error}, but is {converters.type_name(parameter.value)}"
        return _range_problem(value, definition)

    def _undefined(self, name: str) -> str:
        reason = f"there is no {model_metadata.FILE_NAME}"
        if self._has_file:
            reason = f"{model_metadata.FILE_NAME} has no {SECTION}"
        elif self._misnamed:
            reason = f"{model_metadata.MISNAMED} should be named {model_metadata.FILE_NAME}"
        return (
            f"is not defined: {reason}. If the parameter is defined in DataRobot, add its type: "
            f'{ARGUMENT}=[{{"fieldName": "{printable(name)}", "type": "string", "value": …}}]'
        )


def has_values(version: Mapping[str, Any], sent: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether a version has the values that were sent; parameters that DataRobot does not return are ignored.

    :param version: a version as DataRobot returns it.
    :param sent: the values of the request, see :meth:`RuntimeParameters.resolve`.
    """
    values = {row.get("fieldName"): row.get("overrideValue") for row in parameter_rows(version)}
    return all(values[each["fieldName"]] == each["value"] for each in sent if each["fieldName"] in values)


def _raise_if_any(problems: list[str]) -> None:
    if problems:
        raise InputError(
            "\n  ".join([f"{ARGUMENT} does not match the definitions of the runtime parameters:", *problems])
        )


def _with_credential_ids(
    values: list[dict[str, Any]], client: DataRobotClient, defined: Mapping[str, Definition]
) -> list[dict[str, Any]]:
    """Replace the names of credentials by ids; the type in the definition selects one of several with the same name."""
    named = {
        each["fieldName"]: each["value"]
        for each in values
        if each["type"] == CREDENTIAL and each["value"] is not None and not _ID.fullmatch(each["value"])
    }
    if not named:
        return values
    credentials = _list_credentials(client)
    ids: dict[str, str] = {}
    problems = []
    for name, value in named.items():
        expected_type = _normalize(defined[name].credential_type if name in defined else None)
        found = [row for row in credentials if row.get("name") == value]
        found = [row for row in found if _normalize(row.get("credentialType")) == expected_type] or found
        if not found:
            problems.append(f"{printable(name)}: the user of the connection has no credential with this name")
        elif len(found) > 1:
            candidates = ", ".join(str(row.get("credentialId")) for row in found)
            problems.append(f"{printable(name)}: several credentials have this name. Use one of the ids {candidates}")
        ids[name] = str(found[0].get("credentialId")) if found else ""
    _raise_if_any(problems)
    return [{**each, "value": ids.get(each["fieldName"], each["value"])} for each in values]


def _normalize(credential_type: Any) -> str:
    """Return the type of a credential in one form for ``api_token`` of the API and ``apiToken`` of metadata files."""
    return str(credential_type).replace("_", "").lower()


def _list_credentials(client: DataRobotClient) -> list[dict[str, Any]]:
    try:
        return client.items("credentials/")
    except AuthenticationError:
        raise
    except ApiError as error:
        if error.retryable:
            raise
        raise InputError(
            f"{ARGUMENT} contains the name of a credential, but DataRobot refused to list the credentials "
            f"(HTTP {error.status}). Use the id of the credential instead."
        ) from None


def _parse_argument(values: Any) -> list[ParameterValue]:
    if values is None:
        return []
    parsed = converters.converted(ARGUMENT, values, converters.object_or_object_list)
    if isinstance(parsed, list):
        return _parse_rows(parsed)
    return [ParameterValue(str(name), None, value) for name, value in parsed.items()]


def _parse_rows(rows: list[dict[str, Any]]) -> list[ParameterValue]:
    for number, row in enumerate(rows):
        name, value_type = row.get("fieldName"), row.get("type")
        if not isinstance(name, str) or not name or "value" not in row or set(row) - _ROW_KEYS:
            raise InputError(f"{ARGUMENT}[{number}] should have the keys fieldName, type and value, and no others.")
        if value_type is not None and not isinstance(value_type, str):
            raise InputError(f"{ARGUMENT}[{number}]: the type of {printable(name)} should be a string.")
    return [ParameterValue(row["fieldName"], row.get("type"), row["value"]) for row in rows]


def _convert(value: Any, value_type: str) -> Any:
    """Convert a value to the type of its parameter; ``None`` removes the value of an earlier version."""
    if value is None:
        return None
    if value_type == "string":
        return _string(value)
    if value_type == "boolean":
        return converters.boolean(value)
    if value_type == NUMERIC:
        return _numeric(value)
    if isinstance(value, bool | int | float) and value_type not in _REFERENCES:
        return value if isinstance(value, bool) else _numeric(value)
    return _reference(value, value_type)


def _string(value: Any) -> str:
    if not isinstance(value, str | UUID | date):
        raise converters.ConversionError("a string")
    return value if isinstance(value, str) else str(value)


def _numeric(value: Any) -> int | float:
    number = converters.number(value)
    return int(number) if number.is_integer() and abs(number) < _MAX_EXACT_INTEGER else number


def _reference(value: Any, value_type: str) -> str:
    """Convert to an id or a name; native rendering may have converted an id of digits to an integer."""
    is_number = isinstance(value, int) and not isinstance(value, bool) and _ID.fullmatch(str(value))
    text = str(value).strip() if isinstance(value, str | UUID) or is_number else ""
    if not text:
        accepted = "id or the name" if value_type == CREDENTIAL else "id"
        raise converters.ConversionError(f"the {accepted} of a {printable(value_type)}")
    return text


def _range_problem(value: Any, definition: Definition) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if definition.minimum is not None and value < definition.minimum:
        return f"should be at least {definition.minimum:g}"
    if definition.maximum is not None and value > definition.maximum:
        return f"should be at most {definition.maximum:g}"
    return None
