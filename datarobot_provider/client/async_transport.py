"""The async sender, on ``aiohttp``; used in the triggerer, for looks and cancellations only."""

from __future__ import annotations

import asyncio
import socket
from contextlib import nullcontext
from functools import lru_cache
from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

from datarobot_provider.client.body import ACCEPT_ENCODING, STEP, Body, UnreadableBodyError
from datarobot_provider.client.proxy import proxy_for
from datarobot_provider.client.request import Request, Response
from datarobot_provider.client.retry import retry_steps
from datarobot_provider.client.transport import (
    POOL_SIZE,
    USER_AGENT,
    TransportSettings,
    is_plain_http,
    transport_error,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.client.auth import Token
    from datarobot_provider.client.endpoint import Endpoint
    from datarobot_provider.exceptions import TransportError

_METHODS = frozenset({"GET", "DELETE"})
#: Seconds that an idle connection is kept for the next look: longer than any pause after which a new TLS handshake
#: would still count.
_KEEP_ALIVE = 90.0
#: Connections of the pool that looks leave free.
_FOR_CANCELLATIONS = 2
#: Seconds between two checks whether a request takes too long.
_LIMITS_EVERY = 1.0
#: The longest line of a head, in bytes, as on a worker.
_LONGEST_LINE = 65_536
#: What the system may receive ahead, in bytes. The library parses all of it in one go: of chunks that hold a byte each,
#: a quarter of a megabyte would hold the event loop for a quarter of a second.
_RECEIVED_AHEAD = 16 * 1024
#: Addresses that are kept in their parsed form, since every wait asks for the same one again and again.
_ADDRESSES = 16_384


class AsyncTransport:
    """Sends looks and cancellations over one pooled session and never follows a redirect.

    :param endpoint: where the API lives.
    :param token: the API token.
    :param settings: timeouts, trust and the retry policy.
    """

    def __init__(self, endpoint: Endpoint, token: Token, settings: TransportSettings) -> None:
        self._token = token
        self._settings = settings
        own = settings.ca_bundle or settings.client_cert or not settings.verify
        # Asked once: the library would ask for each request, in a thread, and read ``~/.netrc`` each time.
        proxy = proxy_for(endpoint.origin)
        login = dict(proxy.headers) if proxy else {}
        # A proxy reads the headers of a request that it passes on, but of a tunnel only those that ask for it.
        tunnelled = endpoint.origin.startswith("https:")
        self._proxy_headers = login or None if tunnelled else None
        # Whoever waits for a turn here costs less than a request that waits for a connection. Cancellations never wait.
        self._turns = asyncio.Semaphore(POOL_SIZE - _FOR_CANCELLATIONS)
        self._limits = _TimeLimits(settings.read_timeout)
        self._address = lru_cache(_ADDRESSES)(lambda path: URL(endpoint.url(path)))
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=POOL_SIZE,
                keepalive_timeout=_KEEP_ALIVE,
                ssl=settings.tls() if own else True,
                socket_factory=_small_socket,
            ),
            headers={
                "User-Agent": USER_AGENT,
                "Accept": "application/json",
                "Accept-Encoding": ACCEPT_ENCODING,
                **({} if tunnelled else login),
            },
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=settings.connect_timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
            proxy=URL(proxy.url) if proxy else None,
            # The library unpacks in one piece what has arrived, however much it becomes.
            auto_decompress=False,
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
        )

    async def send(self, request: Request) -> Response:
        """Send ``request`` as often as the retry policy allows.

        :returns: the response, whatever its status.
        :raises TransportError: if there was none.
        :raises ValueError: for a method that starts or changes something: a trigger may run twice.
        """
        if request.method not in _METHODS:
            raise ValueError(f"{request.method} must not be sent from the triggerer")
        steps = retry_steps(request, self._settings.retry)
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
        sendings, polls = _Sendings(), request.method == "GET"
        try:
            async with self._turns if polls else nullcontext(), asyncio.timeout(None) as limit:
                self._limits.begin(limit)
                try:
                    async with self._session.request(
                        request.method,
                        self._address(request.path),
                        params=request.query() or None,
                        headers={"Authorization": self._token.header()},
                        allow_redirects=False,
                        proxy_headers=self._proxy_headers,
                        # Only of a DELETE it matters whether it was sent twice.
                        middlewares=() if polls else (sendings,),
                    ) as response:
                        headers = _headers(response)
                        body = await _read(request, response, headers)
                finally:
                    self._limits.end(limit)
        except UnreadableBodyError:
            return transport_error(request, "lost", sent=True)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            reason, sent = _classify(error)
            return transport_error(request, reason, sent=sent)
        return Response(response.status, headers, body, repeated=sendings.count > 1)


