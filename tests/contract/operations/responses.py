"""Responses as the provider received them, checked against the contract and the table of known deviations."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator

from datarobot_provider.emulator.openapi.deviations import EXTRA_RESPONSES, RESPONSE
from tests.contract.provider.openapi import DOCUMENT, SCHEMAS, Exchange, Operation, operation_of

if TYPE_CHECKING:
    import requests

API = "/api/v2"
NO_CONTENT = 204
OPERATIONS: dict[str, Operation] = {
    spec["operationId"]: Operation(method.upper(), path, spec)
    for path, methods in DOCUMENT["paths"].items()
    for method, spec in methods.items()
}
#: The operations of the reference pages; the others are conventions of DataRobot's clients.
PUBLISHED = {name: item for name, item in OPERATIONS.items() if "x-source" not in item.spec}


@dataclass
class Heard:
    """One response. ``body`` is ``None`` where it was streamed and not kept."""

    method: str
    target: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = b""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @classmethod
    def of(cls, response: requests.Response) -> Heard:
        """Take down what ``requests`` got."""
        headers = {name.lower(): value for name, value in response.headers.items()}
        body = None if response._content is False else response.content
        return cls(str(response.request.method), str(response.request.url), response.status_code, headers, body)


def operation_id(method: str, path: str) -> str:
    """Return the operation that a request was meant for."""
    return operation_of(Exchange(method, path, {}, b"")).spec["operationId"]


def problems(heard: Heard) -> list[str]:
    """Return how a good response departs from the contract and from the table of deviations."""
    wanted = operation_of(Exchange(heard.method, heard.path, {}, b""))
    listed, schema = _schema(wanted, heard.status)
    where = f"{heard.method} {heard.path} {heard.status}"
    if not listed:
        return [f"{where}: not listed"]
    missing = [name for name in _headers(wanted, heard.status) if name.lower() not in heard.headers]
    found = [f"{where}: header {name} is missing" for name in missing]
    if heard.status == NO_CONTENT and heard.body:
        found.append(f"{where}: a body where none belongs")
    if schema is None or heard.body is None:
        return found
    if heard.headers.get("content-type", "").partition(";")[0] != "application/json":
        return [*found, f"{where}: no JSON, but {heard.headers.get('content-type')}"]
    errors = Draft202012Validator(schema).iter_errors(json.loads(heard.body))
    return found + [f"{where}: {error.json_path}: {error.message[:200]}" for error in errors]


def _headers(wanted: Operation, status: int) -> list[str]:
    return list(wanted.spec["responses"].get(str(status), {}).get("headers", {}))


def _schema(wanted: Operation, status: int) -> tuple[bool, dict[str, Any] | None]:
    """Return whether a status may come, and the schema of its body."""
    for extra in EXTRA_RESPONSES:
        if (extra.method, API + extra.path, extra.status) == (wanted.method, wanted.path, status):
            return True, extra.schema and _ref(extra.schema)
    if str(status) not in wanted.spec["responses"]:
        return False, None
    content = wanted.spec["responses"][str(status)].get("content", {}).get("application/json")
    return True, content and _ref(content["schema"]["$ref"].rsplit("/", 1)[-1])


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}", "$defs": DEFS}


def _amended() -> dict[str, Any]:
    """Return the contract's schemas with the deviations of responses, every object closed against unknown fields."""
    defs: dict[str, Any] = json.loads(json.dumps(SCHEMAS).replace("#/components/schemas/", "#/$defs/"))
    for amendment in RESPONSE:
        schema = defs[amendment.schema]
        if amendment.spec is not None:
            schema["properties"][amendment.field] = copy.deepcopy(dict(amendment.spec))
        if amendment.optional:
            schema["required"].remove(amendment.field)
    _close(defs)
    return defs


def _close(schema: Any) -> None:
    items = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for item in items:
        _close(item)
    if isinstance(schema, dict) and isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        schema["additionalProperties"] = False


DEFS = _amended()
