"""HTTP server of the emulator, in the foreground or in a thread of a test."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from datarobot_provider.emulator.app import create_app

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

    from starlette.applications import Starlette

LOOPBACK = "127.0.0.1"
DEFAULT_TOKEN = "emulator-token"  # noqa: S105 - valid for emulators on this machine only
#: Longest idle time of a connection in seconds. It exceeds the poll interval of every client: the official client polls
#: every 5 s, and a server with the same idle time would sometimes close the connection while a request is sent.
KEEP_ALIVE = 120
_CONTROL_TIMEOUT = 120
_SUCCESS_CLASS = 2


class AbortableProtocol(H11Protocol):
    """HTTP/1.1 protocol whose connection the application can abort with ``scope["state"]["abort_connection"]()``."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Make the abort function of the connection available to the application."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "abort_connection": transport.abort}
        self._limit_idle_time()

    def data_received(self, data: bytes) -> None:
        """Process received data. A connection with an incomplete request head counts as idle."""
        super().data_received(data)
        self._limit_idle_time()

    def _limit_idle_time(self) -> None:
        """Start the keep-alive timer, which uvicorn starts only after a response."""
        idle = self.conn.their_state is h11.IDLE
        if idle and self.timeout_keep_alive_task is None and not self.transport.is_closing():
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )


class Server(uvicorn.Server):
    """A uvicorn server that calls ``ready`` when it accepts connections."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening."""
        await super().startup(sockets=sockets)
        self._ready()


def listen(host: str = LOOPBACK, port: int = 0) -> socket.socket:
    """Return a listening socket.

    :param host: the address to bind to.
    :param port: the port, or 0 for a free one.
    """
    return socket.create_server((host, port))


def make_server(app: Starlette, ready: Callable[[], None]) -> Server:
    """Return a server without logging that does not wait for its clients when it stops.

    :param app: the application to serve.
    :param ready: called when the server accepts connections.
    """
    config = uvicorn.Config(
        app,
        http=AbortableProtocol,
        # A request for a WebSocket upgrade is served as a plain HTTP request.
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="critical",
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=0,
    )
    return Server(config, ready)


@dataclass(frozen=True)
class Emulator:
    """A running emulator.

    :param url: the root URL of the server.
    :param token: the token with full access.
    """

    url: str
    token: str

    @property
    def endpoint(self) -> str:
        """The URL of the API, which a client is configured with."""
        return f"{self.url}/api/v2"

    def control(self, method: str, path: str, json: Any = None) -> Any:
        """Send a request to the control API.

        :param method: the HTTP method.
        :param path: the path, with or without the prefix ``/__emulator__/``.
        :param json: the body, or None.
        :returns: the decoded response, or None if it has no body.
        :raises RuntimeError: if the status is not 2xx.
        """
        return _call_control_api(self.url, method, path, json)


@contextlib.contextmanager
def running(
    token: str = DEFAULT_TOKEN,
    seed: Path | str | None = None,
    time_scale: float = 1.0,
) -> Iterator[Emulator]:
    """Run an emulator in a thread on a free port for the duration of a ``with`` block.

    :param token: the token with full access, at least 8 characters.
    :param seed: the folder that contains ``seed.json``, or None.
    :param time_scale: the factor on the duration of every job, 0 to 1,000,000.
    :yields: the running `Emulator`.
    :raises TokenError: if the token is invalid.
    :raises SeedError: if the seed folder is invalid.
    """
    app = create_app(token, Path(seed) if seed is not None else None, time_scale)
    with listen() as listener:
        port = listener.getsockname()[1]
        started = threading.Event()
        server = make_server(app, started.set)
        thread = threading.Thread(target=server.run, args=([listener],), name=f"emulator-{port}", daemon=True)
        thread.start()
        try:
            if not started.wait(timeout=10):
                msg = "the emulator did not start within 10 seconds"
                raise RuntimeError(msg)
            yield Emulator(f"http://{LOOPBACK}:{port}", token)
        finally:
            server.should_exit = True
            thread.join(timeout=10)


def _call_control_api(url: str, method: str, path: str, body: Any) -> Any:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or LOOPBACK, parts.port, timeout=_CONTROL_TIMEOUT)
    with contextlib.closing(connection):
        payload = None if body is None else json.dumps(body)
        target = "/__emulator__/" + path.lstrip("/").removeprefix("__emulator__/")
        connection.request(method, target, payload, {"Content-Type": "application/json"})
        response = connection.getresponse()
        content = response.read()
        if response.status // 100 != _SUCCESS_CLASS:
            msg = f"{method} {target} returned {response.status}: {content.decode(errors='replace')}"
            raise RuntimeError(msg)
    return json.loads(content) if content else None
