"""Servers that the audit needs: a gate in front of the emulator that may answer itself, and a foreign host."""

from __future__ import annotations

import base64
import contextlib
import html
import http.client
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"}
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Received:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def raw(self) -> bytes:
        """Return all of it."""
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        return f"{self.method} {self.target} HTTP/1.1\r\n{head}\r\n".encode() + self.body

    def text(self) -> str:
        """Return all of it as text."""
        return self.raw().decode("utf-8", "replace")


@dataclass(frozen=True)
class Answer:
    """What to answer. With ``cut``, only that many bytes of the body follow, then the connection is closed."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int | None = None


@dataclass
class Gate:
    """A server. ``rule`` answers a request, or returns ``None`` to have it forwarded."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    rule: Callable[[Received], Answer | None] = lambda _: None


@contextlib.contextmanager
def gate(upstream: str | None, *, name: str = "127.0.0.1") -> Iterator[Gate]:
    """Serve on a free port, in front of ``upstream`` if there is one; ``name`` is what the address calls this host."""
    made = Gate()

    class Handler(BaseHTTPRequestHandler):
        """Answers one request by the rule, or as the server behind does."""

        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            received = Received(self.command, self.path, dict(self.headers.items()), body)
            made.received.append(received)
            answer = made.rule(received) or (forwarded(upstream, received) if upstream else Answer(404, _JSON, b"{}"))
            self.send_response(answer.status)
            for header, value in answer.headers.items():
                self.send_header(header, value)
            if answer.status != http.client.NO_CONTENT:
                self.send_header("Content-Length", str(len(answer.body)))
            if answer.cut is not None:
                self.close_connection = True
            self.end_headers()
            self.wfile.write(answer.body[: answer.cut])

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815 - the server's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.url = f"http://{name}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)


def forwarded(upstream: str, received: Received) -> Answer:
    """Return what the server behind answers. The Host goes along, so that its addresses lead to the gate again."""
    parts = urlsplit(upstream)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    with contextlib.closing(connection):
        connection.request(received.method, received.target, received.body, received.headers)
        response = connection.getresponse()
        headers = {name: value for name, value in response.getheaders() if name.lower() not in _HOP}
        return Answer(response.status, headers, response.read())


def _as_json(body: Any, **escape: bool) -> bytes:
    text = json.dumps(body)
    return (text.replace("/", "\\/") if escape.get("slashes") else text).encode()


def _in_codes(received: Received) -> bytes:
    """Return a request in base64 (three alignments), URL-quoted and in hexadecimal."""
    raw = received.raw()
    codes = [base64.b64encode(b" " * n + raw).decode() for n in range(3)]
    codes += [base64.urlsafe_b64encode(raw).decode(), quote(raw, safe=""), raw.hex(), raw.hex().upper()]
    return "\n".join(codes).encode()


#: Ways in which servers echo the whole request that they refuse: the headers of the response and its body.
ECHOES: dict[str, Callable[[Received], tuple[dict[str, str], bytes]]] = {
    "message": lambda r: (_JSON, _as_json({"message": f"refused: {r.text()}"})),
    "message, slashes escaped": lambda r: (_JSON, _as_json({"message": f"refused: {r.text()}"}, slashes=True)),
    "end of the body": lambda r: (_JSON, _as_json({"message": r.text()[-900:]})),
    "field errors": lambda r: (_JSON, _as_json({"message": "no", "errors": {"body": r.text(), "more": [r.text()]}})),
    "details": lambda r: (_JSON, _as_json({"detail": [{"loc": ["body", "x"], "msg": r.text(), "input": r.text()}]})),
    "nested JSON": lambda r: (_JSON, _as_json({"message": json.dumps(json.dumps(r.text()))})),
    "page": lambda r: ({"Content-Type": "text/html"}, f"<pre>{html.escape(r.text())}</pre>".encode()),
    "text": lambda r: ({"Content-Type": "text/plain"}, r.raw()),
    "text, body first": lambda r: ({"Content-Type": "text/plain"}, r.body + r.raw()),
    "codes": lambda r: ({"Content-Type": "text/plain"}, _in_codes(r)),
    "codes in a message": lambda r: (_JSON, _as_json({"message": _in_codes(r).decode()})),
    "names of fields": lambda r: (
        _JSON,
        _as_json({"message": "no", "errors": {r.text(): "unknown", "a": {r.text(): 1}}}),
    ),
    "request id": lambda r: (
        {**_JSON, "X-Request-Id": r.headers.get("Authorization", "none") + quote(r.body.decode("utf-8", "replace"))},
        b'{"message": "no"}',
    ),
}


def echo(style: str, status: int) -> Callable[[Received], Answer]:
    """Return a rule that answers with this status and echoes the request."""

    def rule(received: Received) -> Answer:
        headers, body = ECHOES[style](received)
        return Answer(status, headers, body)

    return rule
