"""Synchronous and asynchronous client of the DataRobot API."""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.download import Downloader
from datarobot_provider.client.operations import Operations
from datarobot_provider.client.request import Request, Response
from datarobot_provider.client.response_checks import check_poll_response, check_response
from datarobot_provider.client.retry import POLL_FAILURE_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from datarobot_provider.client.auth import Token
    from datarobot_provider.client.endpoint import Endpoint
    from datarobot_provider.client.protocols import AsyncSender, SyncSender

_UNAUTHORIZED = 401
#: Seconds for which a refused token is not read from the connection again.
_RENEWAL_SECONDS = 10.0
#: Largest response to a poll, in bytes. The triggerer parses it in one step, which blocks its event loop.
_MAX_POLL_BYTES = 4 * 1024 * 1024
#: The same for a list of jobs, which has a few hundred bytes for each.
_MAX_LIST_BYTES = 8 * 1024 * 1024
ACCEPTED = 202


class DataRobotClient(Operations):
    """Synchronous client of one DataRobot installation.

    :param endpoint: the endpoint of the installation.
    :param token: the API token, which is redacted in responses and errors.
    :param transport: the transport that sends the requests.
    :param renew: returns the current token of the connection. It is called when a poll is refused with 401, because a
        long wait can outlive a token.
    :param poll_failure_timeout: seconds for which the polls of a running job may fail in a row, default 900.
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
        """Send a request and return the response.

        :raises ApiError: if the API responds with an error.
        :raises TransportError: if there is no response.
        """
        return check_response(self._transport.send(request), request, self._token)

    def poll(self, path: str) -> Response:
        """Poll a job: send ``GET path``.

        The statuses 404, 410 and 422 are returned, because they describe the state of a job.

        :raises ApiError: if the API responds with another error.
        :raises TransportError: if there is no response.
        """
        request = Request("GET", path, max_bytes=_MAX_POLL_BYTES)
        response = self._transport.send(request)
        if response.status == _UNAUTHORIZED and self._renew and self._token.replace_value(self._renew()):
            response = self._transport.send(request)
        return check_poll_response(response, request, self._token)

    def downloader(self, report: Callable[[str], None], mask: Callable[[str], None]) -> Downloader:
        """Return a downloader of files.

        :param report: called with lines for the task log.
        :param mask: called with strings that must be masked in logs.
        """
        return Downloader(self._transport, self._token, report, mask)

    def close(self) -> None:
        """Close the pooled connections."""
        self._transport.close()


class AsyncDataRobotClient:
    """Asynchronous client of one DataRobot installation, for triggers.

    :param endpoint: the endpoint of the installation.
    :param token: the API token, which is redacted in responses and errors.
    :param transport: the transport that sends the requests.
    :param renew: returns the current token of the connection. It is called when a request is refused with 401, because
        a long wait can outlive a token.
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
        #: Lists that all waits of the connection share, by their paths; see ``jobs/job_list.py``.
        self.job_lists: dict[str, Any] = {}
        self._renewing = asyncio.Lock()
        self._renewed_at = -math.inf

    async def poll(self, path: str, *, is_limited: bool = True) -> Response:
        """Poll a job; see :meth:`DataRobotClient.poll`.

        :param path: path of the job.
        :param is_limited: whether the limit of polls applies, default ``True``. A cancellation must not wait.
        """
        request = Request("GET", path, max_bytes=_MAX_POLL_BYTES, is_limited=is_limited)
        return check_poll_response(await self._send(request), request, self._token)

    async def list_jobs(self, path: str) -> dict[str, Any]:
        """Return one page of a list that contains many jobs. The request is sent once, before other polls.

        :raises ApiError: if the API responds with an error.
        :raises TransportError: if there is no response.
        :raises MalformedResponseError: if the response is not a JSON object.
        """
        request = Request("GET", path, max_bytes=_MAX_LIST_BYTES, lists_jobs=True)
        return check_response(await self._send(request), request, self._token).page()

    async def get(self, path: str) -> dict[str, Any]:
        """Return one object; see :meth:`DataRobotClient.get`.

        :raises ApiError: if the API responds with an error.
        :raises TransportError: if there is no response.
        """
        request = Request("GET", path, max_bytes=_MAX_POLL_BYTES)
        return check_response(await self._send(request), request, self._token).object()

    async def delete(self, path: str) -> Response:
        """Send ``DELETE path``.

        :raises ApiError: if the API responds with an error.
        :raises TransportError: if there is no response.
        """
        request = Request("DELETE", path)
        return check_response(await self._send(request), request, self._token)

    async def close(self) -> None:
        """Close the pooled connections."""
        await self._transport.close()

    async def _send(self, request: Request) -> Response:
        """Send ``request``. Send it again if its token is refused and the connection has another token by now."""
        used = self._token.header()
        response = await self._transport.send(request)
        if response.status == _UNAUTHORIZED and await self._renew_token(used):
            response = await self._transport.send(request)
        return response

    async def _renew_token(self, used: str) -> bool:
        """Read the token of the connection again, once for all requests that were refused at the same time.

        :param used: the ``Authorization`` header of the refused request.
        :returns: whether the token has changed.
        """
        async with self._renewing:
            if self._renew and self._token.header() == used and time.monotonic() > self._renewed_at + _RENEWAL_SECONDS:
                self._renewed_at = time.monotonic()
                self._token.replace_value(await self._renew())
            return self._token.header() != used
