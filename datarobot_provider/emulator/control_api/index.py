"""Table of the control routes, and the index of the control API that is generated from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from datarobot_provider.emulator.control_api.request_bodies import read_body

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from starlette.requests import Request

PREFIX = "/__emulator__"
Json = dict[str, Any]
Handler = Callable[["Request", Json], Awaitable[Response]]


@dataclass(frozen=True)
class ControlRoute:
    """A route of the control API.

    :param method: the HTTP method.
    :param path: the path template below the prefix.
    :param handler: a function of the request and of its validated body, which is empty without `body`.
    :param description: the effect, in one line.
    :param body: the validator of the body, or None if the body is ignored.
    :param query: the query parameters, with their descriptions.
    """

    method: str
    path: str
    handler: Handler
    description: str
    body: Draft202012Validator | None = None
    query: Mapping[str, str] = field(default_factory=dict)

    def to_starlette(self) -> Route:
        """Return the route of the web framework."""

        async def endpoint(request: Request) -> Response:
            body = {} if self.body is None else await read_body(request, self.body)
            return await self.handler(request, body)

        return Route(self.path, endpoint, methods=[self.method])

    def fields(self) -> list[Json]:
        """Return the fields of the body: their names, whether they are required, their descriptions and schemas."""
        schema = self.body.schema if self.body is not None else None
        if not isinstance(schema, Mapping):
            return []
        return [_field(name, spec, schema) for name, spec in schema.get("properties", {}).items()]

    def to_json(self) -> Json:
        """Return the entry of the index."""
        return {
            "method": self.method,
            "path": PREFIX + self.path,
            "description": self.description,
            "query": [{"name": name, "description": text} for name, text in self.query.items()],
            "fields": self.fields(),
        }


def _field(name: str, spec: Mapping[str, Any], schema: Mapping[str, Any]) -> Json:
    details = {key: value for key, value in spec.items() if key != "description"}
    required = name in schema.get("required", ())
    return {"name": name, "required": required, "description": spec.get("description", ""), "schema": details}


def data_response(rows: list[Json]) -> Response:
    """Return a list as the control API returns it."""
    return JSONResponse({"data": rows})
