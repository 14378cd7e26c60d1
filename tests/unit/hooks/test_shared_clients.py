"""Asynchronous clients that the triggers of a connection share."""

from __future__ import annotations

import asyncio

import pytest

from datarobot_provider.exceptions import ConfigurationError
from datarobot_provider.hooks import shared_clients
from datarobot_provider.hooks.shared_clients import _CLIENTS, _FAILURES, SharedClient


class Client:
    """Client that records whether it was closed."""

    closed = 0

    async def close(self) -> None:
        self.closed += 1


class Maker:
    """Creates clients on demand, and fails as often as configured."""

    def __init__(self, failures: int = 0) -> None:
        self.made: list[Client] = []
        self.calls = 0
        self.cancelled = 0
        self.go = asyncio.Event()
        self._failures = failures

    async def __call__(self) -> Client:
        self.calls += 1
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self._failures:
            self._failures -= 1
            raise ConfigurationError("no such connection")
        self.made.append(Client())
        return self.made[-1]


class User:
    """User that keeps the client until it is released."""

    def __init__(self, maker: Maker, conn_id: str = "a") -> None:
        self.leave = asyncio.Event()
        self.inside: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self.task = asyncio.ensure_future(self._use(maker, conn_id))

    async def _use(self, maker: Maker, conn_id: str) -> None:
        async with SharedClient(conn_id, maker) as client:
            self.inside.set_result(client)
            await self.leave.wait()

    async def end(self) -> None:
        self.leave.set()
        await self.task


async def settle() -> None:
    """Run all tasks that are ready."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_many_users_share_one_client_which_closes_with_the_last():
    async def run() -> None:
        maker = Maker()
        users = [User(maker) for _ in range(50)]
        await settle()
        maker.go.set()
        clients = {id(await user.inside) for user in users}
        assert (len(clients), maker.calls) == (1, 1)
        for user in users[:-1]:
            await user.end()
        assert maker.made[0].closed == 0
        late = User(maker)
        assert await late.inside is maker.made[0]
        await late.end()
        await users[-1].end()
        assert maker.made[0].closed == 1

    asyncio.run(run())


def test_a_user_after_the_last_one_gets_a_new_client():
    async def run() -> None:
        maker = Maker()
        maker.go.set()
        for _ in range(2):
            user = User(maker)
            await user.inside
            await user.end()
        assert [client.closed for client in maker.made] == [1, 1]

    asyncio.run(run())


def test_every_connection_has_its_own_client():
    async def run() -> None:
        maker = Maker()
        maker.go.set()
        first, second = User(maker, "a"), User(maker, "b")
        assert await first.inside is not await second.inside
        await first.end()
        assert [client.closed for client in maker.made] == [1, 0]
        await second.end()

    asyncio.run(run())


def test_a_failed_creation_fails_all_waiting_users_and_is_repeated_later(monkeypatch):
    async def run() -> None:
        maker = Maker(failures=1)
        users = [User(maker) for _ in range(3)]
        await settle()
        maker.go.set()
        ends = await asyncio.gather(*(user.task for user in users), return_exceptions=True)
        assert [type(end) for end in ends] == [ConfigurationError] * 3
        assert maker.calls == 1
        with pytest.raises(ConfigurationError, match="no such connection"):
            await User(maker).task
        assert maker.calls == 1, "a thousand waits do not read a broken connection a thousand times"
        monkeypatch.setattr(shared_clients, "PAUSE_AFTER_FAILURE", 0.0)
        _FAILURES.clear()
        later = User(maker)
        assert await later.inside is maker.made[0]
        await later.end()
        assert maker.made[0].closed == 1

    asyncio.run(run())


def test_cancelling_a_waiting_user_does_not_affect_the_others():
    async def run() -> None:
        maker = Maker()
        first, second = User(maker), User(maker)
        await settle()
        first.task.cancel()
        await settle()
        assert first.task.cancelled()
        maker.go.set()
        assert await second.inside is maker.made[0]
        assert maker.cancelled == 0
        await second.end()
        assert maker.made[0].closed == 1

    asyncio.run(run())


def test_cancelling_an_active_user_does_not_affect_the_others():
    async def run() -> None:
        maker = Maker()
        maker.go.set()
        first, second = User(maker), User(maker)
        await first.inside
        await second.inside
        first.task.cancel()
        await settle()
        assert maker.made[0].closed == 0
        await second.end()
        assert maker.made[0].closed == 1

    asyncio.run(run())


def test_the_creation_is_cancelled_if_nobody_waits_for_it():
    async def run() -> None:
        maker = Maker()
        users = [User(maker) for _ in range(2)]
        await settle()
        for user in users:
            user.task.cancel()
        await settle()
        assert (maker.cancelled, maker.made) == (1, [])

    asyncio.run(run())


def test_an_error_of_one_user_does_not_close_the_client_of_the_others():
    async def run() -> None:
        maker = Maker()
        maker.go.set()
        other = User(maker)
        await other.inside
        with pytest.raises(KeyError):
            async with SharedClient("a", maker):
                raise KeyError("x")
        assert maker.made[0].closed == 0
        await other.end()

    asyncio.run(run())


def test_no_client_is_kept_after_the_last_user():
    async def run() -> int:
        maker = Maker()
        maker.go.set()
        user = User(maker)
        await user.inside
        await user.end()
        return sum(map(len, _CLIENTS.values()))

    assert asyncio.run(run()) == 0
