"""Entry point of the API: authenticates, validates and records each request and validates the response.

The steps are: record the request, apply a fault, check the token, find the route, validate the request, call the
handler, validate the response. The request body is read completely before the response is sent, so that a client that
is still uploading receives the error response instead of a broken pipe.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request

from datarobot_provider.emulator.common.errors import ApiError
from datarobot_provider.emulator.openapi.contract import API, JSON_TYPE, Contract, Operation
from datarobot_provider.emulator.web import request_parsing, routing
from datarobot_provider.emulator.web.faults import Fault, Faults
from datarobot_provider.emulator.web.request_body import BodyReader, StalledBodyError
from datarobot_provider.emulator.web.response_sending import abort_connection, fault_response, send_response
from datarobot_provider.emulator.web.routing import Call, Response

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from datarobot_provider.emulator.store.state import State
    from datarobot_provider.emulator.web.request_log import RequestLog, RequestRecord
    from datarobot_provider.emulator.web.tokens import Tokens

_log = logging.getLogger(__name__)

# Some clients omit the trailing slash or send two leading ones. A redirect would turn their POST into GET.
_ALIASES = {
    f"{API}//ping": f"{API}/ping/",
    f"{API}//ping/": f"{API}/ping/",
    f"{API}/ping": f"{API}/ping/",
    f"{API}/datasets/fromFile": f"{API}/datasets/fromFile/",
}


class Gateway:
    """The ASGI application of the API, under ``/api/v2``."""

    def __init__(self, state: State, tokens: Tokens, faults: Faults, log: RequestLog) -> None:
        self.state, self.tokens, self.faults, self.log = state, tokens, faults, log
        self.contract = Contract.load()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        reader = BodyReader(receive)
        request = Request(scope, reader)
        path = str(scope["path"])
        path = _ALIASES.get(path, path)
        record = self.log.add(request, self.tokens.validity(request), self.tokens.all)
        fault = self.faults.take(request.method, path) or Fault()
        try:
            await asyncio.sleep(fault.delay)
            if fault.cut == "before":
                await abort_connection(scope, reader)
                return
            response = await self._response(request, path, fault, record)
            await reader.drain()
        except StalledBodyError as error:
            response = _error_response(path, error)
        except ClientDisconnect:
            return
        finally:
            record.body_bytes = reader.count
        if fault.cut == "after":
            await abort_connection(scope, reader)
            return
        record.status = response.status
        response.headers["X-DataRobot-Request-ID"] = record.request_id
        await send_response(response, reader, send, truncated=fault.cut == "inside")

    async def _response(self, request: Request, path: str, fault: Fault, record: RequestRecord) -> Response:
        if fault.status is not None and not fault.apply:
            return fault_response(fault)
        response = await self._handle(request, path, record)
        return response if fault.status is None else fault_response(fault)

    async def _handle(self, request: Request, path: str, record: RequestRecord) -> Response:
        try:
            self.tokens.authorize(request)
            found, values = routing.find_route(request.method, path)
            operation = self.contract.operations[(found.method, found.path)]
            call = await self._call(request, path, operation, dict(values))
            with self.state.frozen_clock():
                self.state.apply_effects()
                response = found.handler(call)
        except ApiError as error:
            return _error_response(path, error)
        except ClientDisconnect:
            raise
        except Exception:  # noqa: BLE001 - a client receives any failure of a handler as a 500
            _log.exception("the emulator failed to handle %s %s", request.method, record.path)
            return Response(500, {"message": "Internal Server Error"})
        record.violations = self._violations(operation, response)
        return response

    async def _call(self, request: Request, path: str, operation: Operation, values: dict[str, str]) -> Call:
        query = request_parsing.read_query(request, operation, self.contract)
        body, files = await request_parsing.read_body(request, operation, self.contract)
        return Call(
            state=self.state,
            origin=_origin(request),
            full_path=path,
            path=values,
            query=query,
            arguments=request_parsing.query_parameters(request),
            body=body,
            files=files,
            raw=await request.body() if operation.contains_rows else b"",
            media_type=request_parsing.media_type(request),
        )

    def _violations(self, operation: Operation, response: Response) -> list[str]:
        ready = response.content is not None or response.stream is not None
        media = response.headers.get("Content-Type", "") if ready else JSON_TYPE
        injected = self.state.outcomes.injected_values
        found = self.contract.response_violations(operation, response.status, response.body, media, injected)
        listed = operation.spec["responses"].get(str(response.status), {})
        found += [f"header {name} is missing" for name in listed.get("headers", {}) if name not in response.headers]
        return found


def _origin(request: Request) -> str:
    """Return the root URL that the client uses. Each proxy may have appended its scheme to ``X-Forwarded-Proto``."""
    scheme = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    if scheme not in {"http", "https"}:
        scheme = request.url.scheme
    return f"{scheme}://{request.headers.get('host') or 'localhost'}"


def _error_response(path: str, error: ApiError) -> Response:
    body = error.genai_body() if path.startswith(f"{API}/genai/") else error.public_body()
    return Response(error.status, body, dict(error.headers))
