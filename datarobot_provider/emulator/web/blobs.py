"""What stands behind pre-signed addresses: a storage of its own, outside the API, that knows no tokens.

An address carries its right in the query. Like the storage services it stands for, it refuses a request that brings an
Authorization header besides, and it serves single ranges.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request

from datarobot_provider.emulator.evaluation.prediction_server_image import (
    FILENAME,
    Image,
    Span,
    UnsatisfiableRangeError,
    wanted_span,
)
from datarobot_provider.emulator.web.delivery import Meter, StalledBodyError, cut, fault_response, send_response
from datarobot_provider.emulator.web.faults import Fault, Faults
from datarobot_provider.emulator.web.routing import Response, Stream

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from datarobot_provider.emulator.store.state import State
    from datarobot_provider.emulator.web.request_log import ForeignLog
    from datarobot_provider.emulator.web.tokens import Tokens

ROOT = "/storage"
_LIFETIME = 3600
_KEY = secrets.token_bytes(32)
_OTHER_HOST = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}


def presigned(origin: str, image: Image) -> str:
    """Return a pre-signed address of `image` on another origin than `origin`.

    The other origin is the same server under its other loopback name. A server that is called by a third name has no
    other one; then only the path leaves the API.
    """
    parts = urlsplit(origin)
    host = _OTHER_HOST.get(parts.hostname or "", parts.hostname)
    port = f":{parts.port}" if parts.port else ""
    path = f"{ROOT}/{image.id}/{FILENAME}"
    expires = str(int(time.time()) + _LIFETIME)
    query = urlencode({"X-Expires": expires, "X-Signature": _signature(path, expires)})
    return f"{parts.scheme}://{host}{port}{path}?{query}"


def _signature(path: str, expires: str) -> str:
    return hmac.new(_KEY, f"{path}\n{expires}".encode(), hashlib.sha256).hexdigest()


class Storage:
    """The ASGI application under `ROOT`. Every request leaves a trace in `log`; ordered faults strike here, too."""

    def __init__(self, state: State, faults: Faults, log: ForeignLog, tokens: Tokens) -> None:
        self._state, self._faults, self._log, self._tokens = state, faults, log, tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        meter = Meter(receive)
        request = Request(scope, meter)
        exchange = self._log.open(request, self._tokens.secrets)
        fault = self._faults.take(request.method, scope["path"]) or Fault()
        await asyncio.sleep(fault.delay)
        try:
            await meter.drain()
        except StalledBodyError as error:
            response = _refusal(error.status, error.message)
            response.headers.update(error.headers)
        else:
            response = fault_response(fault) if fault.status is not None else self._answer(request)
        if fault.cut in {"before", "after"}:
            await cut(scope, meter)
            return
        exchange.status = response.status
        await send_response(response, meter, send, half=fault.cut == "inside")

    def _answer(self, request: Request) -> Response:
        if request.method != "GET":
            return Response(HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "GET"})
        if request.headers.get("authorization"):
            return _refusal(HTTPStatus.BAD_REQUEST, "Only one way of authorization is allowed.")
        if not _signed(request):
            return _refusal(HTTPStatus.FORBIDDEN, "The signature is wrong or has expired.")
        image = self._state.image
        if image is None or request.scope["path"] != f"{ROOT}/{image.id}/{FILENAME}":
            return _refusal(HTTPStatus.NOT_FOUND, "There is no such object.")
        return _content(request, image)


def _signed(request: Request) -> bool:
    expires = request.query_params.get("X-Expires", "")
    offered = request.query_params.get("X-Signature", "")
    right = _signature(request.scope["path"], expires)
    return hmac.compare_digest(right.encode(), offered.encode()) and int(expires) >= time.time()


def _content(request: Request, image: Image) -> Response:
    headers = {
        "Content-Type": "application/octet-stream",
        "Accept-Ranges": "bytes",
        "ETag": image.etag,
    }
    span = None
    if request.headers.get("if-range", image.etag) == image.etag:
        try:
            span = wanted_span(request.headers.get("range"), image.served)
        except UnsatisfiableRangeError:
            refusal = _refusal(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "The range is not satisfiable.")
            refusal.headers["Content-Range"] = f"bytes */{image.served}"
            return refusal
    status = HTTPStatus.PARTIAL_CONTENT if span else HTTPStatus.OK
    if span:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{image.served}"
    span = span or Span(0, image.served)
    return Response(status, headers=headers, stream=Stream(span.end - span.start, image.pieces(span)))


def _refusal(status: int, text: str) -> Response:
    return Response(status, headers={"Content-Type": "text/plain"}, content=text.encode())
