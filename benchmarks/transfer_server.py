"""A server that accepts uploads and sends downloads as fast as Python's TLS allows, with one thread per connection.

It runs in a separate process: ``python -m benchmarks.transfer_server --pem PEM --download BYTES``.
"""

from __future__ import annotations

import argparse
import json
import os
import socketserver
import ssl
import threading
from typing import TYPE_CHECKING, Any

from benchmarks.subprocesses import print_ports
from harness.processes import LOCALHOST

if TYPE_CHECKING:
    import socket

PIECE = 1024 * 1024
_ID = "64f000000000000000000002"
_TIME = "2026-01-01T00:00:00.000000Z"
_VERSION = {
    "id": _ID,
    "customModelId": "64f000000000000000000001",
    "versionMajor": 1,
    "versionMinor": 0,
    "label": "1.0",
    "description": None,
    "created": _TIME,
    "isFrozen": False,
    "items": [{"id": _ID, "fileName": "m", "filePath": "m", "fileSource": "local", "created": _TIME}],
    "dependencies": [],
    "requiredMetadataValues": [],
    "runtimeParameters": [],
}
_API = {"major": 2, "minor": 49, "versionString": "2.49.0", "releasedVersion": "2.49.0"}


class Connection(socketserver.BaseRequestHandler):
    """Responds to the requests of one connection."""

    request: socket.socket
    server: Server

    def handle(self) -> None:
        """Respond until the client closes the connection."""
        self._buffer = bytearray(PIECE)
        self._rest = b""
        try:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
            while head := self._head():
                self._respond(*head)
        except (ssl.SSLError, ConnectionError):
            return

    def _head(self) -> tuple[str, str, dict[str, str]] | None:
        text = self._rest
        while (end := text.find(b"\r\n\r\n")) < 0:
            piece = self.request.recv(65536)
            if not piece:
                return None
            text += piece
        self._rest = text[end + 4 :]
        first, *lines = text[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        method, path, _ = first.split(" ")
        return method, path, headers

    def _respond(self, method: str, path: str, headers: dict[str, str]) -> None:
        if headers.get("expect", "").lower() == "100-continue":
            self.request.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "content-length" not in headers and "transfer-encoding" in headers:
            self._send_json("411 Length Required", {"message": "a length is needed"})
            return
        self._discard(int(headers.get("content-length", 0)))
        if method != "GET":
            self._send_json("201 Created", _VERSION)
        elif "/download/" in path:
            self._send_download(self.server.download)
        else:
            self._send_json("200 OK", _API if path.endswith("/version/") else _VERSION)

    def _discard(self, length: int) -> None:
        left = length - len(self._rest)
        while left > 0:
            count = self.request.recv_into(self._buffer)
            if not count:
                raise ConnectionError
            left -= count
        self._rest = b""

    def _send_json(self, status: str, body: Any) -> None:
        text = json.dumps(body).encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
        self.request.sendall(head.encode() + text)

    def _send_download(self, size: int) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\nContent-Length: {size}\r\n\r\n"
        self.request.sendall(head.encode())
        while size > 0:
            piece = self.server.piece[:size]
            self.request.sendall(piece)
            size -= len(piece)


class Server(socketserver.ThreadingTCPServer):
    """Listens on a free port of the loopback address.

    :param pem: path of a PEM file with the certificate and its key.
    :param download: size of every download in bytes.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, pem: str, download: int) -> None:
        super().__init__((LOCALHOST, 0), Connection)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(pem)
        self.download, self.piece = download, memoryview(os.urandom(PIECE))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pem", required=True)
    parser.add_argument("--download", type=int, required=True)
    options = parser.parse_args()
    with Server(options.pem, options.download) as server:
        print_ports(port=server.server_address[1])
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        serving.join()
