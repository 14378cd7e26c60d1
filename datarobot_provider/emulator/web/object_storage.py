"""Object storage behind pre-signed URLs, outside the API and without tokens.

The query of a pre-signed URL contains the authorization. As in common storage services, a request that also has an
Authorization header is rejected, and single byte ranges are supported.
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

from datarobot_provider.emulator.store.prediction_server_image import FILENAME, Image, Span
from datarobot_provider.emulator.web.byte_ranges import UnsatisfiableRangeError, requested_span
from datarobot_provider.emulator.web.faults import Fault, Faults
from datarobot_provider.emulator.web.request_body import BodyReader, StalledBodyError
from datarobot_provider.emulator.web.response_sending import abort_connection, fault_response, send_response
from datarobot_provider.emulator.web.routing import Response, Stream

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from datarobot_provider.emulator.store.state import State
    from datarobot_provider.emulator.web.request_log import StorageRequestLog
    from datarobot_provider.emulator.web.tokens import Tokens

ROOT = "/storage"
_LIFETIME = 3600
_KEY = secrets.token_bytes(32)
_OTHER_HOST = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}


def presigned(origin: str, image: Image) -> str:
    """Return a pre-signed URL of an image on another origin.

    The other origin is the same server under its other loopback name: ``localhost`` instead of ``127.0.0.1`` or vice
    versa. If the client uses a third name, the origin stays the same.

    :param origin: the root URL that the client uses.
    :param image: the image.
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
    """The ASGI application of the object storage, under `ROOT`. Injected faults apply to it, too.

    :param state: the state of the emulator.
    :param faults: the injected faults.
    :param log: the log to which each request is added.
    :param tokens: the tokens to redact in the log.
    """

    def __init__(self, state: State, faults: Faults, log: StorageRequestLog, tokens: Tokens) -> None:
        self._state, self._faults, self._log, self._tokens = state, faults, log, tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        reader = BodyReader(receive)
        request = Request(scope, reader)
        record = self._log.add(request, self._tokens.all)
        fault = self._faults.take(request.method, scope["path"]) or Fault()
        await asyncio.sleep(fault.delay)
        try:
            await reader.drain()
        except StalledBodyError as error:
            response = _error_response(error.status, error.message)
            response.headers.update(error.headers)
        else:
            response = fault_response(fault) if fault.status is not None else self._handle(request)
        if fault.cut in {"before", "after"}:
            await abort_connection(scope, reader)
            return
        record.status = response.status
        await send_response(response, reader, send, truncated=fault.cut == "inside")

    def _handle(self, request: Request) -> Response:
        if request.method != "GET":
            return Response(HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "GET"})
        if request.headers.get("authorization"):
            return _error_response(HTTPStatus.BAD_REQUEST, "Only one way of authorization is allowed.")
        if not _signed(request):
            return _error_response(HTTPStatus.FORBIDDEN, "The signature is wrong or has expired.")
        image = self._state.image
        if image is None or request.scope["path"] != f"{ROOT}/{image.id}/{FILENAME}":
            return _error_response(HTTPStatus.NOT_FOUND, "There is no such object.")
        return _content(request, image)


def _signed(request: Request) -> bool:
    expires = request.query_params.get("X-Expires", "")
    received = request.query_params.get("X-Signature", "")
    expected = _signature(request.scope["path"], expires)
    return hmac.compare_digest(expected.encode(), received.encode()) and int(expires) >= time.time()


def _content(request: Request, image: Image) -> Response:
    headers = {
        "Content-Type": "application/octet-stream",
        "Accept-Ranges": "bytes",
        "ETag": image.etag,
    }
    span = None
    if request.headers.get("if-range", image.etag) == image.etag:
        try:
            span = requested_span(request.headers.get("range"), image.served)
        except UnsatisfiableRangeError:
            response = _error_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "The range is not satisfiable.")
            response.headers["Content-Range"] = f"bytes */{image.served}"
            return response
    status = HTTPStatus.PARTIAL_CONTENT if span else HTTPStatus.OK
    if span:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{image.served}"
    span = span or Span(0, image.served)
    return Response(status, headers=headers, stream=Stream(span.end - span.start, image.chunks(span)))


def _error_response(status: int, text: str) -> Response:
    return Response(status, headers={"Content-Type": "text/plain"}, content=text.encode())
