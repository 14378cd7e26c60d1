"""Reads a request and holds it against the contract: parameters, content type, JSON body or multipart form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from datarobot_provider.emulator.openapi.contract import FORM_TYPE, JSON_TYPE, Contract, Operation
from datarobot_provider.emulator.openapi.deviations import BOOLEAN_WORDS
from datarobot_provider.emulator.web import strict_json as strictjson
from datarobot_provider.emulator.web.errors import INVALID, ApiError, FieldProblem, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

_REPEATABLE = frozenset({"file", "filePath", "filesToDelete"})
_MAX_PARTS = 20_000
# What fits into 64 bits for certain; Python refuses to read thousands of digits.
_INTEGER = re.compile(r"-?[0-9]{1,18}")


def given(request: Request) -> list[tuple[str, str]]:
    """Return the query parameters of a request in their order. One with an empty value counts as not given."""
    return [(name, value) for name, value in request.query_params.multi_items() if value]


def read_query(request: Request, operation: Operation, contract: Contract) -> dict[str, Any]:
    """Return the declared query parameters of a request, decoded, with the contract's defaults.

    Undeclared parameters are let through, as real clients send some. Raises the 400 that the operation lists, or 422.
    """
    values: dict[str, Any] = {}
    problems: list[FieldProblem] = []
    arguments = dict(given(request))
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
        problems += contract.parameter_problems(_bounded(name, schema), values[name], ("query", name))
    if problems:
        raise ApiError(400 if operation.lists(400) else 422, INVALID, problems)
    return values


async def read_body(
    request: Request, operation: Operation, contract: Contract
) -> tuple[dict[str, Any], list[UploadFile]]:
    """Return the body of a request as an object, and its uploaded files.

    Raises 422 if the content type, the syntax or a field departs from the contract.
    """
    if request.method == "GET":
        return {}, []
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    form_schema, json_schema = operation.body_schema(FORM_TYPE), operation.body_schema(JSON_TYPE)
    if form_schema and media == FORM_TYPE:
        return await _read_form(request, form_schema, contract)
    if form_schema and request.method == "POST":
        raise _wrong_type(FORM_TYPE)
    raw = await request.body()
    required = json_schema or form_schema
    if not raw:
        _raise_if_any(contract.body_problems(required, {}) if required else [])
        return {}, []
    if media != JSON_TYPE:
        raise _wrong_type(JSON_TYPE)
    body = _parsed(raw)
    if required:
        _raise_if_any(contract.body_problems(required, body))
    elif body:
        raise ApiError(
            422, INVALID, [FieldProblem(("body", k), "is not an allowed key", "extra_forbidden") for k in body]
        )
    return body, []


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        body = strictjson.loads(raw)
    except strictjson.JsonError as error:
        raise ApiError(422, f"The request body is not valid JSON: {error}.") from None
    if not isinstance(body, dict):
        raise ApiError(422, "The request body is not a JSON object.")
    return body


async def _read_form(request: Request, schema: str, contract: Contract) -> tuple[dict[str, Any], list[UploadFile]]:
    try:
        parser = _WholeForm(request.headers, request.stream(), max_files=_MAX_PARTS, max_fields=_MAX_PARTS)
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError):
        raise ApiError(422, "The request body is not a valid multipart form.") from None
    if not parser.ended:
        raise ApiError(422, "The multipart form ends before its last boundary.")
    fields = contract.form_fields(schema)
    body, files = _gathered(form, fields)
    _raise_if_any(contract.body_problems(schema, body))
    return body, files


class _WholeForm(MultiPartParser):
    """A reader of forms that knows whether the last boundary came: without it, a part may be missing."""

    ended = False

    def on_end(self) -> None:
        """Note that the last boundary came."""
        self.ended = True


def _gathered(form: FormData, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[UploadFile]]:
    body: dict[str, Any] = {}
    files: list[UploadFile] = []
    for name, value in form.multi_items():
        _check_text(name, value)
        if isinstance(value, UploadFile):
            if name != "file":
                raise invalid(name, "is not a file field")
            files.append(value)
        elif name in _REPEATABLE:
            body.setdefault(name, []).append(value)
        elif name in body:
            raise invalid(name, "is given more than once")
        else:
            body[name] = _decoded(value, fields.get(name, {}))
    if "file" in body:
        raise invalid("file", "has to be sent as a file")
    return body, files


def _check_text(name: str, value: str | UploadFile) -> None:
    """Refuse what only a form that names a strange encoding can hold."""
    try:
        for text in (name, (value.filename or "") if isinstance(value, UploadFile) else value):
            strictjson.check_text(text)
    except strictjson.JsonError:
        raise ApiError(422, "The request body has a form field that is no valid text.") from None


def _decoded(text: str, schema: Mapping[str, Any]) -> Any:
    """Return a parameter or form text as the type its schema asks for, or unchanged if it cannot be that."""
    types = schema.get("type", [])
    types = types if isinstance(types, list) else [types]
    if "$ref" in schema:
        try:
            return strictjson.loads(text)
        except strictjson.JsonError:
            return text
    if "integer" in types and _INTEGER.fullmatch(text):
        return int(text)
    if "boolean" in types and text in BOOLEAN_WORDS:
        return text.lower() == "true"
    if "null" in types and text in {"", "null", "None"}:
        return None
    return text


def _bounded(name: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if name in {"offset", "limit"}:
        return {"minimum": 0, **schema}
    return {"minLength": 1, **schema}


def _raise_if_any(problems: list[FieldProblem]) -> None:
    if problems:
        raise ApiError(422, INVALID, problems)


def _wrong_type(wanted: str) -> ApiError:
    return ApiError(422, f"The content type has to be {wanted}.")
