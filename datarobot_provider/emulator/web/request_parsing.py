"""Parser of requests that validates them against the contract: query, content type, JSON body, multipart form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from datarobot_provider.emulator.common import strict_json
from datarobot_provider.emulator.common.errors import INVALID, ApiError, FieldProblem, invalid
from datarobot_provider.emulator.openapi.contract import FORM_TYPE, JSON_TYPE, Contract, Operation
from datarobot_provider.emulator.openapi.deviations import BOOLEAN_STRINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

_REPEATABLE = frozenset({"file", "filePath", "filesToDelete", "categories"})
_MAX_PARTS = 20_000
# Fits into 64 bits. Python refuses to parse numbers of thousands of digits.
_INTEGER = re.compile(r"-?[0-9]{1,18}")


def query_parameters(request: Request) -> list[tuple[str, str]]:
    """Return the query parameters of a request in their order. Parameters with an empty value are ignored."""
    return [(name, value) for name, value in request.query_params.multi_items() if value]


def read_query(request: Request, operation: Operation, contract: Contract) -> dict[str, Any]:
    """Return the declared query parameters of a request, decoded, with the defaults of the contract.

    Undeclared parameters are ignored, because clients send some.

    :raises ApiError: if a parameter is missing or invalid: 400 if the operation documents it, else 422.
    """
    values: dict[str, Any] = {}
    problems: list[FieldProblem] = []
    arguments = dict(query_parameters(request))
    for parameter in operation.parameters("query"):
        name, schema = parameter["name"], parameter["schema"]
        text = arguments.get(name)
        if text is None:
            if "default" in schema:
                values[name] = schema["default"]
            elif parameter.get("required"):
                problems.append(FieldProblem(("query", name), "this field is required", "missing"))
            continue
        values[name] = _decoded(text, schema)
        problems += contract.parameter_problems(_with_minimum(name, schema), values[name], ("query", name))
    if problems:
        raise ApiError(400 if operation.has_response(400) else 422, INVALID, problems)
    return values


def media_type(request: Request) -> str:
    """Return the media type of the body of a request, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_body(
    request: Request, operation: Operation, contract: Contract
) -> tuple[dict[str, Any], list[UploadFile]]:
    """Return the body of a request as an object, and its uploaded files.

    :raises ApiError: with status 422 if the content type, the syntax or a field violates the contract.
    """
    if request.method == "GET" or operation.contains_rows:
        return {}, []
    media = media_type(request)
    form_schema, json_schema = operation.body_schema(FORM_TYPE), operation.body_schema(JSON_TYPE)
    if form_schema and media == FORM_TYPE:
        return await _read_form(request, form_schema, contract)
    if form_schema and not json_schema and request.method == "POST":
        raise _wrong_type(FORM_TYPE)
    raw = await request.body()
    required = json_schema or form_schema
    if not raw:
        _raise_if_any(contract.body_problems(required, {}) if required else [])
        return {}, []
    if media != JSON_TYPE:
        raise _wrong_type(JSON_TYPE)
    body = _parse_json(raw)
    if required:
        _raise_if_any(contract.body_problems(required, body))
    elif body:
        raise ApiError(
            422, INVALID, [FieldProblem(("body", k), "is not an allowed key", "extra_forbidden") for k in body]
        )
    return body, []


def _parse_json(raw: bytes) -> dict[str, Any]:
    try:
        body = strict_json.loads(raw)
    except strict_json.JsonError as error:
        raise ApiError(422, f"The request body is not valid JSON: {error}.") from None
    if not isinstance(body, dict):
        raise ApiError(422, "The request body is not a JSON object.")
    return body


async def _read_form(request: Request, schema: str, contract: Contract) -> tuple[dict[str, Any], list[UploadFile]]:
    try:
        parser = _CompleteFormParser(request.headers, request.stream(), max_files=_MAX_PARTS, max_fields=_MAX_PARTS)
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError):
        raise ApiError(422, "The request body is not a valid multipart form.") from None
    if not parser.ended:
        raise ApiError(422, "The multipart form ends before its last boundary.")
    fields = contract.form_fields(schema)
    body, files = _collect_fields(form, fields)
    _raise_if_any(contract.body_problems(schema, body))
    return body, files


class _CompleteFormParser(MultiPartParser):
    """A form parser that records whether the final boundary arrived. Without it, a part may be missing."""

    ended = False

    def on_end(self) -> None:
        """Record that the final boundary arrived."""
        self.ended = True


def _collect_fields(form: FormData, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[UploadFile]]:
    body: dict[str, Any] = {}
    files: list[UploadFile] = []
    for name, value in form.multi_items():
        _check_string(name, value)
        if isinstance(value, UploadFile):
            if fields.get(name, {}).get("format") != "binary":
                raise invalid(name, "is not a file field")
            files.append(value)
            if name != "file":
                body[name] = value.filename or name
        elif name in _REPEATABLE:
            body.setdefault(name, []).append(value)
        elif name in body:
            raise invalid(name, "is given more than once")
        else:
            body[name] = _decoded(value, fields.get(name, {}))
    if "file" in body:
        raise invalid("file", "has to be sent as a file")
    return body, files


def _check_string(name: str, value: str | UploadFile) -> None:
    """Reject strings that cannot be encoded. A form can contain them if it declares an unusual encoding."""
    try:
        for text in (name, (value.filename or "") if isinstance(value, UploadFile) else value):
            strict_json.check_string(text)
    except strict_json.JsonError:
        raise ApiError(422, "The request body has a form field that is no valid text.") from None


def _decoded(text: str, schema: Mapping[str, Any]) -> Any:
    """Convert a parameter or form value to the type of its schema. Return it unchanged if that is not possible."""
    types = schema.get("type", [])
    types = types if isinstance(types, list) else [types]
    if "$ref" in schema:
        try:
            return strict_json.loads(text)
        except strict_json.JsonError:
            return text
    if "integer" in types and _INTEGER.fullmatch(text):
        return int(text)
    if "boolean" in types and text in BOOLEAN_STRINGS:
        return text.lower() == "true"
    if "null" in types and text in {"", "null", "None"}:
        return None
    return text


def _with_minimum(name: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if name in {"offset", "limit"}:
        return {"minimum": 0, **schema}
    return {"minLength": 1, **schema}


def _raise_if_any(problems: list[FieldProblem]) -> None:
    if problems:
        raise ApiError(422, INVALID, problems)


def _wrong_type(required: str) -> ApiError:
    return ApiError(422, f"The content type has to be {required}.")
