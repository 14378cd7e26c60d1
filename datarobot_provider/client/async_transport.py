"""Asynchronous transport, based on ``aiohttp``. Used in the triggerer, for polls and cancellations only."""

from __future__ import annotations

import asyncio
import socket
from contextlib import nullcontext
from functools import lru_cache
from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

from datarobot_provider.client.body import ACCEPT_ENCODING, STEP, Body, UnreadableBodyError
from datarobot_provider.client.poll_limit import PollLimit
from datarobot_provider.client.proxy import proxy_for
from datarobot_provider.client.request import Request, Response
from datarobot_provider.client.retry import retry_after, retry_steps
from datarobot_provider.client.transport import (
    POOL_SIZE,
    USER_AGENT,
    TransportSettings,
    is_plain_http,
    transport_error,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from datarobot_provider.client.auth import Token
    from datarobot_provider.client.endpoint import Endpoint
    from datarobot_provider.exceptions import TransportError

_METHODS = frozenset({"GET", "DELETE"})
#: Seconds that an idle connection is kept for the next poll. After a longer pause, the cost of a new TLS handshake is
#: negligible.
_KEEP_ALIVE = 90.0
#: Connections of the pool that are reserved for cancellations.
_RESERVED = 2
#: Maximum length of a line in the head of a response, in bytes, as on a worker.
_LONGEST_LINE = 65_536
#: Size of the receive buffer of a socket, in bytes. ``aiohttp`` parses its content in one step: a quarter of a megabyte
#: in chunks of one byte would block the event loop for a quarter of a second.
_RECEIVE_BUFFER = 16 * 1024
#: Number of parsed URLs that are cached, since every wait polls the same URL repeatedly. The cache saves 13 % of the
#: CPU time of 3,000 waits and needs 1 KB for each (make bench ROWS=waiting).
_CACHED_URLS = 16_384


class AsyncTransport:
    """Sends polls and cancellations over one pooled session. It does not follow redirects.

    :param endpoint: the endpoint of the installation.
    :param token: the API token.
    :param settings: the settings, including the retry policy.
    :param tls: the TLS context of the settings, if it was created before; that reads files.
    """

    def __init__(
        self, endpoint: Endpoint, token: Token, settings: TransportSettings, tls: ssl.SSLContext | None = None
    ) -> None:
        self._token = token
        self._settings = settings
        # Determined once: ``aiohttp`` would do it for each request, in a thread, and read ``~/.netrc`` each time.
        proxy = proxy_for(endpoint.origin)
        credentials = dict(proxy.headers) if proxy else {}
        # A proxy reads the headers of a plain request, but for a tunnel only those of the CONNECT request.
        is_tunnelled = endpoint.origin.startswith("https:")
        self._proxy_headers = credentials or None if is_tunnelled else None
        # Cancellations do not wait for a slot. Waiting here and not for a connection in ``aiohttp`` saves 25 % of the
        # memory of 3,000 waits (make bench ROWS=waiting).
        self._poll_slots = asyncio.Semaphore(POOL_SIZE - _RESERVED)
        self._poll_limit = PollLimit(settings.max_polls_per_second)
        self._url = lru_cache(_CACHED_URLS)(lambda path: URL(endpoint.url(path)))
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=POOL_SIZE,
                keepalive_timeout=_KEEP_ALIVE,
                ssl=tls or settings.tls(),
                socket_factory=_create_socket,
            ),
            headers={
                "User-Agent": USER_AGENT,
                "Accept": "application/json",
                "Accept-Encoding": ACCEPT_ENCODING,
                **({} if is_tunnelled else credentials),
            },
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=settings.connect_timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
            proxy=URL(proxy.url) if proxy else None,
            # ``aiohttp`` decompresses all received data in one step, without a limit.
            auto_decompress=False,
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
        )

    async def send(self, request: Request) -> Response:
        """Send ``request``, with the attempts that the retry policy allows.

        :returns: the response, whatever its status.
        :raises TransportError: if there is no response.
        :raises ValueError: if the method is unsafe: a trigger may run twice.
        """
        if request.method not in _METHODS:
            raise ValueError(f"{request.method} requests must not be sent from the triggerer")
        steps = retry_steps(request, self._settings.retry_of(request))
        step = next(steps)
        while True:
            try:
                if step is None:
                    step = steps.send(await self._attempt(request))
                else:
                    await asyncio.sleep(step)
                    step = next(steps)
            except StopIteration as stop:
                response: Response = stop.value
                return response

    async def close(self) -> None:
        """Close the pooled connections."""
        await self._session.close()

    async def _attempt(self, request: Request) -> Response | TransportError:
        counter, is_poll = _SendCounter(), request.method == "GET"
        if is_poll and request.is_limited:
            await self._poll_limit.acquire(urgent=request.lists_jobs)
        try:
            async with (
                self._poll_slots if is_poll else nullcontext(),
                asyncio.timeout(self._settings.read_timeout),
                self._session.request(
                    request.method,
                    self._url(request.path),
                    params=request.query() or None,
                    headers={"Authorization": self._token.header()},
                    allow_redirects=False,
                    proxy_headers=self._proxy_headers,
                    # Whether it was sent twice is only relevant for a DELETE.
                    middlewares=() if is_poll else (counter,),
                ) as response,
            ):
                headers = _headers(response)
                body = await _read(request, response, headers)
        except UnreadableBodyError:
            return transport_error(request, "lost", sent=True)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            reason, sent = _classify(error)
            return transport_error(request, reason, sent=sent)
        received = Response(response.status, headers, body, repeated=counter.count > 1)
        if (seconds := retry_after(received)) is not None:
            self._poll_limit.hold(min(seconds, self._settings.retry.cap))
        return received


