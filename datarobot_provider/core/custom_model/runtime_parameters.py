"""The values of a version's runtime parameters, held against their definitions before anything is uploaded.

All that is wrong is reported at once, each by the name of its parameter. No error shows a value: a parameter of type
string may hold a secret.
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
    is_empty,
    of_metadata,
    of_version,
    rows_of,
    shown,
)
from datarobot_provider.exceptions import ApiError, AuthenticationError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from datarobot_provider.client.client import DataRobotClient
    from datarobot_provider.client.files import ModelFile

ARGUMENT = "runtime_parameter_values"
CREDENTIAL = "credential"
_REFERENCES = (CREDENTIAL, "deployment", "model")
_KEYS = {"fieldName", "type", "value"}
_ID = re.compile(r"[0-9a-fA-F]{24}")
#: Whole numbers up to here are exact as floats.
_EXACT = 1 << 53


@dataclass(frozen=True)
class Given:
    """A value to set; ``type`` is ``None`` where only its name and value were given."""

    name: str
    type: str | None
    value: Any


class RuntimeParameters:
    """The values for a new version, and what its files say about them.

    :param values: the rendered argument: a mapping of names to values, or the API's list of objects; ``None`` for none.
    :param files: the files of the version.
    :raises InputError: if ``values`` has another form, or the metadata among the files is broken.
    """

    def __init__(self, values: Any, files: Sequence[ModelFile]) -> None:
        metadata = model_metadata.among(files)
        self._given = _given(values)
        self._has_file = metadata is not None
        self._misnamed = any(file.name == model_metadata.MISNAMED for file in files)
        self._defined = of_metadata(metadata or {})

    def check(self) -> None:
        """Check the values of a version that has these files alone.

        :raises InputError: naming every parameter that is unknown, missing, of the wrong type or out of its bounds.
        """
        _raise_if_any(self._problems(self._defined, {}))

    @property
    def need_latest(self) -> bool:
        """Whether the latest version has to be known, for a version that starts from it."""
        if self._defined:
            return bool(self._missing(self._defined, {}))
        return bool(self._given) and not self._has_file

    def resolved(self, latest: Mapping[str, Any], client: DataRobotClient) -> list[dict[str, Any]]:
        """Return the values as the API takes them, credentials by their ids.

        :param latest: the version that this one starts from; empty if there is none.
        :param client: asks for the credentials, GET ``credentials/``, if one is given by its name.
        :raises InputError: as :meth:`check`, and for a credential that is not found or ambiguous.
        """
        before = of_version(latest)
        defined = self._defined or ({} if self._has_file else before)
        _raise_if_any(self._problems(defined, before))
        values = []
        for given in self._given:
            kind = defined[given.name].type if given.name in defined else str(given.type)
            values.append({"fieldName": given.name, "type": kind, "value": _converted(given.value, kind)})
        return _with_credential_ids(values, client, defined)

    def _problems(self, defined: Mapping[str, Definition], before: Mapping[str, Definition]) -> list[str]:
        names = [given.name for given in self._given]
        found = [f"{shown(name)}: is given more than once" for name in dict.fromkeys(names) if names.count(name) > 1]
        for given in self._given:
            text = self._problem(given, defined)
            found += [f"{shown(given.name)}: {text}"] if text else []
        needs = "needs a value: allowEmpty is false, and there is no defaultValue"
        return found + [f"{shown(name)}: {needs}" for name in self._missing(defined, before)]

    def _missing(self, defined: Mapping[str, Definition], before: Mapping[str, Definition]) -> list[str]:
        """Return the parameters that must have a value and would have none; a version before may have set one."""
        values = {given.name: given.value for given in self._given}
        inherited = {
            name for name, one in before.items() if one.is_set and name in defined and defined[name].type == one.type
        }
        return [
            name
            for name, definition in defined.items()
            if definition.needed and (is_empty(values[name]) if name in values else name not in inherited)
        ]

    def _problem(self, given: Given, defined: Mapping[str, Definition]) -> str | None:
        definition = defined.get(given.name)
        if definition is None and defined:
            return f"is not defined; there are {', '.join(map(shown, defined))}"
        if definition is None and given.type is None:
            return self._undefined(given.name)
        definition = definition or Definition(str(given.type))
        if given.type not in (None, definition.type):
            return f"is defined as {definition.type}, but given as {shown(str(given.type))}"
        try:
            value = _converted(given.value, definition.type)
        except converters.MismatchError as error:
            return f"should be {error}, but is a {type(given.value).__name__}"
        return _out_of_bounds(value, definition)

    def _undefined(self, name: str) -> str:
        reason = f"there is no {model_metadata.FILE_NAME}"
        if self._has_file:
            reason = f"{model_metadata.FILE_NAME} has no {SECTION}"
        elif self._misnamed:
            reason = f"DataRobot reads {model_metadata.FILE_NAME}, not {model_metadata.MISNAMED}"
        return (
            f"is not defined: {reason}. If DataRobot knows it from elsewhere, give the type too: "
            f'{ARGUMENT}=[{{"fieldName": "{shown(name)}", "type": "string", "value": …}}]'
        )


def agrees(version: Mapping[str, Any], sent: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether a version has the values that were sent, as far as DataRobot shows them.

    :param version: a version as DataRobot returns it.
    :param sent: the values as they were sent.
    """
    values = {row.get("fieldName"): row.get("overrideValue") for row in rows_of(version)}
    return all(values[each["fieldName"]] == each["value"] for each in sent if each["fieldName"] in values)


