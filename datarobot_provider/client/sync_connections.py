"""Connections of the sync sender that keep to the limit of an attempt with every byte that they send and receive.

The timeouts of ``requests`` begin anew with each byte, so that a server which sends one now and then holds a worker for
ever. Here every operation on the socket gets what the :class:`Limit` of the attempt has left.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import allowed_gai_family

if TYPE_CHECKING:
    from collections.abc import Iterator

    from urllib3 import PoolManager, ProxyManager

    from datarobot_provider.client.limits import Limit
    from datarobot_provider.client.proxy import Proxy

#: The longest line of a head, as in ``http.client``; the library above reads lines of a chunked body without any limit.
_LONGEST_LINE = 65_537
#: Statuses after which the final response still comes.
_INTERIM = range(100, 200)

_LIMIT: ContextVar[Limit | None] = ContextVar("limit", default=None)


@contextmanager
def limited(limit: Limit) -> Iterator[None]:
    """Let what is sent and received inside keep to ``limit``."""
    token = _LIMIT.set(limit)
    try:
        yield
    finally:
        _LIMIT.reset(token)


class LimitedAdapter(HTTPAdapter):
    """Pools connections that keep to limits.

    :param pool_size: how many idle connections it keeps.
    :param proxy: whose headers it sends.
    """

    def __init__(self, pool_size: int, proxy: Proxy | None) -> None:
        self._proxy = proxy
        super().__init__(pool_maxsize=pool_size)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> ProxyManager | PoolManager:
        """Return the pools of the connections by way of a proxy."""
        manager: ProxyManager | PoolManager = super().proxy_manager_for(proxy, **proxy_kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def proxy_headers(self, _: str) -> dict[str, str]:
        """Return the headers that let us use the proxy."""
        return dict(self._proxy.headers) if self._proxy else {}


class _Source(io.RawIOBase):
    """Reads from a socket within a limit."""

    def __init__(self, sock: socket.socket, limit: Limit) -> None:
        super().__init__()
        self._sock = sock
        self._limit = limit
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._limit.left())
        began = time.monotonic()
        size = self._raw.readinto(buffer)
        self._limit.record(size or 0, time.monotonic() - began)
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Reader(io.BufferedReader):
    """Reads nothing that has no end: no line, and no chunk whose size is below zero."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            raise http.client.HTTPException("a read without a size")
        return super().read(size)

    def readline(self, size: int | None = -1, /) -> bytes:
        return super().readline(size if size is not None and 0 <= size < _LONGEST_LINE else _LONGEST_LINE)


class _Files:
    """Gives a response its file: the only thing that it wants of a socket."""

    def __init__(self, sock: socket.socket, limit: Limit) -> None:
        self._sock = sock
        self._limit = limit

    def makefile(self, *_: Any) -> _Reader:
        """Return what reads from the socket."""
        return _Reader(_Source(self._sock, self._limit))


class _Response(http.client.HTTPResponse):
    """A response that has to arrive within the limit of its request."""

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        if limit := _LIMIT.get():
            sock = _Files(sock, limit.response())
        super().__init__(sock, *args, **kwargs)

    def _read_status(self) -> tuple[str, int, str]:
        """Read a status line; the library waits for the final response only after a 100."""
        version, status, reason = super()._read_status()  # type: ignore[misc]
        is_interim = status in _INTERIM and status != http.client.SWITCHING_PROTOCOLS
        return version, http.client.CONTINUE if is_interim else status, reason


class _Connection(HTTPConnection):
    response_class = _Response
    sock: Any

    def _new_conn(self) -> socket.socket:
        """Connect to one of the host's addresses, with an equal share of the time for each that is left to try."""
        limit = _LIMIT.get()
        if limit is None:
            return super()._new_conn()
        end = time.monotonic() + min(float(self.timeout or limit.left()), limit.left())
        try:
            # The address of a proxy comes in brackets where it is one of IPv6.
            host = self._dns_host.strip("[]")
            found = socket.getaddrinfo(host, self.port, allowed_gai_family(), socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        failure = OSError("no address")
        for count, (family, kind, protocol, _, address) in enumerate(found, start=1):
            sock = socket.socket(family, kind, protocol)
            try:
                for option in self.socket_options or ():
                    sock.setsockopt(*option)
                sock.settimeout(max((end - time.monotonic()) / (len(found) + 1 - count), 0.001))
                sock.connect(address)
            except OSError as error:
                sock.close()
                failure = error
            else:
                # What is left is for the TLS handshake, to which the timeout applies as a whole.
                sock.settimeout(max(end - time.monotonic(), 0.001))
                return sock
        if isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(self, f"Connection to {self.host} timed out") from failure
        raise NewConnectionError(self, "Failed to establish a new connection") from failure

    def send(self, data: Any) -> None:
        """Send bytes, as many at once as the other side takes."""
        limit = _LIMIT.get()
        if limit is None:
            super().send(data)
            return
        if self.sock is None:
            self.connect()
        rest = memoryview(data)
        while rest:
            self.sock.settimeout(limit.left())
            began = time.monotonic()
            size = self.sock.send(rest)
            limit.record(size, time.monotonic() - began)
            rest = rest[size:]


class _TlsConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS = {"http": _Pool, "https": _TlsPool}
