"""Validates the responses that the provider received against the contract and the table of known deviations."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator

from datarobot_provider.emulator.openapi.deviations import EXTRA_RESPONSES, RESPONSE
from tests.contract.provider.openapi import DOCUMENT, SCHEMAS, Operation, operation_of
from tests.support.proxy import Received

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
class ReceivedResponse:
    """A response that the provider received.

    :ivar body: the body, ``None`` if it was streamed.
    """

    method: str
    target: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = b""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @classmethod
    def from_requests(cls, response: requests.Response) -> ReceivedResponse:
        """Convert a response of ``requests``."""
        headers = {name.lower(): value for name, value in response.headers.items()}
        body = None if response._content is False else response.content
        return cls(str(response.request.method), str(response.request.url), response.status_code, headers, body)


def operation_id(method: str, path: str) -> str:
    """Return the operation of a request."""
    return operation_of(Received(method, path)).spec["operationId"]


def problems(response: ReceivedResponse) -> list[str]:
    """Return the differences between a successful response and the contract with its known deviations."""
    operation = operation_of(Received(response.method, response.path))
    listed, schema = _schema(operation, response.status)
    where = f"{response.method} {response.path} {response.status}"
    if not listed:
        return [f"{where}: not listed"]
    missing = [name for name in _headers(operation, response.status) if name.lower() not in response.headers]
    found = [f"{where}: header {name} is missing" for name in missing]
    if response.status == NO_CONTENT and response.body:
        found.append(f"{where}: an unexpected body")
    if schema is None or response.body is None:
        return found
    if response.headers.get("content-type", "").partition(";")[0] != "application/json":
        return [*found, f"{where}: no JSON, but {response.headers.get('content-type')}"]
    errors = Draft202012Validator(schema).iter_errors(json.loads(response.body))
    return found + [f"{where}: {error.json_path}: {error.message[:200]}" for error in errors]


def _headers(operation: Operation, status: int) -> list[str]:
    return list(operation.spec["responses"].get(str(status), {}).get("headers", {}))


def _schema(operation: Operation, status: int) -> tuple[bool, dict[str, Any] | None]:
    """Return whether a status is documented, and the schema of its body."""
    for extra in EXTRA_RESPONSES:
        if (extra.method, API + extra.path, extra.status) == (operation.method, operation.path, status):
            return True, extra.schema and _ref(extra.schema)
    if str(status) not in operation.spec["responses"]:
        return False, None
    content = operation.spec["responses"][str(status)].get("content", {}).get("application/json")
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
