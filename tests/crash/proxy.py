"""A TCP proxy that can simulate an outage: it refuses connections, and resets those that are open."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Self

LOCALHOST = "127.0.0.1"
_CHUNK = 65536


class Proxy:
    """Forwards a free port on the loopback address to another: ``with Proxy(port) as proxy``.

    :param target: the port to forward to.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = _listening(0)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._serve()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def down(self) -> None:
        """Begin an outage: new connections are refused, open ones are reset."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            connections, self._open = self._open, set()
        for each in connections:
            _cut(each)

    def up(self) -> None:
        """End the outage, on the same port."""
        self._listener = _listening(self.port)
        self._serve()

    def _serve(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection((LOCALHOST, self._target))
                with self._lock:
                    self._open |= {client, server}
                for one, other in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                sink.sendall(data)
        with self._lock:
            self._open -= {source, sink}
        _cut(source)
        _cut(sink)


def _listening(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((LOCALHOST, port))
    listener.listen(128)
    return listener


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
