"""Asynchronous clients, one for each connection and event loop, that triggers share."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from datarobot_provider.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from datarobot_provider.client.client import AsyncDataRobotClient


#: Seconds for which an unreadable connection is not read again, because thousands of waits may need it.
PAUSE_AFTER_FAILURE = 5.0


@dataclass
class _Shared:
    client: asyncio.Future[AsyncDataRobotClient]
    users: int = 0


@dataclass(frozen=True)
class _Failure:
    """Message of the error. The exception itself is not stored, because it keeps its event loop alive."""

    message: str
    until: float


_CLIENTS: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Shared]] = WeakKeyDictionary()
_FAILURES: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Failure]] = WeakKeyDictionary()


class SharedClient:
    """Context manager of the client of a connection: ``async with SharedClient(conn_id, create) as client``.

    :param conn_id: id of the connection.
    :param create: creates the client for its first user. If it fails, all users of the next seconds get the same error.
    """

    __slots__ = ("_clients", "_conn_id", "_create", "_shared")

    def __init__(self, conn_id: str, create: Callable[[], Awaitable[AsyncDataRobotClient]]) -> None:
        self._conn_id = conn_id
        self._create = create
        self._clients: dict[str, _Shared]
        self._shared: _Shared

    async def __aenter__(self) -> AsyncDataRobotClient:
        """Return the client. The first user creates it."""
        loop = asyncio.get_running_loop()
        failures = _FAILURES.setdefault(loop, {})
        failure = failures.get(self._conn_id)
        if failure is not None and loop.time() < failure.until:
            raise ConfigurationError(failure.message)
        self._clients = _CLIENTS.setdefault(loop, {})
        shared = self._clients.get(self._conn_id)
        if shared is None:
            shared = self._clients[self._conn_id] = _Shared(asyncio.ensure_future(self._create()))
        del self._create
        self._shared = shared
        shared.users += 1
        entered = False
        try:
            # Shielded, so that the cancellation of one user does not cancel the creation for the others.
            client = await asyncio.shield(shared.client)
            entered = True
        except ConfigurationError as error:
            failures[self._conn_id] = _Failure(str(error), loop.time() + PAUSE_AFTER_FAILURE)
            raise
        finally:
            if not entered:
                await self.__aexit__()
        return client

    async def __aexit__(self, *_: object) -> None:
        """Release the client. The last user closes it."""
        self._shared.users -= 1
        if not self._shared.users:
            if self._clients.get(self._conn_id) is self._shared:
                del self._clients[self._conn_id]
            await _close(self._shared.client)


async def _close(future: asyncio.Future[AsyncDataRobotClient]) -> None:
    if not future.done():
        future.cancel()
    elif not future.cancelled() and future.exception() is None:
        await future.result().close()