class _SendCounter:
    """Counts how often a request is sent. ``aiohttp`` sends it again if a pooled connection turns out to be closed."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Count ``request`` and send it."""
        self.count += 1
        return await handler(request)


async def _read(request: Request, response: aiohttp.ClientResponse, headers: Mapping[str, str]) -> bytes:
    """Read a body within its size limit. The event loop runs other tasks between two decompression steps."""
    if "content-encoding" not in headers and (response.content_length or STEP) < STEP:
        return await response.read()
    body = Body(request, response.status, headers)
    async for chunk in response.content.iter_any():
        for _ in body.add(chunk):
            await asyncio.sleep(0)
        if body.is_full:
            break
    return body.finish()


def _headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    """Return the headers of a response. Repeated headers are joined, as on a worker."""
    headers = {name.lower(): _without_surrogates(value) for name, value in response.headers.items()}
    if len(headers) < len(response.headers):
        headers = {name: _without_surrogates(", ".join(response.headers.getall(name))) for name in headers}
    return headers


def _create_socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """Create a socket with a small receive buffer."""
    family, kind, protocol, *_ = address
    sock = socket.socket(family, kind, protocol)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
    return sock


def _without_surrogates(value: str) -> str:
    """Replace the surrogates that represent bytes other than UTF-8 in a header of ``aiohttp``."""
    return value if value.isascii() else value.encode(errors="replace").decode()


def _classify(error: Exception) -> tuple[str, bool]:
    """Return the reason of a failed request, and whether the request may have been sent."""
    is_unconnected = isinstance(error, aiohttp.ClientConnectorError)
    tls = (aiohttp.ClientConnectorSSLError, aiohttp.ClientConnectorCertificateError)
    signs: tuple[tuple[bool, str, bool], ...] = (
        (isinstance(error, aiohttp.ClientConnectorDNSError), "dns", False),
        (is_unconnected and is_plain_http(getattr(error, "os_error", error)), "plain http", False),
        (isinstance(error, tls), "tls", False),
        (isinstance(error, aiohttp.ConnectionTimeoutError), "timeout", False),
        (isinstance(error, aiohttp.ClientHttpProxyError), "proxy", False),
        (is_unconnected, "refused", False),
        (isinstance(error, TimeoutError), "timeout", True),
    )
    return next(((reason, sent) for found, reason, sent in signs if found), ("lost", True))
