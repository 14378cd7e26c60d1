"""The API's front door: every request is recorded, admitted, validated, answered, and its response is checked.

Order: record, fault, token, route, contract, handler, contract again. A request is read to its end before it is
answered, so that a client in the middle of an upload sees the refusal and not a broken pipe.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request

from datarobot_provider.emulator.openapi.contract import API, JSON_TYPE, Contract, Operation
from datarobot_provider.emulator.web import intake, routing
from datarobot_provider.emulator.web.delivery import Meter, StalledBodyError, cut, fault_response, send_response
from datarobot_provider.emulator.web.errors import ApiError
from datarobot_provider.emulator.web.faults import Fault, Faults
from datarobot_provider.emulator.web.routing import Call, Response

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from datarobot_provider.emulator.store.state import State
    from datarobot_provider.emulator.web.request_log import Exchange, RequestLog
    from datarobot_provider.emulator.web.tokens import Tokens

_log = logging.getLogger(__name__)

# Clients are known to send these without the slash, or with two; a redirect would turn POST into GET.
_SPELLINGS = {
    f"{API}//ping": f"{API}/ping/",
    f"{API}//ping/": f"{API}/ping/",
    f"{API}/ping": f"{API}/ping/",
    f"{API}/datasets/fromFile": f"{API}/datasets/fromFile/",
}


class Gateway:
    """The ASGI application under ``/api/v2``."""

    def __init__(self, state: State, tokens: Tokens, faults: Faults, log: RequestLog) -> None:
        self.state, self.tokens, self.faults, self.log = state, tokens, faults, log
        self.contract = Contract()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        meter = Meter(receive)
        request = Request(scope, meter)
        path = str(scope["path"])
        path = _SPELLINGS.get(path, path)
        exchange = self.log.open(request, self.tokens.judge(request), self.tokens.secrets)
        fault = self.faults.take(request.method, path) or Fault()
        try:
            await asyncio.sleep(fault.delay)
            if fault.cut == "before":
                await cut(scope, meter)
                return
            response = await self._response(request, path, fault, exchange)
            await meter.drain()
        except StalledBodyError as error:
            response = _refusal(path, error)
        except ClientDisconnect:
            return
        finally:
            exchange.body_bytes = meter.count
        if fault.cut == "after":
            await cut(scope, meter)
            return
        exchange.status = response.status
        response.headers["X-DataRobot-Request-ID"] = exchange.request_id
        await send_response(response, meter, send, half=fault.cut == "inside")

    async def _response(self, request: Request, path: str, fault: Fault, exchange: Exchange) -> Response:
        if fault.status is not None and not fault.apply:
            return fault_response(fault)
        response = await self._answer(request, path, exchange)
        return response if fault.status is None else fault_response(fault)

    async def _answer(self, request: Request, path: str, exchange: Exchange) -> Response:
        try:
            self.tokens.admit(request)
            found, values = routing.find(request.method, path)
            operation = self.contract.operations[(found.method, found.path)]
            call = await self._call(request, path, operation, dict(values))
            with self.state.one_moment():
                self.state.settle()
                response = found.handler(call)
        except ApiError as error:
            return _refusal(path, error)
        except ClientDisconnect:
            raise
        except Exception:  # noqa: BLE001 - whatever breaks in a handler is a server error to the client
            _log.exception("the emulator failed on %s %s", request.method, exchange.path)
            return Response(500, {"message": "Internal Server Error"})
        exchange.violations = self._violations(operation, response)
        return response

    async def _call(self, request: Request, path: str, operation: Operation, values: dict[str, str]) -> Call:
        query = intake.read_query(request, operation, self.contract)
        body, files = await intake.read_body(request, operation, self.contract)
        return Call(
            state=self.state,
            origin=_origin(request),
            full_path=path,
            path=values,
            query=query,
            arguments=intake.given(request),
            body=body,
            files=files,
        )

    def _violations(self, operation: Operation, response: Response) -> list[str]:
        ready = response.content is not None or response.stream is not None
        media = response.headers.get("Content-Type", "") if ready else JSON_TYPE
        words = self.state.outcomes.words
        found = self.contract.response_violations(operation, response.status, response.body, media, words)
        listed = operation.spec["responses"].get(str(response.status), {})
        found += [f"header {name} is missing" for name in listed.get("headers", {}) if name not in response.headers]
        return found


def _origin(request: Request) -> str:
    """Return the root of the address that the client knows; each proxy on the way may have added its own scheme."""
    scheme = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    if scheme not in {"http", "https"}:
        scheme = request.url.scheme
    return f"{scheme}://{request.headers.get('host') or 'localhost'}"


def _refusal(path: str, error: ApiError) -> Response:
    body = error.genai_body() if path.startswith(f"{API}/genai/") else error.public_body()
    return Response(error.status, body, dict(error.headers))
