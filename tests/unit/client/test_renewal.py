"""Tokens that are replaced during a wait."""

from __future__ import annotations

import asyncio

import pytest

from datarobot_provider.client.auth import Token
from datarobot_provider.client.client import AsyncDataRobotClient, DataRobotClient
from datarobot_provider.client.endpoint import Endpoint
from datarobot_provider.exceptions import AuthenticationError, ConfigurationError
from tests.unit.support import ORIGIN, TOKEN, FakeApi, response

NEW = "NjQ5ZjA1YzE2N2U1YzE0:the-next-token"
WAITS = 50


class Installation:
    """Installation that accepts one token, and a connection that may contain another one."""

    def __init__(self, *, takes: str, connection: str) -> None:
        self.token = Token(TOKEN)
        self.connection = connection
        self.reads = 0
        self.api = FakeApi()
        self.api.on("GET", "status/1/", self._answer)
        self._takes = takes

    def _answer(self, _):
        if self.token.header() != f"Bearer {self._takes}":
            return response(401, {"message": f"Invalid token: {TOKEN}"})
        return response(body={"status": "RUNNING", "message": f"welcome {NEW}, once {TOKEN}"})

    def renew(self) -> Token:
        self.reads += 1
        return Token(self.connection)

    async def renew_async(self) -> Token:
        await asyncio.sleep(0)
        return self.renew()

    def poll(self):
        return DataRobotClient(Endpoint(ORIGIN), self.token, self.api, self.renew).poll("status/1/")

    def polls(self, times: int):
        async def run():
            client = AsyncDataRobotClient(Endpoint(ORIGIN), self.token, self.api.asynchronous(), self.renew_async)
            return await asyncio.gather(*(client.poll("status/1/") for _ in range(times)), return_exceptions=True)

        return asyncio.run(run())


def test_a_wait_on_a_worker_continues_with_the_new_token():
    installation = Installation(takes=NEW, connection=NEW)
    assert installation.poll().status == 200
    assert (installation.reads, len(installation.api.requests)) == (1, 2)


def test_all_waits_in_a_triggerer_continue_with_the_new_token_which_is_read_once():
    installation = Installation(takes=NEW, connection=NEW)
    assert [found.status for found in installation.polls(WAITS)] == [200] * WAITS
    assert installation.reads == 1


def test_the_old_and_the_new_token_are_redacted():
    installation = Installation(takes=NEW, connection=NEW)
    text = installation.poll().text
    assert text.count("***") == 2
    assert TOKEN not in text
    assert NEW not in text


def test_an_unchanged_token_is_not_sent_again():
    installation = Installation(takes=NEW, connection=TOKEN)
    with pytest.raises(AuthenticationError) as caught:
        installation.poll()
    assert TOKEN not in str(caught.value)
    assert (installation.reads, len(installation.api.requests)) == (1, 1)


def test_a_refused_token_is_read_once_for_all_waits():
    installation = Installation(takes="another", connection=TOKEN)
    assert {type(found) for found in installation.polls(WAITS)} == {AuthenticationError}
    assert (installation.reads, len(installation.api.requests)) == (1, WAITS)


def test_a_refused_new_token_is_an_error():
    installation = Installation(takes="another", connection=NEW)
    assert {type(found) for found in installation.polls(2)} == {AuthenticationError}


def test_a_connection_deleted_during_the_wait_is_reported():
    def gone() -> Token:
        raise ConfigurationError("There is no Airflow connection 'datarobot_default'.")

    installation = Installation(takes=NEW, connection=TOKEN)
    client = DataRobotClient(Endpoint(ORIGIN), installation.token, installation.api, gone)
    with pytest.raises(ConfigurationError, match="no Airflow connection"):
        client.poll("status/1/")