class _Sendings:
    """Counts: ``aiohttp`` sends a request anew when a pooled connection turns out dead."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send ``request``."""
        self.count += 1
        return await handler(request)


class _TimeLimits:
    """Ends what takes too long. One timer serves all requests: one for each is a sixth of what a look costs.

    :param seconds: how long a request may take; it may take a little longer.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._every = min(_LIMITS_EVERY, seconds / 4)
        self._running: dict[asyncio.Timeout, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, limit: asyncio.Timeout) -> None:
        """Let ``limit``, which has no end of its own yet, end in time."""
        loop = asyncio.get_running_loop()
        self._running[limit] = loop.time() + self._seconds
        self._timer = self._timer or loop.call_later(self._every, self._check, loop)

    def end(self, limit: asyncio.Timeout) -> None:
        """Forget ``limit``: what was inside is over."""
        self._running.pop(limit, None)

    def _check(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for limit in [limit for limit, end in self._running.items() if end <= now]:
            del self._running[limit]
            limit.reschedule(now)
        self._timer = loop.call_later(self._every, self._check, loop) if self._running else None


async def _read(request: Request, response: aiohttp.ClientResponse, headers: Mapping[str, str]) -> bytes:
    """Read a body within its limit; between two steps of unpacking, the event loop goes on with other things."""
    if "content-encoding" not in headers and (response.content_length or STEP) < STEP:
        return await response.read()
    body = Body(request, response.status, headers)
    async for piece in response.content.iter_any():
        for _ in body.add(piece):
            await asyncio.sleep(0)
        if body.is_full:
            break
    return body.finish()


def _headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    """Return the headers of a response; what comes twice is joined, as on a worker."""
    headers = {name.lower(): _readable(value) for name, value in response.headers.items()}
    if len(headers) < len(response.headers):
        headers = {name: _readable(", ".join(response.headers.getall(name))) for name in headers}
    return headers


def _small_socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """Make a socket that takes in little at once."""
    family, kind, protocol, *_ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVED_AHEAD)
    return made


def _readable(value: str) -> str:
    """Return a header without the halves of characters as which ``aiohttp`` keeps bytes that are not UTF-8."""
    return value if value.isascii() else value.encode(errors="replace").decode()


def _classify(error: Exception) -> tuple[str, bool]:
    """Say why there is no response, and whether the request may have arrived."""
    in_vain = isinstance(error, aiohttp.ClientConnectorError)
    tls = (aiohttp.ClientConnectorSSLError, aiohttp.ClientConnectorCertificateError)
    signs: tuple[tuple[bool, str, bool], ...] = (
        (isinstance(error, aiohttp.ClientConnectorDNSError), "dns", False),
        (in_vain and is_plain_http(getattr(error, "os_error", error)), "plain http", False),
        (isinstance(error, tls), "tls", False),
        (isinstance(error, aiohttp.ConnectionTimeoutError), "timeout", False),
        (isinstance(error, aiohttp.ClientHttpProxyError), "proxy", False),
        (in_vain, "refused", False),
        (isinstance(error, TimeoutError), "timeout", True),
    )
    return next(((reason, sent) for found, reason, sent in signs if found), ("lost", True))
