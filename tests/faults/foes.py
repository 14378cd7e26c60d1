"""Hostile servers: one that stands between the provider and the emulator and changes responses, and one elsewhere."""

from __future__ import annotations

import contextlib
import http.client
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "date", "server"}


@dataclass
class Seen:
    """A request as it came over the wire; ``target`` is neither decoded nor put in order."""

    method: str
    target: str
    headers: dict[str, str]


@dataclass
class Answer:
    """A response on its way."""

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return a header."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def put(self, name: str, value: str) -> None:
        """Set a header; characters stand for single bytes."""
        self.headers = [(key, old) for key, old in self.headers if key.lower() != name.lower()] + [(name, value)]


@dataclass
class Foe:
    """A server, what it saw, and what it does to responses.

    :ivar origin: its address.
    :ivar seen: the requests that came.
    :ivar twist: changes an answer that comes from behind, or gives another one instead of asking there.
    """

    origin: str = ""
    seen: list[Seen] = field(default_factory=list)
    instead: Callable[[Seen], Answer | None] = lambda _: None
    twist: Callable[[Seen, Answer], Answer] = lambda _, answer: answer

    def answer(self, asks: Callable[[str, str], bool], answer: Answer) -> None:
        """Give this answer to the requests that ``asks`` picks by method and target."""
        self.instead = lambda seen: answer if asks(seen.method, seen.target) else None

    def reset(self) -> None:
        """Forget everything; be honest from now on."""
        self.seen.clear()
        self.instead = lambda _: None
        self.twist = lambda _, answer: answer


@contextlib.contextmanager
def serving(behind: str | None = None, tls: ssl.SSLContext | None = None) -> Iterator[Foe]:
    """Run a foe.

    :param behind: address of the server whose responses it passes on; without one it says that all is well.
    :param tls: to be spoken to over TLS.
    """
    foe = Foe()
    server = _Server(("127.0.0.1", 0), _handler(foe, behind))
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    foe.origin = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield foe
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay calm: clients hang up."""


def _handler(foe: Foe, behind: str | None) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            seen = Seen(self.command, self.path, {name.lower(): value for name, value in self.headers.items()})
            foe.seen.append(seen)
            answer = foe.instead(seen) or foe.twist(seen, _asked(behind, seen, body) if behind else Answer(body=b"{}"))
            self._write(answer)

        def _write(self, answer: Answer) -> None:
            lines = [f"HTTP/1.1 {answer.status} Whatever", *(f"{name}: {value}" for name, value in answer.headers)]
            if answer.status != http.client.NO_CONTENT:
                lines.append(f"Content-Length: {len(answer.body)}")
            self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body)

    return Handler


def _asked(behind: str, seen: Seen, body: bytes) -> Answer:
    connection = http.client.HTTPConnection(urlsplit(behind).netloc, timeout=30)
    with contextlib.closing(connection):
        headers = {name: value for name, value in seen.headers.items() if name not in _HOP_BY_HOP}
        connection.request(seen.method, seen.target, body or None, headers)
        response = connection.getresponse()
        kept = [(name, value) for name, value in response.getheaders() if name.lower() not in _HOP_BY_HOP]
        return Answer(response.status, kept, response.read())