def _raise_if_any(problems: list[str]) -> None:
    if problems:
        raise InputError("\n  ".join([f"The runtime parameters do not fit ({ARGUMENT}):", *problems]))


def _with_credential_ids(
    values: list[dict[str, Any]], client: DataRobotClient, defined: Mapping[str, Definition]
) -> list[dict[str, Any]]:
    """Replace the names of credentials by ids. Among several of one name, the type in the definition decides."""
    named = {
        each["fieldName"]: each["value"]
        for each in values
        if each["type"] == CREDENTIAL and each["value"] is not None and not _ID.fullmatch(each["value"])
    }
    if not named:
        return values
    known = _credentials(client)
    ids: dict[str, str] = {}
    problems = []
    for name, value in named.items():
        wanted = _plain(defined[name].credential_type if name in defined else None)
        found = [row for row in known if row.get("name") == value]
        found = [row for row in found if _plain(row.get("credentialType")) == wanted] or found
        if not found:
            problems.append(f"{shown(name)}: the connection's user has no credential of this name")
        elif len(found) > 1:
            several = ", ".join(str(row.get("credentialId")) for row in found)
            problems.append(f"{shown(name)}: several credentials have this name; give one of the ids {several}")
        ids[name] = str(found[0].get("credentialId")) if found else ""
    _raise_if_any(problems)
    return [{**each, "value": ids.get(each["fieldName"], each["value"])} for each in values]


def _plain(credential_type: Any) -> str:
    """Return a type of credential in the spelling that ``api_token`` of the API and ``apiToken`` of files share."""
    return str(credential_type).replace("_", "").lower()


def _credentials(client: DataRobotClient) -> list[dict[str, Any]]:
    try:
        return client.items("credentials/")
    except AuthenticationError:
        raise
    except ApiError as error:
        if error.can_heal:
            raise
        raise InputError(
            f"{ARGUMENT} names a credential, but DataRobot does not list the credentials (HTTP {error.status}). Give "
            "its id instead."
        ) from None


def _given(values: Any) -> list[Given]:
    if values is None:
        return []
    found = converters.converted(ARGUMENT, values, converters.object_or_object_list)
    if isinstance(found, list):
        return _listed(found)
    return [Given(str(name), None, value) for name, value in found.items()]


def _listed(rows: list[dict[str, Any]]) -> list[Given]:
    for number, row in enumerate(rows):
        name, kind = row.get("fieldName"), row.get("type")
        if not isinstance(name, str) or not name or "value" not in row or set(row) - _KEYS:
            raise InputError(f"{ARGUMENT}[{number}] should have fieldName, type and value, and nothing else.")
        if kind is not None and not isinstance(kind, str):
            raise InputError(f"{ARGUMENT}[{number}]: the type of {shown(name)} should be a string.")
    return [Given(row["fieldName"], row.get("type"), row["value"]) for row in rows]


def _converted(value: Any, kind: str) -> Any:
    """Return a value as a parameter of this type takes it; ``None`` takes back what a version before has set."""
    if value is None:
        return None
    if kind == "string":
        return _string(value)
    if kind == "boolean":
        return converters.boolean(value)
    if kind == NUMERIC:
        return _numeric(value)
    if isinstance(value, bool | int | float) and kind not in _REFERENCES:
        return value if isinstance(value, bool) else _numeric(value)
    return _reference(value, kind)


def _string(value: Any) -> str:
    if not isinstance(value, str | UUID | date):
        raise converters.MismatchError("a string")
    return value if isinstance(value, str) else str(value)


def _numeric(value: Any) -> int | float:
    number = converters.number(value)
    return int(number) if number.is_integer() and abs(number) < _EXACT else number


def _reference(value: Any, kind: str) -> str:
    """Take an id; one of digits alone may have become a number in a native template, without loss."""
    is_number = isinstance(value, int) and not isinstance(value, bool) and _ID.fullmatch(str(value))
    text = str(value).strip() if isinstance(value, str | UUID) or is_number else ""
    if not text:
        raise converters.MismatchError(f"the {'id or the name' if kind == CREDENTIAL else 'id'} of a {shown(kind)}")
    return text


def _out_of_bounds(value: Any, definition: Definition) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if definition.minimum is not None and value < definition.minimum:
        return f"should be at least {definition.minimum:g}"
    if definition.maximum is not None and value > definition.maximum:
        return f"should be at most {definition.maximum:g}"
    return None
