"""One async client for each connection and event loop, shared by all triggers and closed with its last user."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from datarobot_provider.client.client import AsyncDataRobotClient


@dataclass
class _Shared:
    client: asyncio.Future[AsyncDataRobotClient]
    users: int = 0


_CLIENTS: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Shared]] = WeakKeyDictionary()


@asynccontextmanager
async def shared_client(
    conn_id: str, make: Callable[[], Awaitable[AsyncDataRobotClient]]
) -> AsyncIterator[AsyncDataRobotClient]:
    """Give the client of a connection.

    :param conn_id: id of the connection.
    :param make: makes the client for its first user; what it raises, every waiting user gets.
    """
    clients = _CLIENTS.setdefault(asyncio.get_running_loop(), {})
    shared = clients.get(conn_id)
    if shared is None:
        shared = clients[conn_id] = _Shared(asyncio.ensure_future(make()))
    shared.users += 1
    try:
        # Shielded: one user that is cancelled while waiting must not take the client from the others.
        yield await asyncio.shield(shared.client)
    finally:
        shared.users -= 1
        if not shared.users:
            if clients.get(conn_id) is shared:
                del clients[conn_id]
            await _close(shared.client)


async def _close(future: asyncio.Future[AsyncDataRobotClient]) -> None:
    if not future.done():
        future.cancel()
    elif not future.cancelled() and future.exception() is None:
        await future.result().close()
