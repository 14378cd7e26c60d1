"""Runs the application on a real socket, in the foreground or in a thread for tests."""

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

from datarobot_provider.emulator.web.app import create_app

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

    from starlette.applications import Starlette

LOOPBACK = "127.0.0.1"
#: Seconds that a connection may stay idle between two requests. Longer than any client's poll interval: the official
#: client polls every 5 s, and a server that closes at that pace closes in the middle of a request now and then.
KEEP_ALIVE = 120
_CONTROL_TIMEOUT = 120
_SUCCESS_FAMILY = 2


class CuttableProtocol(H11Protocol):
    """HTTP over a connection that the application can cut: ``scope["state"]["hang_up"]`` closes it at once."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Hand the connection's switch to the application."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "hang_up": transport.abort}
        self._limit_idle_time()

    def data_received(self, data: bytes) -> None:
        """Read what has arrived; a request head that stays unfinished is idle time, too."""
        super().data_received(data)
        self._limit_idle_time()

    def _limit_idle_time(self) -> None:
        """Start uvicorn's keep-alive timer, which uvicorn itself starts after a response only."""
        idle = self.conn.their_state is h11.IDLE
        if idle and self.timeout_keep_alive_task is None and not self.transport.is_closing():
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )


class Server(uvicorn.Server):
    """A uvicorn server that calls `ready` once it accepts connections."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening."""
        await super().startup(sockets=sockets)
        self._ready()


def listen(host: str = LOOPBACK, port: int = 0) -> socket.socket:
    """Return a socket bound to `host` and `port` (0 for a free one)."""
    return socket.create_server((host, port))


def make_server(app: Starlette, ready: Callable[[], None]) -> Server:
    """Return a quiet server for `app` that stops without waiting for its clients."""
    config = uvicorn.Config(
        app,
        http=CuttableProtocol,
        # A request to become a WebSocket is answered as the plain request that it also is.
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
    """A running emulator: `url` is its root, `endpoint` the API's, `token` gives full access."""

    url: str
    token: str

    @property
    def endpoint(self) -> str:
        """The API's root, as a client is configured with it."""
        return f"{self.url}/api/v2"

    def control(self, method: str, path: str, json: Any = None) -> Any:
        """Call the control API.

        Parameters: `method`, `path` (with or without the leading ``/__emulator__/``) and the body `json`. Returns the
        decoded response, or None if it has no body. Raises RuntimeError if the response is not a success.
        """
        return _control(self.url, method, path, json)


@contextlib.contextmanager
def running(
    token: str = "emulator-token",  # noqa: S107 - good for nothing but this emulator
    seed: Path | str | None = None,
    time_scale: float = 1.0,
) -> Iterator[Emulator]:
    """Run an emulator in a thread on a free port, for the duration of a ``with`` block.

    Parameters: as for the command line; `token` has at least 8 characters. Yields the `Emulator`. Raises TokenError or
    SeedError if the emulator cannot be set up with them.
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
                msg = "the emulator did not start"
                raise RuntimeError(msg)
            yield Emulator(f"http://{LOOPBACK}:{port}", token)
        finally:
            server.should_exit = True
            thread.join(timeout=10)


def _control(url: str, method: str, path: str, body: Any) -> Any:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or LOOPBACK, parts.port, timeout=_CONTROL_TIMEOUT)
    with contextlib.closing(connection):
        payload = None if body is None else json.dumps(body)
        target = "/__emulator__/" + path.lstrip("/").removeprefix("__emulator__/")
        connection.request(method, target, payload, {"Content-Type": "application/json"})
        response = connection.getresponse()
        content = response.read()
        if response.status // 100 != _SUCCESS_FAMILY:
            msg = f"{method} {target} answered {response.status}: {content.decode(errors='replace')}"
            raise RuntimeError(msg)
    return json.loads(content) if content else None
