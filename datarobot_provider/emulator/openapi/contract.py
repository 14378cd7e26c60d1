"""The published contract: its operations, and validation of requests and responses against its schemas.

The package data contain two OpenAPI 3.1 documents. ``contract.json`` was created from the reference pages.
``additional_routes.json`` describes further routes that clients call. Requests are validated with the amendments in
`deviations.REQUEST`, responses with those in `deviations.RESPONSE`. Fields that are neither in the documents nor in the
amendments are rejected.
"""

from __future__ import annotations

import copy
import json
import re
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from http import HTTPStatus
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker

from datarobot_provider.emulator.common.errors import FieldProblem
from datarobot_provider.emulator.openapi import deviations

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

API = "/api/v2"
JSON_TYPE = "application/json"
FORM_TYPE = "multipart/form-data"
CSV_TYPE = "text/csv"

_DOCUMENTS = ("contract.json", "additional_routes.json")
_FORMATS = FormatChecker(formats=())
_KINDS = {"required": "missing", "type": "type_error", "enum": "enum", "additionalProperties": "extra_forbidden"}


@_FORMATS.checks("uri")
def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme and urlsplit(value).netloc)


@_FORMATS.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@_FORMATS.checks("uuid4", raises=ValueError)
def _is_uuid4(value: object) -> bool:
    return not isinstance(value, str) or uuid.UUID(value).version is not None


@dataclass(frozen=True)
class Operation:
    """An operation of the contract.

    :param method: the HTTP method.
    :param path: the path template below the API root.
    :param spec: the operation object of the OpenAPI document.
    """

    method: str
    path: str
    spec: Mapping[str, Any]

    def parameters(self, where: str) -> list[dict[str, Any]]:
        """Return the declared parameters.

        :param where: ``query`` or ``path``.
        """
        return [p for p in self.spec.get("parameters", ()) if p["in"] == where]

    def body_schema(self, media: str) -> str | None:
        """Return the name of the schema of the request body, or None.

        :param media: the media type of the body.
        """
        content = self.spec.get("requestBody", {}).get("content", {})
        return _ref_name(content[media]["schema"]) if media in content else None

    @property
    def contains_rows(self) -> bool:
        """Whether the body contains rows, as CSV or JSON, instead of the fields of an object."""
        return CSV_TYPE in self.spec.get("requestBody", {}).get("content", {})

    def has_response(self, status: int) -> bool:
        """Return whether the contract lists a response with a status."""
        return str(status) in self.spec["responses"]


class Contract:
    """The operations of both documents and their validators."""

    def __init__(self) -> None:
        self.operations: dict[tuple[str, str], Operation] = {}
        components: dict[str, Any] = {}
        for name in _DOCUMENTS:
            text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
            for path, methods in json.loads(text)["paths"].items():
                for method, spec in methods.items():
                    key = (method.upper(), path.removeprefix(API))
                    self.operations[key] = Operation(*key, spec)
            components |= json.loads(text.replace("#/components/schemas/", "#/$defs/"))["components"]["schemas"]
        self._request_defs = _amended(components, deviations.REQUEST)
        for schema in self._request_defs.values():
            _forbid_empty_strings(schema)
        self._response_defs = _amended(components, deviations.RESPONSE)
        self._request_validator = cache(lambda name: _validator(_reference(name), self._request_defs))
        self._response_validator = cache(lambda name: _validator(_reference(name), self._response_defs))
        self._parameter_validator = cache(lambda schema: _validator(json.loads(schema), self._request_defs))

    @staticmethod
    @cache
    def load() -> Contract:
        """Return the contract, which is read once per process."""
        return Contract()

    def body_problems(self, schema: str, body: object) -> list[FieldProblem]:
        """Return the problems of a request body.

        :param schema: the name of the schema.
        :param body: the decoded body.
        """
        return list(_problems(self._request_validator(schema), body))

    def parameter_problems(
        self, schema: Mapping[str, Any], value: object, location: tuple[str, str]
    ) -> list[FieldProblem]:
        """Return the problems of a decoded query parameter."""
        named = _reference(_ref_name(schema)) if "$ref" in schema else {}
        return [
            FieldProblem(location, _describe(e), _KINDS.get(str(e.validator), "value_error"))
            for e in self._parameter_validator(json.dumps({**schema, **named})).iter_errors(value)
        ]

    def form_fields(self, schema: str) -> Mapping[str, Any]:
        """Return the fields of a form, including amendments: name -> schema."""
        fields: Mapping[str, Any] = self._request_defs[schema]["properties"]
        return fields

    def response_violations(
        self, operation: Operation, status: int, body: object, media: str, allowed: Collection[str] = ()
    ) -> list[str]:
        """Return the violations of the contract by a response, apart from the intended deviations.

        :param operation: the operation.
        :param status: the status of the response.
        :param body: the decoded body.
        :param media: the media type of the body.
        :param allowed: values that the control API injected although an enumeration does not contain them.
        """
        listed, schema = self._response_schema(operation, status)
        if not listed:
            return [f"status {status} is not listed"] if status < HTTPStatus.BAD_REQUEST else []
        if schema is None:
            return []
        if media != JSON_TYPE:
            return [f"content type {media or 'none'} instead of {JSON_TYPE}"]
        return [
            f"{'/'.join(map(str, problem.location[1:])) or 'body'}: {problem.text}"
            for problem in _problems(self._response_validator(schema), body, allowed)
        ]

    def _response_schema(self, operation: Operation, status: int) -> tuple[bool, str | None]:
        for extra in deviations.EXTRA_RESPONSES:
            if (extra.method, extra.path, extra.status) == (operation.method, operation.path, status):
                return True, extra.schema
        if not operation.has_response(status):
            return False, None
        content = operation.spec["responses"][str(status)].get("content", {})
        return True, _ref_name(content[JSON_TYPE]["schema"]) if JSON_TYPE in content else None


