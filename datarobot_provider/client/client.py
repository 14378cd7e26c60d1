"""The client of one DataRobot installation."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from datarobot_provider.client.auth import Token, secrets_in
from datarobot_provider.client.download import Downloader
from datarobot_provider.client.errors import error_from
from datarobot_provider.client.operations import Operations
from datarobot_provider.client.request import Request, Response
from datarobot_provider.client.retry import POLL_FAILURE_TIMEOUT
from datarobot_provider.client.transport import transport_error
from datarobot_provider.exceptions import MalformedResponseError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping
    from contextlib import AbstractContextManager

    import requests

    from datarobot_provider.client.endpoint import Endpoint

_FIRST_REDIRECT = 300
_FIRST_ERROR = 400
_SEE_OTHER = 303
_UNAUTHORIZED = 401
_NOT_FOUND = 404
_PROXY_LOGIN = 407
#: A token that was refused and is still the connection's is not asked for again for so long.
_RENEWAL_SECONDS = 10.0
#: What a poll may come back with: a triggerer reads it as JSON in one piece, while its other waits stand still.
_MOST_POLL_BYTES = 4 * 1024 * 1024
_STATUS_RECORDS = ("status/", "genai/status/")
#: What a look at a job may come back with and still say something about the job; the rest is an error of the look.
POLL_STATUSES = frozenset({200, 303, 404, 410, 422})
RELOCATED = 307
ACCEPTED = 202


class SyncSender(Protocol):
    """Sends a request and waits for the response."""

    def send(self, request: Request) -> Response:
        """Send ``request``."""

    def stream(self, request: Request, headers: Mapping[str, str]) -> AbstractContextManager[requests.Response]:
        """Send ``request`` and give the response before its body is read."""

    def stream_elsewhere(
        self, request: Request, url: str, headers: Mapping[str, str]
    ) -> AbstractContextManager[requests.Response]:
        """Do the same at another address, without the token."""

    def close(self) -> None:
        """Let go of the connections."""


class AsyncSender(Protocol):
    """Sends a request without blocking the event loop."""

    async def send(self, request: Request) -> Response:
        """Send ``request``."""

    async def close(self) -> None:
        """Let go of the connections."""


def checked(response: Response, request: Request, token: Token) -> Response:
    """Return ``response`` if it is no error. A token that the server echoes goes no further than here.

    :raises ApiError: for a status of 400 or more.
    :raises TransportError: for a 407, with which a proxy asks for a login; the request went no further.
    :raises MalformedResponseError: for a redirect, and for an HTML page with a status below 400 or of 404. The API
        sends neither, so a proxy or a wrong host answered, and the request was not handled.
        Only the 303 of a status record is a response of the API: it says that a job is done.
    """
    if response.status == _PROXY_LOGIN:
        raise transport_error(request, "proxy", sent=False)
    secrets = frozenset(secrets_in(request.json))
    response = _redacted(response, token, secrets)
    if response.status == _NOT_FOUND and response.is_page:
        raise response.not_json()
    if response.status >= _FIRST_ERROR:
        raise error_from(response, request, lambda text: token.redact(text, secrets | request.private), token.place)
    done = response.status == _SEE_OTHER and request.method == "GET" and request.path.startswith(_STATUS_RECORDS)
    if response.status >= _FIRST_REDIRECT and not done:
        raise MalformedResponseError(
            f"{request.method} {request.path} was redirected ({response.status}), which was not followed. Check the "
            "connection's host: scheme (https), name and port."
        )
    if response.is_page:
        raise response.not_json()
    return response


def checked_poll(response: Response, request: Request, token: Token) -> Response:
    """Return ``response`` if it tells something about a job, be it that the job is gone.

    :raises ApiError: for any other error status.
    :raises MalformedResponseError: for a redirect, and for a page for people: a proxy that does not know the route says
        nothing about the job.
    """
    if response.status in POLL_STATUSES or (response.status == RELOCATED and response.location):
        response = _redacted(response, token)
        if response.is_page:
            raise response.not_json()
        return response
    return checked(response, request, token)


def _redacted(response: Response, token: Token, secrets: Collection[str] = ()) -> Response:
    if not secrets and not token.echoed("\n".join(response.headers.values()), response.body):
        return response
    headers = {name: token.redact(value, secrets) for name, value in response.headers.items()}
    return replace(response, headers=headers, body=token.redact_bytes(response.body, secrets))


class DataRobotClient(Operations):
    """Speaks to one DataRobot installation.

    :param endpoint: where it is.
    :param token: the API token; used here only to keep it out of error texts.
    :param transport: sends the requests.
    :param renew: reads the token anew; a wait outlives many a token.
    :param poll_failure_timeout: how long the polls of a running job may fail in a row, in seconds; default 900.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        token: Token,
        transport: SyncSender,
        renew: Callable[[], Token] | None = None,
        poll_failure_timeout: float = POLL_FAILURE_TIMEOUT,
    ) -> None:
        self.endpoint = endpoint
        self._token = token
        self._transport = transport
        self._renew = renew
        self.poll_failure_timeout = poll_failure_timeout

    def send(self, request: Request) -> Response:
        """Send any request.

        :raises ApiError: if the API answers with an error.
        :raises TransportError: if it does not answer.
        """
        return checked(self._transport.send(request), request, self._token)

    def poll(self, path: str) -> Response:
        """Look at a job: GET ``path``, where "gone" and "not yet" are answers too.

        :raises ApiError: if the look itself was refused or failed.
        :raises TransportError: if there was no answer.
        """
        request = Request("GET", path, most_bytes=_MOST_POLL_BYTES)
        response = self._transport.send(request)
        if response.status == _UNAUTHORIZED and self._renew and self._token.become(self._renew()):
            response = self._transport.send(request)
        return checked_poll(response, request, self._token)

    def downloader(self, report: Callable[[str], None], mask: Callable[[str], None]) -> Downloader:
        """Return what fetches files.

        :param tell: takes lines for the task log.
        :param conceal: takes texts that must not show in a log.
        """
        return Downloader(self._transport, self._token, report, mask)

    def close(self) -> None:
        """Close the pooled connections."""
        self._transport.close()


