"""Validates requests against the published contract, independently of the emulator and its tolerances."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from jsonschema import Draft202012Validator

from tests.contract.guard_additions import extend_contract
from tests.unit.client.forms import parse_form

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.support.proxy import Received

ROOT = Path(__file__).parents[3]
DOCUMENT = extend_contract(
    json.loads((ROOT / "datarobot_provider/emulator/openapi/contract.json").read_text(encoding="utf-8"))
)
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
FORM, JSON, CSV = "multipart/form-data", "application/json", "text/csv"
#: The status route of GenAI jobs, which the published pages only mention in a ``Location``.
UNPUBLISHED = {("GET", "/api/v2/genai/status/{statusId}/"): ("GET", "/api/v2/status/{statusId}/")}
#: Fields that DataRobot's own clients send, and that the published pages do not contain.
UNPUBLISHED_FIELDS = {
    name: {"runtimeParameterValues": {"type": "string"}}
    for name in ("CustomModelVersionCreate", "CustomModelVersionCreateFromLatest")
}
_JSON_IN_FORMS = {
    "requiredMetadata", "requiredMetadataValues", "trainingData", "holdoutData", "runtimeParameterValues",
}  # fmt: skip
_LISTS_IN_FORMS = {"file", "filePath", "filesToDelete", "categories", "docker_context"}


@dataclass(frozen=True)
class Operation:
    """An operation of the contract."""

    method: str
    path: str
    spec: dict[str, Any] = field(hash=False)

    def parameters(self, where: str) -> dict[str, dict[str, Any]]:
        return {p["name"]: p for p in self.spec.get("parameters", ()) if p["in"] == where}

    def body_schema(self, sent: str | None = None) -> dict[str, Any] | None:
        """Return the schema of the body, with all references resolved and without additional properties.

        :param sent: the media type of a request; default: the first one of the operation.
        """
        content = self.spec.get("requestBody", {}).get("content", {})
        if not content:
            return None
        media = sent if sent in content else next(iter(content))
        schema: dict[str, Any] = resolved(content[media]["schema"])
        name = content[media]["schema"].get("$ref", "").rsplit("/", 1)[-1]
        schema.get("properties", {}).update(UNPUBLISHED_FIELDS.get(name, {}))
        return schema

    def media(self) -> list[str]:
        return list(self.spec.get("requestBody", {}).get("content", {}))


def resolved(schema: Any) -> Any:
    """Return a schema with all references resolved and without additional properties."""
    if isinstance(schema, list):
        return [resolved(item) for item in schema]
    if not isinstance(schema, dict):
        return copy.deepcopy(schema)
    if "$ref" in schema:
        return resolved(SCHEMAS[schema["$ref"].rsplit("/", 1)[-1]])
    result = {key: resolved(value) for key, value in schema.items()}
    if isinstance(result.get("properties"), dict) and result.get("type") == "object":
        result["additionalProperties"] = False
    return result


def operation(method: str, path: str) -> Operation:
    """Return the operation of this method and path template."""
    return Operation(method.upper(), path, DOCUMENT["paths"][path][method.lower()])


def operation_of(exchange: Received) -> Operation:
    """Return the operation of a request: of all that match, the one with the fewest placeholders."""
    templates = [*DOCUMENT["paths"], *(path for _, path in UNPUBLISHED)]
    matching = [
        path for path in templates if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)), exchange.path)
    ]
    for path in sorted(matching, key=lambda path: path.count("{")):
        method, known = UNPUBLISHED.get((exchange.method, path), (exchange.method, path))
        if method.lower() in DOCUMENT["paths"].get(known, {}):
            return operation(method, known)
    raise AssertionError(f"the contract has no {exchange.method} {exchange.path}")


def problems(exchange: Received) -> list[str]:
    """Return the differences between a request and the contract."""
    expected = operation_of(exchange)
    return [*_query_problems(exchange, expected), *_body_problems(exchange, expected)]


def all_problems(exchanges: Iterable[Received]) -> list[str]:
    """Return the differences between requests and the contract, with method and target."""
    return [f"{e.method} {e.target}: {problem}" for e in exchanges for problem in problems(e)]


def decoded_form(exchange: Received, schema: dict[str, Any]) -> dict[str, Any]:
    """Return a form as the object that the contract describes."""
    body: dict[str, Any] = {}
    for part in parse_form(exchange.headers["content-type"], exchange.body):
        value: Any = part.content.decode("latin-1") if part.filename else part.content.decode()
        if part.name in _LISTS_IN_FORMS:
            body.setdefault(part.name, []).append(value)
        elif part.name in body:
            raise AssertionError(f"{part.name} occurs twice")
        else:
            body[part.name] = _form_value(value, schema["properties"].get(part.name, {}))
    return body


def _form_value(text: str, schema: dict[str, Any]) -> Any:
    kinds = schema.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if "string" in kinds:
        return text
    return json.loads(text)


def _query_problems(exchange: Received, expected: Operation) -> list[str]:
    parameters = parse_qsl(urlsplit(exchange.target).query, keep_blank_values=True)
    declared = expected.parameters("query")
    found = [f"query {name} is not in the contract" for name, _ in parameters if name not in declared]
    # The pages declare offset and limit as required, but with defaults, and no client sends them.
    needed = {name for name, p in declared.items() if p.get("required") and "default" not in p["schema"]}
    found += [f"query {name} is missing" for name in needed - {name for name, _ in parameters} - {"offset", "limit"}]
    for name, text in parameters:
        schema = resolved(declared.get(name, {}).get("schema", {}))
        value = json.loads(text) if schema.get("type") in {"integer", "boolean"} else text
        found += [f"query {name}: {error.message}" for error in Draft202012Validator(schema).iter_errors(value)]
    return found


def _body_problems(exchange: Received, expected: Operation) -> list[str]:
    media = exchange.headers.get("content-type", "").partition(";")[0]
    schema = expected.body_schema(media)
    if schema is None:
        return [f"a body of {len(exchange.body)} bytes, which the operation does not have"] if exchange.body else []
    if media not in expected.media():
        return [f"content type {media!r} instead of one of {expected.media()}"]
    if media == CSV:
        return []
    body = decoded_form(exchange, schema) if media == FORM else json.loads(exchange.body)
    if media == FORM:
        binary = [name for name, spec in schema["properties"].items() if spec.get("format") == "binary"]
        assert binary
        for name in binary:
            schema["properties"].pop(name)
        sent = [file for name in binary for file in body.pop(name, [])]
        if "filePath" in schema["properties"] and len(sent) != len(body.get("filePath", [])):
            return [f"{len(sent)} files, but {len(body.get('filePath', []))} paths"]
        for name in _JSON_IN_FORMS & set(body):
            json.loads(body[name])
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(body)]