def _validator(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**schema, "$defs": defs}, format_checker=_FORMATS)


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def _ref_name(schema: Mapping[str, Any]) -> str:
    return str(schema["$ref"]).rsplit("/", 1)[-1]


def _amended(components: Mapping[str, Any], amendments: Sequence[deviations.Amendment]) -> dict[str, Any]:
    defs: dict[str, Any] = copy.deepcopy(dict(components))
    for amendment in amendments:
        schema = defs[amendment.schema]
        if amendment.spec is not None:
            schema["properties"][amendment.field] = dict(amendment.spec)
        if amendment.optional:
            schema["required"] = [name for name in schema["required"] if name != amendment.field]
    for schema in defs.values():
        _forbid_additional_properties(schema)
    return defs


def _forbid_additional_properties(schema: object) -> None:
    if isinstance(schema, list):
        for item in schema:
            _forbid_additional_properties(item)
    elif isinstance(schema, dict):
        for item in schema.values():
            _forbid_additional_properties(item)
        if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
            schema["additionalProperties"] = False


def _forbid_empty_strings(schema: Mapping[str, Any]) -> None:
    for name, spec in schema.get("properties", {}).items():
        if not isinstance(spec, dict) or name in deviations.MAY_BE_EMPTY:
            continue
        if "string" in (spec["type"] if isinstance(spec.get("type"), list) else [spec.get("type")]):
            spec.setdefault("minLength", 1)


def _problems(
    validator: Draft202012Validator, instance: object, allowed: Collection[str] = ()
) -> Iterator[FieldProblem]:
    seen = set()
    for error in validator.iter_errors(instance):
        if _is_injected(error, allowed):
            continue
        for name in _affected_keys(error):
            location = ("body", *error.absolute_path, *name)
            if location not in seen:
                seen.add(location)
                yield FieldProblem(location, _describe(error), _KINDS.get(str(error.validator), "value_error"))


def _is_injected(error: ValidationError, allowed: Collection[str]) -> bool:
    """Return whether an injected value causes the error, directly or inside a choice of schemas."""
    if error.validator == "enum":
        return error.instance in allowed
    return bool(error.context) and any(_is_injected(inner, allowed) for inner in error.context or ())


def _affected_keys(error: ValidationError) -> list[tuple[str, ...]]:
    """Return the paths of the affected keys, relative to the location of the error."""
    if not isinstance(error.instance, dict):
        return [()]
    if error.validator == "required":
        required: list[str] = error.schema["required"] if isinstance(error.schema, Mapping) else []
        return [(key,) for key in required if key not in error.instance]
    if error.validator == "additionalProperties" and isinstance(error.schema, Mapping):
        return [(key,) for key in error.instance if key not in error.schema["properties"]]
    return [()]


def _describe(error: ValidationError) -> str:
    """Describe a schema error without the value, which may be a secret."""
    limit = error.validator_value
    texts = {
        "required": "this field is required",
        "additionalProperties": "is not an allowed key",
        "type": f"expected {_joined(limit)}",
        "enum": f"must be one of: {_joined(limit)}",
        "minLength": "must not be empty" if limit == 1 else f"must have at least {limit} characters",
        "maxLength": f"must have at most {limit} characters",
        "minimum": f"must be at least {limit}",
        "maximum": f"must be at most {limit}",
        "exclusiveMinimum": f"must be greater than {limit}",
        "minItems": f"must have at least {limit} items",
        "maxItems": f"must have at most {limit} items",
        "format": f"is not a valid {limit}",
    }
    return texts.get(str(error.validator), "has none of the accepted forms")


def _joined(limit: object) -> str:
    items = limit if isinstance(limit, list) else [limit]
    return ", ".join("null" if item is None else re.sub(r"[^ -~]", "?", str(item)) for item in items)