class AsyncDataRobotClient:
    """Looks at jobs and cancels them, without blocking an event loop; starts and changes nothing else.

    :param endpoint: where DataRobot is.
    :param token: the API token.
    :param transport: sends the requests.
    :param renew: reads the token anew; a triggerer outlives many a token.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        token: Token,
        transport: AsyncSender,
        renew: Callable[[], Awaitable[Token]] | None = None,
    ) -> None:
        self.endpoint = endpoint
        self._token = token
        self._transport = transport
        self._renew = renew
        self._renewing = asyncio.Lock()
        self._renewed_at = -math.inf

    async def poll(self, path: str) -> Response:
        """Look at a job; see :meth:`DataRobotClient.look`."""
        request = Request("GET", path, most_bytes=_MOST_POLL_BYTES)
        return checked_poll(await self._sent(request), request, self._token)

    async def delete(self, path: str) -> Response:
        """DELETE ``path``.

        :raises ApiError: if the API answers with an error.
        :raises TransportError: if it does not answer.
        """
        request = Request("DELETE", path)
        return checked(await self._sent(request), request, self._token)

    async def close(self) -> None:
        """Close the pooled connections."""
        await self._transport.close()

    async def _sent(self, request: Request) -> Response:
        """Send ``request``, a second time if the token that was refused is no longer the connection's."""
        used = self._token.header()
        response = await self._transport.send(request)
        if response.status == _UNAUTHORIZED and await self._has_renewed(used):
            response = await self._transport.send(request)
        return response

    async def _has_renewed(self, used: str) -> bool:
        """Return whether there is another token than the one that was used; asked once for all who wait."""
        async with self._renewing:
            if self._renew and self._token.header() == used and time.monotonic() > self._renewed_at + _RENEWAL_SECONDS:
                self._renewed_at = time.monotonic()
                self._token.become(await self._renew())
            return self._token.header() != used
