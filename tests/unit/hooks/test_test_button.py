"""Messages of the Test button."""

from __future__ import annotations

import contextlib
import socket
import ssl

import pytest

from datarobot_provider.hooks.datarobot import DataRobotHook
from tests.unit.support import ORIGIN, TOKEN, free_port, http_response, raw_server, read_request, response


def button() -> tuple[bool, str]:
    works, message = DataRobotHook().test_connection()
    assert TOKEN not in message
    return works, message


def test_a_valid_connection_shows_its_endpoint(api):
    api.on("GET", "version/", response(body={"versionString": "2.35.0", "major": 2, "minor": 35}))
    assert button() == (True, f"Connected to {ORIGIN}, DataRobot API 2.35.0.")
    assert [request.path for request in api.requests] == ["version/"]
    assert api.closed == 1


def test_the_test_sends_one_request_with_a_short_timeout(monkeypatch, api):
    made = []
    monkeypatch.setattr(
        "datarobot_provider.client.sync_transport.SyncTransport", lambda *access: made.append(access) or api
    )
    api.on("GET", "version/", response(body={"versionString": "2.35.0"}))
    button()
    settings = made[0][2]
    assert settings.retry.attempts == 1
    assert max(settings.connect_timeout, settings.read_timeout) <= 10


def test_a_missing_connection_is_reported():
    works, message = DataRobotHook("nowhere").test_connection()
    assert not works
    assert "There is no Airflow connection 'nowhere'" in message


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"host": ""}, "The host is empty"),
        ({"host": "not a host"}, "not a valid URL"),
        ({"password": ""}, "The password is empty"),
        ({"extra": {"attempts": "many"}}, "The extra 'attempts' is 'many'"),
        ({"extra": {"attempts": "nan"}}, "The extra 'attempts' is 'nan'"),
        ({"extra": {"read_timeout": "inf"}}, "The extra 'read_timeout' is 'inf'"),
        ({"extra": {"ca_bundle": "missing.pem"}}, "ca_bundle"),
    ],
)
def test_an_invalid_connection_is_reported(connection, fields, words):
    connection(**fields)
    works, message = button()
    assert not works
    assert words in message
    # Airflow's UI tests a copy of the connection, whose id is random.
    assert "datarobot_default" not in message
    assert message[0].isupper()


@pytest.mark.parametrize(
    ("scripted", "words"),
    [
        (response(401, {"message": f"bad {TOKEN}"}), "refuses the API token (401)"),
        (
            response(403, {"message": "Feature is off"}),
            "refuses the request. DataRobot returned 403 for GET version/: Feature is off",
        ),
        (response(500, {"message": "oops"}), "refuses the request. DataRobot returned 500"),
        (response(404, {"message": "Not Found"}), "responds, but not like a DataRobot API"),
        (response(200, b"<html>Sign in</html>", content_type="text/html"), "responds, but not like a DataRobot API"),
        (response(301, location=f"{ORIGIN}/"), "responds, but not like a DataRobot API"),
        (response(200, b""), "responds, but not like a DataRobot API"),
        (response(body=["something"]), "responds, but not like a DataRobot API"),
        (response(body={"hello": "world"}), "responds, but not like a DataRobot API"),
        (response(200, f"<pre>Bearer {TOKEN}</pre>".encode()), "responds, but not like a DataRobot API"),
    ],
    ids=[
        "401",
        "403",
        "500",
        "404",
        "HTML",
        "redirect",
        "empty",
        "other JSON list",
        "other JSON object",
        "echo of the token",
    ],
)
def test_an_unexpected_response_is_reported(api, scripted, words):
    api.on("GET", "version/", scripted)
    works, message = button()
    assert not works
    assert message.startswith(f"{ORIGIN} ")
    assert words in message
    assert len(message) < 1000


def test_a_refused_connection_is_reported(connection):
    connection(host=f"http://127.0.0.1:{free_port()}")
    works, message = button()
    assert not works
    assert "the connection was refused" in message


def test_an_unknown_host_name_is_reported(connection, monkeypatch):
    def unknown(*_args, **_kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    connection(host="https://datarobot.invalid")
    works, message = button()
    assert not works
    assert "the host name cannot be resolved" in message


@pytest.mark.parametrize("scheme", ["", "https://"])
def test_a_host_without_tls_is_reported(connection, scheme):
    with raw_server(lambda peer: peer.recv(10) and peer.sendall(http_response())) as port:
        connection(host=f"{scheme}127.0.0.1:{port}")
        works, message = button()
    assert not works
    assert "the server does not use TLS. Begin the host of the Airflow connection with http://" in message


def test_an_untrusted_certificate_is_reported(connection, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    def handle(peer: socket.socket) -> None:
        with contextlib.suppress(ssl.SSLError):
            context.wrap_socket(peer, server_side=True)

    with raw_server(handle) as port:
        connection(host=f"https://127.0.0.1:{port}")
        works, message = button()
    assert not works
    assert "Check the certificate of the server. For a private CA, set the extra 'ca_bundle'" in message


def test_a_lost_connection_is_reported(connection):
    with raw_server(read_request) as port:
        connection(host=f"http://127.0.0.1:{port}")
        works, message = button()
    assert not works
    assert "connection was lost" in message
