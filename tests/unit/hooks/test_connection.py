"""Parser of connections."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace

import pytest

from datarobot_provider import version_compat
from datarobot_provider.exceptions import AccessDeniedError, AuthenticationError, ConfigurationError
from datarobot_provider.hooks import datarobot
from datarobot_provider.hooks.connection import ConnectionConfig, ConnectionFields
from datarobot_provider.hooks.datarobot import DataRobotHook
from tests.support.airflow import needs_airflow, redact
from tests.unit.support import ORIGIN, TOKEN, response

OTHER = "another-token-0123456789"
_OTHER_EXTRAS = needs_airflow("3.2", "connection whose extra is not an object")


def read(**fields: object) -> ConnectionConfig:
    """Return the configuration of a connection with these fields."""
    values = {"host": ORIGIN, "port": None, "schema": None, "password": TOKEN, "extra": None, **fields}
    return ConnectionFields.of(SimpleNamespace(conn_id="dr", **values)).config()


def refused(**fields: object) -> str:
    with pytest.raises(ConfigurationError, match="Airflow connection 'dr': ") as caught:
        read(**fields)
    assert TOKEN not in str(caught.value)
    return str(caught.value)


def encoded(value: object, times: int = 1) -> str:
    for _ in range(times):
        value = json.dumps(value)
    return str(value)


@pytest.mark.parametrize("times", [1, 2, 3])
def test_extras_may_be_encoded_several_times(times):
    assert read(extra=encoded({"attempts": 2}, times)).settings.retry.attempts == 2


@pytest.mark.parametrize("extra", [None, "", "  ", "null", "{}", '""', '"{}"', '" "', "[]", '"null"'])
def test_empty_extras_mean_no_extras(extra):
    assert read(extra=extra).settings == read().settings


@pytest.mark.parametrize("empty", [None, "", "  ", "\n"])
def test_empty_extras_mean_the_default(empty):
    names = ("attempts", "read_timeout", "ca_bundle", "verify", "endpoint", "api_key", "extra__http__endpoint")
    config = read(extra=encoded(dict.fromkeys(names, empty)))
    assert config.settings == read().settings
    assert config.endpoint.origin == ORIGIN


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("[1]", "the extra is a JSON list, not an object"),
        ('"[1]"', "the extra is a JSON list, not an object"),
        ("1", "the extra is a JSON int, not an object"),
        ("true", "the extra is a JSON bool, not an object"),
        ("attempts=2", "the extra is not valid JSON"),
        ("{'attempts': 2}", "the extra is not valid JSON"),
        ('"attempts"', "the extra is not valid JSON"),
    ],
)
def test_extras_that_are_not_an_object_are_refused(extra, words):
    assert words in refused(extra=extra)
    assert '{"attempts": 5}' in refused(extra=extra)


@pytest.mark.parametrize(
    ("host", "port", "schema", "origin"),
    [
        ("dr.example", 8080, "http", "http://dr.example:8080"),
        ("dr.example", 8080, "https", "https://dr.example:8080"),
        ("dr.example", "8080", " HTTP ", "http://dr.example:8080"),
        ("dr.example", None, "http", "http://dr.example"),
        ("dr.example:8080", 9090, "http", "http://dr.example:8080"),
        ("dr.example/api/v2", 8080, "http", "http://dr.example:8080"),
        ("dr.example", 8080, "http://", "http://dr.example:8080"),
        ("dr.example", 8080, None, "https://dr.example:8080"),
        ("dr.example", 8080, "", "https://dr.example:8080"),
        ("https://dr.example", 8080, "http", "https://dr.example:8080"),
        ("http://dr.example", 8080, "https", "http://dr.example:8080"),
        ("dr.example", None, "api/v2", "https://dr.example"),
        ("dr.example", 0, None, "https://dr.example"),
        ("dr.example", "0", None, "https://dr.example"),
        ("dr.example", "", None, "https://dr.example"),
        ("https://dr.example:", 8080, None, "https://dr.example:8080"),
        ("::1", 8080, "http", "http://[::1]:8080"),
        ("http://::1", 8080, None, "http://[::1]:8080"),
        ("[::1]:8080", None, "http", "http://[::1]:8080"),
    ],
)
def test_host_port_and_schema_form_the_endpoint(host, port, schema, origin):
    assert read(host=host, port=port, schema=schema).endpoint.origin == origin


@pytest.mark.parametrize("port", [-1, 70000, "many", 1.5, [], True])
def test_an_invalid_port_is_refused(port):
    assert "port is" in refused(port=port)


@pytest.mark.parametrize("token", [f"{TOKEN}\n", f"  {TOKEN}\r\n", f"\t{TOKEN} "])
def test_white_space_around_a_token_is_stripped(token):
    assert read(password=token).token.header() == f"Bearer {TOKEN}"
    assert read(password=None, extra=encoded({"api_key": token})).token.header() == f"Bearer {TOKEN}"


@pytest.mark.parametrize("prefix", ["", "extra__http__", "extra__datarobot__"])
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("empty", [None, "", " "])
def test_the_extras_of_datarobots_own_provider_are_read(prefix, times, empty):
    extra = {f"{prefix}endpoint": f" {ORIGIN}/api/v2 ", f"{prefix}api_key": TOKEN, "other": 1}
    config = read(host=empty, password=empty, port=0, extra=encoded(extra, times))
    assert (config.endpoint.origin, config.token.header()) == (ORIGIN, f"Bearer {TOKEN}")
    assert config.token.source == f"the extra '{prefix}api_key' of the Airflow connection 'dr'"


def test_host_and_password_have_precedence_over_the_extras():
    extra = {"endpoint": "https://other.example", "api_key": OTHER, "extra__http__api_key": OTHER}
    config = read(extra=encoded(extra))
    assert (config.endpoint.origin, config.token.header()) == (ORIGIN, f"Bearer {TOKEN}")
    assert config.token.source == "the password of the Airflow connection 'dr'"


@pytest.mark.parametrize("name", ["endpoint", "api_key", "extra__http__endpoint", "extra__http__api_key"])
@pytest.mark.parametrize("value", [5, ["x"], {"a": "b"}, True])
def test_an_endpoint_or_a_key_that_is_not_a_string_is_refused(name, value):
    assert f"the extra {name!r} is a JSON" in refused(host=None, password=None, extra=encoded({name: value}))


def test_the_error_of_an_invalid_key_names_the_extra():
    assert "extra 'api_key' contains characters" in refused(password=None, extra=encoded({"api_key": "two words"}))


@pytest.mark.parametrize(("stored", "masked"), [(TOKEN, []), (f"{TOKEN}\n", [TOKEN])])
def test_a_password_that_airflow_has_masked_is_not_masked_again(monkeypatch, connection, stored, masked):
    seen = []
    monkeypatch.setattr(datarobot, "mask_secret", seen.append)
    connection(password=stored)
    DataRobotHook()._config()
    assert seen == masked


@pytest.mark.parametrize("conn_type", ["http", "datarobot"])
@pytest.mark.parametrize("times", [1, pytest.param(2, marks=_OTHER_EXTRAS)])
def test_a_connection_of_datarobots_own_provider_works_and_its_key_is_masked(monkeypatch, connection, conn_type, times):
    extra = {"extra__http__endpoint": f"{ORIGIN}/api/v2", "extra__http__api_key": TOKEN}
    connection(conn_type=conn_type, host=None, password=None, extra=encoded(extra, times))
    masked = []
    monkeypatch.setattr(datarobot, "mask_secret", masked.append)

    async def mask(secret: object) -> None:
        masked.append(secret)

    monkeypatch.setattr(datarobot, "mask_secret_async", mask)
    config = DataRobotHook()._config()
    assert (config.endpoint.origin, config.token.header()) == (ORIGIN, f"Bearer {TOKEN}")
    assert asyncio.run(DataRobotHook()._async_config()).token.header() == f"Bearer {TOKEN}"
    assert masked.count(TOKEN) == 2


def test_masking_from_an_event_loop_reaches_airflow(monkeypatch, capsys):
    asyncio.run(version_compat.mask_secret_async(OTHER))
    assert redact(f"the token {OTHER}") == "the token ***"


@pytest.mark.parametrize("value", [2, 2.0, "2", "2.0", " 2 ", "2e0"])
@pytest.mark.parametrize("name", ["attempts", "upload_attempts"])
def test_a_number_of_attempts_may_be_spelled_in_many_ways(name, value):
    settings = read(extra=encoded({name: value})).settings
    found = settings.retry.attempts if name == "attempts" else settings.upload_attempts
    assert (found, type(found)) == (2, int)


@pytest.mark.parametrize("value", ["2.5", 2.5, "1e999", "NaN", "-1", -1, 0, True, [2], {"a": 2}, "two", 10**400])
@pytest.mark.parametrize("name", ["attempts", "upload_attempts", "read_timeout"])
def test_an_invalid_number_is_refused(name, value):
    if name == "read_timeout" and value in ("2.5", 2.5):
        assert read(extra=encoded({name: value})).settings.read_timeout == 2.5
    else:
        assert f"the extra {name!r} is" in refused(extra=encoded({name: value}))


@pytest.mark.parametrize("value", [1e10, "1e300"])
def test_a_timeout_that_sockets_do_not_accept_is_refused(value):
    assert "the extra 'read_timeout' is" in refused(extra=encoded({"read_timeout": value}))


@pytest.mark.parametrize(("value", "verify"), [("true", True), (" False ", False), (False, False), (True, True)])
def test_verify_may_be_a_string(value, verify):
    assert read(extra=encoded({"verify": value})).settings.verify is verify


@pytest.mark.parametrize(
    ("uri", "origin"),
    [
        (f"datarobot://:{TOKEN}@dr.example/", "https://dr.example"),
        (f"datarobot://:{TOKEN}@dr.example/api/v2", "https://dr.example"),
        (f"datarobot://:{TOKEN}@dr.example/api%2Fv2?attempts=2", "https://dr.example"),
        (f"datarobot://:{TOKEN}@dr.example:8443/http", "http://dr.example:8443"),
        (f"datarobot://:{TOKEN}@dr.example:0/", "https://dr.example"),
        (f"datarobot://http://:{TOKEN}@[::1]:8080/", "http://[::1]:8080"),
        (f"datarobot://https://:{TOKEN}@dr.example/api/v2", "https://dr.example"),
        (f"datarobot://:{TOKEN}%0A@https%3A%2F%2Fdr.example%2Fapi%2Fv2", "https://dr.example"),
        ("http://?extra__http__endpoint=https%3A%2F%2Fdr.example&extra__http__api_key=" + TOKEN, "https://dr.example"),
        (f"datarobot://:{TOKEN}@dr.example/?__extra__=%7B%22attempts%22%3A%202%7D", "https://dr.example"),
    ],
)
def test_a_connection_may_be_a_uri(monkeypatch, uri, origin):
    monkeypatch.setenv("AIRFLOW_CONN_DR", uri)
    for config in (DataRobotHook("dr")._config(), asyncio.run(DataRobotHook("dr")._async_config())):
        assert (config.endpoint.origin, config.token.header()) == (origin, f"Bearer {TOKEN}")
        assert config.settings.retry.attempts == (2 if "attempts" in uri else 5)


@pytest.mark.parametrize(("status", "kind"), [(401, AuthenticationError), (403, AccessDeniedError)])
@pytest.mark.parametrize("place", ["password", "extra 'api_key'"])
def test_the_error_of_a_refused_token_names_the_connection(api, connection, status, kind, place):
    if place != "password":
        connection(password=None, extra={"api_key": TOKEN})
    api.on("GET", "status/1/", response(status, {"message": "no"}))

    async def poll() -> None:
        async with DataRobotHook().async_client() as client:
            await client.poll("status/1/")

    for use in (lambda: DataRobotHook().client.poll("status/1/"), lambda: asyncio.run(poll())):
        with pytest.raises(kind) as caught:
            use()
        assert f"API token: the {place} of the Airflow connection 'datarobot_default'\n" in str(caught.value)


@pytest.mark.parametrize(
    "extra",
    [
        *(pytest.param(extra, marks=_OTHER_EXTRAS) for extra in ([1], '"[1]"', "junk")),
        {"port": 1, "attempts": "many"},
    ],
)
def test_the_test_button_shows_the_error_of_an_extra(connection, extra):
    connection(extra=extra)
    works, message = DataRobotHook().test_connection()
    assert not works
    assert message.startswith("The extra")


@pytest.mark.parametrize("port", ["9" * 5000, "-1", "99999", "80,443"])
def test_a_long_invalid_port_is_cut_in_the_error(port):
    assert len(refused(host="dr.example", port=port)) < 250


@pytest.mark.parametrize("name", ["ca_bundle", "client_cert", "attempts", "read_timeout", "verify"])
def test_a_long_invalid_value_is_cut_in_the_error(name):
    assert len(refused(extra=json.dumps({name: "-----BEGIN CERTIFICATE-----" + "x" * 5000}))) < 250


@pytest.mark.parametrize("word", ["Bearer", "bearer", "Token"])
def test_a_token_with_the_prefix_bearer_is_refused_with_advice(word):
    assert "without 'Bearer' before it" in refused(password=f"{word} {TOKEN}")
