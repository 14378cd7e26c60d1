"""The async sender, on ``aiohttp``; used in the triggerer, for looks and cancellations only."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp

from datarobot_provider.client.request import Reply, Request
from datarobot_provider.client.retry import tries
from datarobot_provider.client.transport import POOL_SIZE, USER_AGENT, TransportSettings, transport_error

if TYPE_CHECKING:
    from datarobot_provider.client.auth import Token
    from datarobot_provider.client.endpoint import Endpoint
    from datarobot_provider.exceptions import TransportError

_METHODS = frozenset({"GET", "DELETE"})


class AsyncTransport:
    """Sends looks and cancellations over one pooled session and never follows a redirect.

    :param endpoint: where the API lives.
    :param token: the API token.
    :param settings: timeouts, trust and patience.
    """

    def __init__(self, endpoint: Endpoint, token: Token, settings: TransportSettings) -> None:
        self._endpoint = endpoint
        self._token = token
        self._settings = settings
        own = settings.ca_bundle or settings.client_cert or not settings.verify
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=POOL_SIZE, ssl=settings.tls() if own else True),
            headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=settings.connect_timeout, sock_read=settings.read_timeout
            ),
            trust_env=True,
        )

    async def send(self, request: Request) -> Reply:
        """Send ``request`` as often as the retry policy allows.

        :returns: the reply, whatever its status.
        :raises TransportError: if there was none.
        :raises ValueError: for a method that starts or changes something: a trigger may run twice.
        """
        if request.method not in _METHODS:
            raise ValueError(f"{request.method} must not be sent from the triggerer")
        steps = tries(request, self._settings.retry)
        step = next(steps)
        while True:
            try:
                if step is None:
                    step = steps.send(await self._attempt(request))
                else:
                    await asyncio.sleep(step)
                    step = next(steps)
            except StopIteration as stop:
                reply: Reply = stop.value
                return reply

    async def close(self) -> None:
        """Close the pooled connections."""
        await self._session.close()

    async def _attempt(self, request: Request) -> Reply | TransportError:
        sendings = _Sendings(self._token)
        try:
            async with self._session.request(
                request.method,
                self._endpoint.url(request.path),
                params=request.query(),
                allow_redirects=False,
                middlewares=(sendings,),
            ) as response:
                headers = {name.lower(): _readable(value) for name, value in response.headers.items()}
                body = await response.read()
                return Reply(response.status, headers, body, repeated=sendings.count > 1)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            reason, sent = _classify(error)
            return transport_error(request, reason, sent=sent)


class _Sendings:
    """Sets the bearer header, and counts: ``aiohttp`` sends a request anew when a pooled connection turns out dead.

    The header is set last of all, because proxies from the environment bring ``~/.netrc`` along.
    """

    def __init__(self, token: Token) -> None:
        self._token = token
        self.count = 0

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send ``request``."""
        self.count += 1
        request.headers["Authorization"] = self._token.header()
        return await handler(request)


def _readable(value: str) -> str:
    """Return a header without the halves of characters as which ``aiohttp`` keeps bytes that are not UTF-8."""
    return value.encode(errors="replace").decode()


def _classify(error: Exception) -> tuple[str, bool]:
    """Say why there is no reply, and whether the request may have arrived."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "dns", False
    if isinstance(error, aiohttp.ClientConnectorSSLError | aiohttp.ClientConnectorCertificateError):
        return "tls", False
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return "timeout", False
    if isinstance(error, aiohttp.ClientConnectorError):
        return "refused", False
    if isinstance(error, TimeoutError):
        return "timeout", True
    return "lost", True
