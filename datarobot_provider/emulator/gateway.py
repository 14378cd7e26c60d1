"""The API's front door: every request is recorded, admitted, validated, answered, and its reply is checked.

Order: record, fault, token, route, contract, handler, contract again. A request is read to its end before it is
answered, so that a client in the middle of an upload sees the refusal and not a broken pipe.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request

from datarobot_provider.emulator import intake, routing
from datarobot_provider.emulator.contract import API, JSON_TYPE, Contract, Operation
from datarobot_provider.emulator.delivery import Meter, StalledBodyError, cut, fault_reply, send_reply
from datarobot_provider.emulator.errors import ApiError
from datarobot_provider.emulator.faults import Fault, Faults
from datarobot_provider.emulator.routing import Call, Reply

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from datarobot_provider.emulator.requestlog import Exchange, RequestLog
    from datarobot_provider.emulator.state import State
    from datarobot_provider.emulator.tokens import Tokens

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
            reply = await self._reply(request, path, fault, exchange)
            await meter.drain()
        except StalledBodyError as error:
            reply = _refusal(path, error)
        except ClientDisconnect:
            return
        finally:
            exchange.body_bytes = meter.count
        if fault.cut == "after":
            await cut(scope, meter)
            return
        exchange.status = reply.status
        reply.headers["X-DataRobot-Request-ID"] = exchange.request_id
        await send_reply(reply, meter, send, half=fault.cut == "inside")

    async def _reply(self, request: Request, path: str, fault: Fault, exchange: Exchange) -> Reply:
        if fault.status is not None and not fault.apply:
            return fault_reply(fault)
        reply = await self._answer(request, path, exchange)
        return reply if fault.status is None else fault_reply(fault)

    async def _answer(self, request: Request, path: str, exchange: Exchange) -> Reply:
        try:
            self.tokens.admit(request)
            found, values = routing.find(request.method, path)
            operation = self.contract.operations[(found.method, found.path)]
            call = await self._call(request, path, operation, dict(values))
            with self.state.one_moment():
                self.state.settle()
                reply = found.handler(call)
        except ApiError as error:
            return _refusal(path, error)
        except ClientDisconnect:
            raise
        except Exception:  # noqa: BLE001 - whatever breaks in a handler is a server error to the client
            _log.exception("the emulator failed on %s %s", request.method, exchange.path)
            return Reply(500, {"message": "Internal Server Error"})
        exchange.violations = self._violations(operation, reply)
        return reply

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

    def _violations(self, operation: Operation, reply: Reply) -> list[str]:
        ready = reply.content is not None or reply.stream is not None
        media = reply.headers.get("Content-Type", "") if ready else JSON_TYPE
        words = self.state.outcomes.words
        found = self.contract.reply_violations(operation, reply.status, reply.body, media, words)
        listed = operation.spec["responses"].get(str(reply.status), {})
        found += [f"header {name} is missing" for name in listed.get("headers", {}) if name not in reply.headers]
        return found


def _origin(request: Request) -> str:
    """Return the root of the address that the client knows; each proxy on the way may have added its own scheme."""
    scheme = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    if scheme not in {"http", "https"}:
        scheme = request.url.scheme
    return f"{scheme}://{request.headers.get('host') or 'localhost'}"


def _refusal(path: str, error: ApiError) -> Reply:
    body = error.genai_body() if path.startswith(f"{API}/genai/") else error.public_body()
    return Reply(error.status, body, dict(error.headers))
