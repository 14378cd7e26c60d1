"""Synchronous and asynchronous transport behind one function, for tests of both."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.async_transport import AsyncTransport
from datarobot_provider.client.auth import Token
from datarobot_provider.client.endpoint import Endpoint
from datarobot_provider.client.request import Request, Response
from datarobot_provider.client.retry import RetryPolicy
from datarobot_provider.client.sync_transport import SyncTransport
from datarobot_provider.client.transport import TransportSettings
from datarobot_provider.exceptions import TransportError
from tests.unit.support import TOKEN, read_request

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Iterator

GET = Request("GET", "things/")
ONCE = RetryPolicy(attempts=1)


def on_a_worker(origin: str, request: Request = GET, **settings: Any) -> Response:
    """Send one request with the synchronous transport."""
    sender = SyncTransport(Endpoint(origin), Token(TOKEN), TransportSettings(**{"retry": ONCE, **settings}))
    with contextlib.closing(sender):
        return sender.send(request)


def in_a_triggerer(origin: str, request: Request = GET, **settings: Any) -> Response:
    """Send one request with the asynchronous transport."""

    async def run() -> Response:
        sender = AsyncTransport(Endpoint(origin), Token(TOKEN), TransportSettings(**{"retry": ONCE, **settings}))
        try:
            return await sender.send(request)
        finally:
            await sender.close()

    return asyncio.run(run())


def outcome(send: Callable[..., Response], origin: str, **settings: Any) -> tuple[str, bool] | int:
    """Return the status of the response, or the reason of the error and whether the request was sent."""
    try:
        return send(origin, **settings).status
    except TransportError as error:
        return error.reason, error.sent


@contextlib.contextmanager
def dripping(head: bytes, drops: Iterable[bytes], seconds: float) -> Iterator[Callable[[socket.socket], None]]:
    """Return a handler that sends ``head`` and then one of ``drops`` at intervals."""
    over = threading.Event()

    def handle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(head)
        for drop in drops:
            if over.wait(seconds):
                return
            connection.sendall(drop)

    try:
        yield handle
    finally:
        over.set()
