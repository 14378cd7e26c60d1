"""A proxy between the provider and the emulator that writes down every request as it went over the wire."""

from __future__ import annotations

import contextlib
import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.contract.provider.openapi import Exchange

if TYPE_CHECKING:
    from collections.abc import Iterator

_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"}


@contextlib.contextmanager
def recording(url: str) -> Iterator[tuple[str, list[Exchange]]]:
    """Forward to ``url``; give the proxy's own address and the exchanges so far."""
    seen: list[Exchange] = []
    upstream = urlsplit(url)

    class Handler(BaseHTTPRequestHandler):
        """Forwards one request, its Host included, so that every Location names the proxy."""

        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            exchange = Exchange(self.command, self.path, headers, body)
            seen.append(exchange)
            connection = http.client.HTTPConnection(upstream.hostname or "", upstream.port, timeout=30)
            with contextlib.closing(connection):
                connection.request(self.command, self.path, body, headers)
                response = connection.getresponse()
                content = response.read()
                exchange.status = response.status
                self.send_response(response.status)
                for name, value in response.getheaders():
                    if name.lower() not in _HOP:
                        self.send_header(name, value)
                if response.status != http.client.NO_CONTENT:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                # A client that has heard enough hangs up.
                with contextlib.suppress(ConnectionError):
                    self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _forward  # noqa: N815 - the server's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
