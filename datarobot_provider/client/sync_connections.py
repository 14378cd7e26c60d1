"""Connections of ``requests`` that apply the limit of an attempt to every operation on their socket.

The timeouts of ``requests`` start again with each byte, so a server that sends one byte now and then blocks a worker
indefinitely. Here, the timeout of every operation is the remaining time of the :class:`Limit`.
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

#: Maximum length of a line, as in ``http.client``. ``urllib3`` reads the lines of a chunked body without a limit.
_LONGEST_LINE = 65_537
#: Statuses of interim responses, which precede the final response.
_INTERIM = range(100, 200)

_LIMIT: ContextVar[Limit | None] = ContextVar("limit", default=None)


@contextmanager
def limited(limit: Limit) -> Iterator[None]:
    """Apply ``limit`` to everything that is sent and received within the context."""
    token = _LIMIT.set(limit)
    try:
        yield
    finally:
        _LIMIT.reset(token)


class LimitedAdapter(HTTPAdapter):
    """Adapter whose connections apply limits.

    :param pool_size: maximum number of idle connections.
    :param proxy: the proxy whose headers are sent.
    """

    def __init__(self, pool_size: int, proxy: Proxy | None) -> None:
        self._proxy = proxy
        super().__init__(pool_maxsize=pool_size)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Create the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> ProxyManager | PoolManager:
        """Return the pools of connections through a proxy."""
        manager: ProxyManager | PoolManager = super().proxy_manager_for(proxy, **proxy_kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def proxy_headers(self, _: str) -> dict[str, str]:
        """Return the headers for the proxy."""
        return dict(self._proxy.headers) if self._proxy else {}


class _LimitedRawSocket(io.RawIOBase):
    """Reads from a socket within a limit."""

    def __init__(self, sock: socket.socket, limit: Limit) -> None:
        super().__init__()
        self._sock = sock
        self._limit = limit
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._limit.remaining())
        started = time.monotonic()
        size = self._raw.readinto(buffer)
        self._limit.record(size or 0, time.monotonic() - started)
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedReader(io.BufferedReader):
    """Refuses reads without a size limit: of a line, and of a chunk with a negative size."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            raise http.client.HTTPException("a read without a size")
        return super().read(size)

    def readline(self, size: int | None = -1, /) -> bytes:
        return super().readline(size if size is not None and 0 <= size < _LONGEST_LINE else _LONGEST_LINE)


class _LimitedSocket:
    """Replaces the socket of a response, which only calls ``makefile``."""

    def __init__(self, sock: socket.socket, limit: Limit) -> None:
        self._sock = sock
        self._limit = limit

    def makefile(self, *_: Any) -> _BoundedReader:
        """Return a file object that reads within the limit."""
        return _BoundedReader(_LimitedRawSocket(self._sock, self._limit))


class _Response(http.client.HTTPResponse):
    """Response that must be received within the limit of its request."""

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        if limit := _LIMIT.get():
            sock = _LimitedSocket(sock, limit.response())
        super().__init__(sock, *args, **kwargs)

    def _read_status(self) -> tuple[str, int, str]:
        """Read a status line. ``http.client`` skips only a 100, so other interim responses are reported as a 100."""
        version, status, reason = super()._read_status()  # type: ignore[misc]
        is_interim = status in _INTERIM and status != http.client.SWITCHING_PROTOCOLS
        return version, http.client.CONTINUE if is_interim else status, reason


class _Connection(HTTPConnection):
    response_class = _Response
    sock: Any

    def _new_conn(self) -> socket.socket:
        """Connect to one of the addresses of the host. The remaining time is divided equally among them."""
        limit = _LIMIT.get()
        if limit is None:
            return super()._new_conn()
        end = time.monotonic() + min(float(self.timeout or limit.remaining()), limit.remaining())
        try:
            # The host of a proxy has brackets if it is an IPv6 address.
            host = self._dns_host.strip("[]")
            addresses = socket.getaddrinfo(host, self.port, allowed_gai_family(), socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        failure = OSError("no address")
        for count, (family, kind, protocol, _, address) in enumerate(addresses, start=1):
            sock = socket.socket(family, kind, protocol)
            try:
                for option in self.socket_options or ():
                    sock.setsockopt(*option)
                sock.settimeout(max((end - time.monotonic()) / (len(addresses) + 1 - count), 0.001))
                sock.connect(address)
            except OSError as error:
                sock.close()
                failure = error
            else:
                # The remaining time is the timeout of the TLS handshake.
                sock.settimeout(max(end - time.monotonic(), 0.001))
                return sock
        if isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(self, f"Connection to {self.host} timed out") from failure
        raise NewConnectionError(self, "Failed to establish a new connection") from failure

    def send(self, data: Any) -> None:
        """Send bytes, and apply the limit to each operation on the socket."""
        limit = _LIMIT.get()
        if limit is None:
            super().send(data)
            return
        if self.sock is None:
            self.connect()
        rest = memoryview(data)
        while rest:
            self.sock.settimeout(limit.remaining())
            started = time.monotonic()
            size = self.sock.send(rest)
            limit.record(size, time.monotonic() - started)
            rest = rest[size:]


class _TlsConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS = {"http": _Pool, "https": _TlsPool}
