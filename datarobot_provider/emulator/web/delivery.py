"""How responses reach a client, or do not: whole, in pieces, cut in the middle, or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.openapi.contract import JSON_TYPE
from datarobot_provider.emulator.web.errors import ApiError
from datarobot_provider.emulator.web.routing import Response, Stream

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from datarobot_provider.emulator.web.faults import Fault


#: Seconds without a byte of a body that was announced, after which the request is refused with 408. An upload that
#: makes progress, however slowly, is never dropped.
BODY_TIMEOUT = 60.0


class StalledBodyError(ApiError):
    """A body that was announced and does not arrive."""

    def __init__(self) -> None:
        text = f"No byte of the request body arrived for {BODY_TIMEOUT:g} seconds."
        super().__init__(HTTPStatus.REQUEST_TIMEOUT, text, headers={"Connection": "close"})


class Meter:
    """Wraps an ASGI `receive`, counts the body's bytes and knows whether the body has been read to its end.

    Raises StalledBodyError where the body makes no progress.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.count = 0
        self.done = False

    async def __call__(self) -> Message:
        """Return the next message."""
        message = await self._next()
        if message["type"] == "http.request":
            self.count += len(message.get("body", b""))
            self.done = not message.get("more_body", False)
        else:
            self.done = True
        return message

    async def _next(self) -> Message:
        if self.done:
            return await self._receive()
        try:
            async with asyncio.timeout(BODY_TIMEOUT):
                return await self._receive()
        except TimeoutError:
            self.done = True
            raise StalledBodyError from None

    async def drain(self) -> None:
        """Read and drop what is left of the body."""
        while not self.done:
            await self()


def fault_response(fault: Fault) -> Response:
    """Return the error that a fault orders."""
    body = {"message": "The emulator was told to fail."} if fault.body is None else fault.body
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {"Content-Type": fault.content_type}
    if fault.retry_after is not None:
        headers["Retry-After"] = fault.retry_after
    status = fault.status or 500
    content = b"" if status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED} else text.encode()
    return Response(status, headers=headers, content=content)


async def send_response(response: Response, receive: Receive, send: Send, *, half: bool) -> None:
    """Send a response; if `half`, announce its full length and stop in the middle, whereupon the server hangs up."""
    content = response.content
    headers = dict(response.headers)
    if content is None:
        content = b"" if response.body is None else _dumped(response.body)
        if content:
            headers["Content-Type"] = JSON_TYPE
    size = response.stream.size if response.stream else len(content)
    if response.status != HTTPStatus.NO_CONTENT:
        headers["Content-Length"] = str(size)
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    if response.stream:
        await _send_stream(response.stream, receive, send, half=half)
    elif half:
        await send({"type": "http.response.body", "body": content[: len(content) // 2], "more_body": True})
    else:
        await send({"type": "http.response.body", "body": content})


async def _send_stream(stream: Stream, receive: Receive, send: Send, *, half: bool) -> None:
    left = stream.size // 2 if half else stream.size
    gone = asyncio.create_task(_gone(receive))
    try:
        for piece in stream.pieces:
            if gone.done() or left <= 0:
                break
            await send({"type": "http.response.body", "body": piece[:left], "more_body": True})
            left -= len(piece)
            # The server takes a piece without a pause while its buffer has room; others want to be served, too.
            await asyncio.sleep(0)
        if not half and not gone.done():
            await send({"type": "http.response.body", "body": b""})
    finally:
        gone.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await gone


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def cut(scope: Scope, receive: Receive) -> None:
    """Close the client's connection at once and wait until it is gone."""
    scope["state"]["hang_up"]()
    await _gone(receive)


def _dumped(body: Any) -> bytes:
    return json.dumps(body, allow_nan=False).encode("ascii")
