"""An HTTP server that records requests and alters responses: a proxy of the emulator, or a foreign host."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from requests.structures import CaseInsensitiveDict

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator

JSON = {"Content-Type": "application/json"}
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


@dataclass
class Received:
    """A received request.

    :ivar target: path and query, neither decoded nor normalized.
    :ivar status: status of the response, 0 until there is one.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    status: int = 0

    @property
    def path(self) -> str:
        """The path of the target."""
        return urlsplit(self.target).path

    def raw(self) -> bytes:
        """Return the whole request."""
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        return f"{self.method} {self.target} HTTP/1.1\r\n{head}\r\n".encode() + self.body

    def text(self) -> str:
        """Return the whole request as a string."""
        return self.raw().decode("utf-8", "replace")


class Response:
    """A response to the client.

    :param headers: each character of a value stands for one byte.
    :param cut: send only that many bytes of the body, then close the connection.
    """

    def __init__(
        self,
        status: int = 200,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        cut: int | None = None,
    ) -> None:
        self.status, self.body, self.cut = status, body, cut
        self.headers = list(headers.items() if isinstance(headers, Mapping) else headers)

    def header(self, name: str) -> str | None:
        """Return a header."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def set_header(self, name: str, value: str) -> None:
        """Set a header."""
        self.headers = [(key, old) for key, old in self.headers if key.lower() != name.lower()] + [(name, value)]


@dataclass
class Proxy:
    """A server, the requests that it received, and its rules for responses.

    :ivar url: its address.
    :ivar respond: returns the response to a request, or ``None`` to forward it.
    :ivar alter: changes a response of the upstream server.
    """

    url: str = ""
    received: list[Received] = field(default_factory=list)
    respond: Callable[[Received], Response | None] = lambda _: None
    alter: Callable[[Received, Response], Response] = lambda _, response: response

    def respond_to(self, matches: Callable[[str, str], bool], response: Response) -> None:
        """Respond to the requests whose method and target match."""
        self.respond = lambda received: response if matches(received.method, received.target) else None

    def reset(self) -> None:
        """Clear the received requests, and forward all requests unchanged."""
        self.received.clear()
        self.respond = lambda _: None
        self.alter = lambda _, response: response


@contextlib.contextmanager
def serve(
    upstream: str | None = None,
    *,
    name: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
    default: Callable[[], Response] = lambda: Response(body=b"{}"),
) -> Iterator[Proxy]:
    """Serve on a free port.

    :param upstream: address of the server that requests are forwarded to.
    :param name: name of this host in the address.
    :param tls: TLS context of the server; ``None`` for plain HTTP.
    :param default: returns the response to all other requests if there is no upstream.
    """
    proxy = Proxy()
    server = _Server(("127.0.0.1", 0), _handler(proxy, upstream, default))
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    proxy.url = f"{'https' if tls else 'http'}://{name}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that close the connection early."""


def _handler(proxy: Proxy, upstream: str | None, default: Callable[[], Response]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            received = Received(self.command, self.path, CaseInsensitiveDict(self.headers.items()), body)
            proxy.received.append(received)
            response = proxy.respond(received)
            if response is None:
                response = proxy.alter(received, forwarded(upstream, received) if upstream else default())
            received.status = response.status
            self._write(response)

        def _write(self, response: Response) -> None:
            lines = [f"HTTP/1.1 {response.status} Status", *(f"{name}: {value}" for name, value in response.headers)]
            if response.status != http.client.NO_CONTENT:
                lines.append(f"Content-Length: {len(response.body)}")
            if response.cut is not None:
                self.close_connection = True
            self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + response.body[: response.cut])

    return Handler


def forwarded(upstream: str, received: Received) -> Response:
    """Return the response of the upstream server; the Host header is kept, so that its addresses refer to the proxy."""
    connection = http.client.HTTPConnection(urlsplit(upstream).netloc, timeout=30)
    with contextlib.closing(connection):
        headers = {name: value for name, value in received.headers.items() if name.lower() not in _HOP_BY_HOP}
        connection.request(received.method, received.target, received.body or None, headers)
        response = connection.getresponse()
        kept = [(name, value) for name, value in response.getheaders() if name.lower() not in _HOP_BY_HOP]
        return Response(response.status, kept, response.read())
