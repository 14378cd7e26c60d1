"""Sending of responses: complete, streamed, truncated, or replaced by an aborted connection."""

from __future__ import annotations

import asyncio
import contextlib
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.openapi.contract import JSON_TYPE
from datarobot_provider.emulator.web.routing import Response, Stream

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from datarobot_provider.emulator.web.faults import Fault


def fault_response(fault: Fault) -> Response:
    """Return the error response of a fault."""
    body = {"message": "The emulator injected this error."} if fault.body is None else fault.body
    content_text = body if isinstance(body, str) else json.dumps(body)
    headers = {"Content-Type": fault.content_type}
    if fault.retry_after is not None:
        headers["Retry-After"] = fault.retry_after
    status = fault.status or 500
    content = b"" if status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED} else content_text.encode()
    return Response(status, headers=headers, content=content)


async def send_response(response: Response, receive: Receive, send: Send, *, truncated: bool) -> None:
    """Send a response.

    :param truncated: whether to announce the full length and send only half of the body. The server then closes the
        connection.
    """
    content = response.content
    headers = dict(response.headers)
    if content is None:
        content = b"" if response.body is None else _encode_json(response.body)
        if content:
            headers["Content-Type"] = JSON_TYPE
    size = response.stream.size if response.stream else len(content)
    if response.status != HTTPStatus.NO_CONTENT:
        headers["Content-Length"] = str(size)
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    if response.stream:
        await _send_stream(response.stream, receive, send, truncated=truncated)
    elif truncated:
        await send({"type": "http.response.body", "body": content[: len(content) // 2], "more_body": True})
    else:
        await send({"type": "http.response.body", "body": content})


async def _send_stream(stream: Stream, receive: Receive, send: Send, *, truncated: bool) -> None:
    remaining = stream.size // 2 if truncated else stream.size
    disconnected = asyncio.create_task(_wait_for_disconnect(receive))
    try:
        for chunk in stream.chunks:
            if disconnected.done() or remaining <= 0:
                break
            await send({"type": "http.response.body", "body": chunk[:remaining], "more_body": True})
            remaining -= len(chunk)
            # The server accepts chunks without suspending while its buffer has space. Let other requests run.
            await asyncio.sleep(0)
        if not truncated and not disconnected.done():
            await send({"type": "http.response.body", "body": b""})
    finally:
        disconnected.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await disconnected


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def abort_connection(scope: Scope, receive: Receive) -> None:
    """Abort the connection of a client and wait until it is closed."""
    scope["state"]["abort_connection"]()
    await _wait_for_disconnect(receive)


def _encode_json(body: Any) -> bytes:
    return json.dumps(body, allow_nan=False).encode("ascii")
