"""One async client for each connection and event loop, shared by all triggers and closed with its last user."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from datarobot_provider.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from datarobot_provider.client.client import AsyncDataRobotClient


#: A connection that could not be read is not read again for so many seconds: a thousand waits may ask for it.
PAUSE_AFTER_FAILURE = 5.0


@dataclass
class _Shared:
    client: asyncio.Future[AsyncDataRobotClient]
    users: int = 0


@dataclass(frozen=True)
class _Failure:
    """Why there was no client; only text, because an exception keeps its event loop alive."""

    message: str
    until: float


_CLIENTS: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Shared]] = WeakKeyDictionary()
_FAILURES: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Failure]] = WeakKeyDictionary()


class SharedClient:
    """Gives the client of a connection: ``async with SharedClient(conn_id, make) as client``.

    A class, because a thousand waits hold one each: what ``asynccontextmanager`` makes is five times as much.

    :param conn_id: id of the connection.
    :param make: makes the client for its first user; what it raises, every user gets who asks in the next seconds.
    """

    __slots__ = ("_clients", "_conn_id", "_make", "_shared")

    def __init__(self, conn_id: str, make: Callable[[], Awaitable[AsyncDataRobotClient]]) -> None:
        self._conn_id = conn_id
        self._make = make
        self._clients: dict[str, _Shared]
        self._shared: _Shared

    async def __aenter__(self) -> AsyncDataRobotClient:
        """Return the client, which the first user makes."""
        loop = asyncio.get_running_loop()
        failures = _FAILURES.setdefault(loop, {})
        failure = failures.get(self._conn_id)
        if failure is not None and loop.time() < failure.until:
            raise ConfigurationError(failure.message)
        self._clients = _CLIENTS.setdefault(loop, {})
        shared = self._clients.get(self._conn_id)
        if shared is None:
            shared = self._clients[self._conn_id] = _Shared(asyncio.ensure_future(self._make()))
        del self._make
        self._shared = shared
        shared.users += 1
        entered = False
        try:
            # Shielded: one user that is cancelled while waiting must not take the client from the others.
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
        """Let go of the client, which the last user closes."""
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
