from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from datarobot_provider.client import async_transport, sync_transport
from datarobot_provider.client.transport import TransportSettings
from datarobot_provider.exceptions import ConfigurationError
from datarobot_provider.hooks import form
from datarobot_provider.hooks.datarobot import DataRobotHook
from datarobot_provider.jobs.wait_steps import LogMessage
from tests.unit.support import ORIGIN, TOKEN, response

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def made(monkeypatch, connection) -> list:
    """Return the arguments of the created transports."""
    seen = []
    monkeypatch.setattr(sync_transport, "SyncTransport", lambda *access: seen.append(access))
    return seen


def settings_of(made) -> TransportSettings:
    assert DataRobotHook().client
    return made[-1][2]


def test_a_connection_becomes_an_endpoint_a_token_and_settings(made):
    client = DataRobotHook().client
    ((endpoint, token, settings),) = made
    assert client.endpoint == endpoint
    assert (endpoint.origin, token.header(), settings) == (ORIGIN, f"Bearer {TOKEN}", TransportSettings())


def test_one_hook_has_one_client(made):
    hook = DataRobotHook()
    assert hook.client is hook.get_conn() is hook.client
    assert len(made) == 1
    assert hook.jobs is hook.jobs


def test_the_port_field_is_used_if_the_host_has_no_port(made, connection):
    connection(host="http://127.0.0.1", port=8080)
    assert DataRobotHook().client.endpoint.origin == "http://127.0.0.1:8080"


def test_the_extras_configure_the_transport(made, connection, pems):
    known = {"connect_timeout": 1, "read_timeout": "2.5", "upload_timeout": 3, "attempts": "7"}
    more = {"upload_attempts": 2, "retry_cap": "0.5", "verify": "True"}
    files = {"ca_bundle": pems.both, "client_cert": pems.cert, "client_key": pems.key}
    connection(extra={**known, **more, **files})
    settings = settings_of(made)
    assert (settings.connect_timeout, settings.read_timeout, settings.upload_timeout) == (1.0, 2.5, 3.0)
    assert (settings.retry.attempts, settings.retry.cap, settings.upload_attempts) == (7, 0.5, 2)
    assert (settings.ca_bundle, settings.client_cert, settings.client_key) == (pems.both, pems.cert, pems.key)
    assert settings.verify is True
    assert isinstance(settings.retry.attempts, int)
    assert isinstance(settings.upload_attempts, int)


def test_unknown_extras_are_ignored(made, connection):
    connection(extra={"verify_ssl": False, "headers": {"Authorization": "x"}, "retry": 5, "token": "t"})
    assert settings_of(made) == TransportSettings()


@pytest.mark.parametrize("empty", [None, ""])
def test_empty_extras_of_the_form_mean_the_default(made, connection, empty):
    connection(extra=dict.fromkeys(form.EXTRAS, empty))
    assert settings_of(made) == TransportSettings()


@pytest.mark.parametrize(
    "name", ["connect_timeout", "read_timeout", "upload_timeout", "attempts", "upload_attempts", "retry_cap"]
)
@pytest.mark.parametrize("value", ["soon", 0, -1, "0", [], {}, "1 minute", True, "nan", "inf"])
def test_an_extra_that_is_not_a_valid_number_is_refused(made, connection, name, value):
    connection(extra={name: value})
    with pytest.raises(ConfigurationError, match=f"'datarobot_default': the extra '{name}' is") as caught:
        settings_of(made)
    assert TOKEN not in str(caught.value)


def both_ways() -> list[Callable[[], object]]:
    """Return functions that create the synchronous and the asynchronous client."""
    return [lambda: DataRobotHook().client, lambda: asyncio.run(enter(DataRobotHook()))]


@pytest.mark.parametrize("name", ["ca_bundle", "client_cert", "client_key"])
def test_the_error_names_a_file_that_does_not_exist(connection, pems, name):
    connection(extra={"client_cert": pems.both, name: "missing.pem"})
    for use in both_ways():
        with pytest.raises(
            ConfigurationError,
            match=rf"'datarobot_default': the extra '{name}' is 'missing\.pem', which is not a file on this machine",
        ):
            use()


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"ca_bundle": "empty"}, "which cannot be read or contains no PEM certificates"),
        ({"client_cert": "empty"}, "which cannot be used"),
        ({"client_cert": "cert"}, "must also contain the key"),
        ({"client_cert": "cert", "client_key": "empty"}, "with the key .*cannot be used"),
        ({"client_cert": "cert", "client_key": "other"}, "the key must belong to the certificate"),
        ({"client_cert": "cert", "client_key": "locked"}, "have no passphrase"),
        ({"client_key": "key"}, "is set, but 'client_cert' is not"),
    ],
)
def test_the_error_names_an_invalid_file_before_a_request_is_sent(connection, pems, extra, words):
    connection(extra={name: getattr(pems, kind) for name, kind in extra.items()})
    for use in both_ways():
        with pytest.raises(
            ConfigurationError, match=f"'datarobot_default': the extra '{next(iter(extra))}' .*{words}"
        ) as caught:
            use()
        assert "PRIVATE KEY" not in str(caught.value)


@pytest.mark.parametrize(("value", "verify"), [(True, True), (False, False), (" FALSE ", False), ("true", True)])
def test_tls_is_verified_unless_the_connection_says_false(made, connection, value, verify):
    connection(extra={"verify": value})
    assert settings_of(made).verify is verify


@pytest.mark.parametrize("value", ["no", "0", "off", 0, 1, [], {}, "None", "False!"])
def test_a_boolean_that_is_neither_true_nor_false_is_refused(connection, value):
    connection(extra={"verify": value})
    for use in both_ways():
        with pytest.raises(ConfigurationError, match=r"the extra 'verify' is .*\. It must be true or false"):
            use()


def test_a_warning_is_logged_for_each_client_without_verification(made, connection, task_log):
    warning = "TLS verification is disabled by the extra 'verify' of the Airflow connection 'datarobot_default'"
    connection(extra={"verify": "false"})
    for count, use in enumerate(both_ways(), start=1):
        use()
        assert task_log().count(warning) >= count
    connection(extra={"verify": "true"})
    reported = task_log().count(warning)
    for use in both_ways():
        use()
    assert task_log().count(warning) == reported


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"host": None}, "the host is empty"),
        ({"host": "  "}, "the host is empty"),
        ({"password": None}, "the password is empty"),
        ({"password": "two words"}, "characters"),
        ({"host": "ftp://x"}, "not a valid URL"),
        ({"host": "https://user:hidden@dr.example"}, "must not contain a user"),
    ],
)
def test_the_error_of_an_invalid_connection_has_its_id_and_the_reason(connection, fields, reason):
    connection(**fields)
    for use in (lambda: DataRobotHook().client, lambda: asyncio.run(enter(DataRobotHook()))):
        with pytest.raises(ConfigurationError, match=rf"Airflow connection 'datarobot_default': .*{reason}"):
            use()


async def enter(hook: DataRobotHook) -> None:
    async with hook.async_client():
        pass


def test_the_error_of_a_missing_connection_has_its_id_and_advice():
    for use in (lambda: DataRobotHook("nowhere").client, lambda: asyncio.run(enter(DataRobotHook("nowhere")))):
        with pytest.raises(ConfigurationError, match=r"no Airflow connection 'nowhere'\. Create one"):
            use()


def test_creating_a_hook_reads_no_connection(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("a connection was read")

    monkeypatch.setattr(DataRobotHook, "get_connection", refuse)
    hook = DataRobotHook("any")
    assert repr(hook)
    with pytest.raises(AssertionError, match="was read"):
        _ = hook.client


@pytest.mark.parametrize("kind", [TimeoutError, RuntimeError, KeyError, ValueError])
def test_an_unavailable_secrets_backend_is_retryable(monkeypatch, kind):
    def fail(*_args, **_kwargs):
        raise kind("secret words")

    async def fail_async(*_args, **_kwargs):
        fail()

    monkeypatch.setattr(DataRobotHook, "get_connection", fail)
    monkeypatch.setattr(DataRobotHook, "aget_connection", fail_async, raising=False)
    hook = DataRobotHook("any")
    for use in (lambda: hook.client, lambda: asyncio.run(enter(hook)), lambda: hook.password_of("any")):
        with pytest.raises(ConfigurationError, match=rf"'any' could not be read \({kind.__name__}\)") as caught:
            use()
        assert caught.value.retryable
        assert "secret words" not in str(caught.value)


def test_messages_of_a_wait_are_written_to_the_task_log(task_log):
    DataRobotHook().report(LogMessage("100% done"))
    DataRobotHook().report(LogMessage("strange %s", warning=True))
    usual, unusual = (line for line in task_log().splitlines() if "100% done" in line or "strange %s" in line)
    assert "info" in usual.lower()
    assert "warning" in unusual.lower()


def test_the_async_client_of_a_hook_polls_with_the_connection(api):
    api.on("GET", "status/1/", response(body={"status": "RUNNING"}))

    async def use() -> int:
        async with DataRobotHook().async_client() as client:
            return (await client.poll("status/1/")).status

    assert asyncio.run(use()) == 200
    assert api.closed == 1


def test_the_async_transport_uses_the_same_connection(monkeypatch, connection):
    connection(extra={"read_timeout": 7})
    seen = []
    monkeypatch.setattr(async_transport, "AsyncTransport", lambda *access: seen.append(access) or _Closing())
    asyncio.run(enter(DataRobotHook()))
    ((endpoint, token, settings, tls),) = seen
    assert tls.check_hostname
    assert (endpoint.origin, token.header(), settings.read_timeout) == (ORIGIN, f"Bearer {TOKEN}", 7.0)


class _Closing:
    async def close(self) -> None:
        """Do nothing."""
