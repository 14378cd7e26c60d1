"""Connections: idle time, incomplete requests, proxy headers."""

import contextlib
import http.client
import socket
import time

import pytest
import requests

from datarobot_provider.emulator import running, server
from datarobot_provider.emulator.web import request_body

POLL_INTERVAL_OF_THE_OFFICIAL_CLIENT = 5.0
VERSION = b"GET /api/v2/version/ HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer token-of-the-connections\r\n\r\n"
TOKEN = "token-of-the-connections"


@contextlib.contextmanager
def connected(emulator):
    host, port = emulator.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        yield connection


def send_request(connection, request=VERSION):
    """Send a request and return the status of the response, or None if the connection was closed."""
    connection.sendall(request)
    response = http.client.HTTPResponse(connection)
    try:
        response.begin()
    except (http.client.RemoteDisconnected, ConnectionResetError):
        return None
    response.read()
    return response.status


def closed(connection, timeout=5.0):
    """Return whether the server closes the connection within `timeout` seconds."""
    connection.settimeout(timeout)
    try:
        return connection.recv(1 << 16) == b""
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True


@pytest.fixture
def emulator():
    with running(token=TOKEN, time_scale=0.01) as started:
        yield started


@pytest.fixture
def short_timeouts(monkeypatch):
    """Run an emulator with short timeouts."""
    monkeypatch.setattr(request_body, "BODY_TIMEOUT", 0.3)
    monkeypatch.setattr(server, "KEEP_ALIVE", 0.3)
    with running(token=TOKEN, time_scale=0.01) as started:
        yield started


def test_idle_connection_stays_open_between_slow_polls(emulator):
    with connected(emulator) as connection:
        assert send_request(connection) == 200
        assert not closed(connection, POLL_INTERVAL_OF_THE_OFFICIAL_CLIENT + 0.5)
        connection.settimeout(10)
        assert send_request(connection) == 200
    assert server.KEEP_ALIVE >= 75


def test_idle_connections_do_not_delay_the_shutdown():
    with contextlib.ExitStack() as stack:
        with running(token=TOKEN) as emulator:
            connections = [stack.enter_context(connected(emulator)) for _ in range(3)]
            assert send_request(connections[0]) == 200
            connections[1].sendall(VERSION[:20])
            begin = time.monotonic()
        assert time.monotonic() - begin < 2
        assert [closed(connection) for connection in connections] == [True] * 3


@pytest.mark.parametrize("sent", [b"", VERSION[:-2]], ids=["nothing", "incomplete head"])
def test_connection_without_a_complete_request_is_closed(short_timeouts, sent):
    with connected(short_timeouts) as connection:
        connection.sendall(sent)
        assert closed(connection)


def incomplete_request(method, path, framing, body=b"", media="application/json", token=TOKEN):
    head = f"{method} {path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\nContent-Type: {media}\r\n"
    return f"{head}{framing}\r\n\r\n".encode() + body


LENGTH = "Content-Length: 100"


@pytest.mark.parametrize(
    ("method", "path", "token", "framing", "body"),
    [
        ("POST", "/api/v2/customModels/", TOKEN, LENGTH, b""),
        ("POST", "/api/v2/customModels/", TOKEN, LENGTH, b'{"name": "x", '),
        ("POST", "/api/v2/customModels/", TOKEN, "Transfer-Encoding: chunked", b'5\r\n{"a":\r\n'),
        ("POST", "/api/v2/customModels/", "another-token", LENGTH, b""),
        ("GET", "/api/v2/customModels/", TOKEN, LENGTH, b"{"),
        ("POST", "/api/v2/nothing/", TOKEN, LENGTH, b""),
        ("POST", "/__emulator__/datasets", TOKEN, LENGTH, b"{"),
        ("GET", "/storage/x", TOKEN, LENGTH, b""),
    ],
    ids=[
        "nothing",
        "a part",
        "chunks without an end",
        "a wrong token",
        "of a GET",
        "unknown path",
        "control",
        "storage",
    ],
)
def test_stalled_body_is_rejected(short_timeouts, method, path, token, framing, body):
    with connected(short_timeouts) as connection:
        assert send_request(connection, incomplete_request(method, path, framing, body, token=token)) == 408
        assert closed(connection)
    recorded = [r["status"] for r in short_timeouts.control("GET", "requests")["data"]]
    assert recorded == ([408] if path.startswith("/api/") else [])
    assert short_timeouts.control("GET", "datasets")["data"] == []


def test_stalled_upload_creates_nothing(short_timeouts):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    body = {"name": "m", "customModelType": "inference", "targetType": "Unstructured"}
    created = requests.post(f"{short_timeouts.endpoint}/customModels/", json=body, headers=headers, timeout=5).json()
    path = f"/api/v2/customModels/{created['id']}/versions/"
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nsome bytes'
    with connected(short_timeouts) as connection:
        request = incomplete_request("POST", path, "Content-Length: 5000", part, "multipart/form-data; boundary=b")
        assert send_request(connection, request) == 408
    assert requests.get(short_timeouts.url + path, headers=headers, timeout=5).json()["data"] == []


def test_slow_body_is_read_completely(short_timeouts):
    body = b'{"name": "m", "customModelType": "inference", "targetType": "Unstructured"}'
    with connected(short_timeouts) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(incomplete_request("POST", "/api/v2/customModels/", f"Content-Length: {len(body)}"))
        for start in range(0, len(body), 8):
            time.sleep(0.1)
            connection.sendall(body[start : start + 8])
        assert send_request(connection, b"") == 201


@pytest.mark.parametrize("length", ["9" * 5000, "-1", "1e3", "NaN"])
def test_invalid_content_length_is_rejected(emulator, length):
    with connected(emulator) as connection:
        assert (
            send_request(connection, incomplete_request("POST", "/api/v2/customModels/", f"Content-Length: {length}"))
            == 400
        )
    with connected(emulator) as connection:
        assert send_request(connection) == 200


HEAD = b"Host: h\r\nAuthorization: Bearer token-of-the-connections\r\n"


def test_websocket_upgrade_is_served_as_plain_http(emulator):
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n"
    with connected(emulator) as connection:
        assert send_request(connection, b"GET /api/v2/version/ HTTP/1.1\r\n" + HEAD + upgrade + b"\r\n") == 200
        assert send_request(connection) == 200


@pytest.mark.parametrize("path", ["/api/v2/version/", "/api/v2/customModels/?limit=1", "/__emulator__/health"])
def test_absolute_url_as_target_is_accepted(emulator, path):
    with connected(emulator) as connection:
        for scheme in ("http", "HTTP"):
            target = f"{scheme}://127.0.0.1:1{path}".encode()
            assert send_request(connection, b"GET " + target + b" HTTP/1.1\r\n" + HEAD + b"\r\n") == 200


@pytest.mark.parametrize(
    ("headers", "root"),
    [
        ({"Host": ""}, "http://localhost"),
        ({"Host": "h", "X-Forwarded-Proto": "https"}, "https://h"),
        ({"Host": "h", "X-Forwarded-Proto": "HTTPS, http"}, "https://h"),
        ({"Host": "h", "X-Forwarded-Proto": "gopher"}, "http://h"),
        ({"Host": "h", "X-Forwarded-Proto": ""}, "http://h"),
    ],
)
def test_urls_in_responses_follow_the_proxy_headers(emulator, headers, root):
    for _ in range(2):
        emulator.control("POST", "datasets", {"name": "d", "csv": "a\n1\n"})
    request_headers = {"Authorization": f"Bearer {TOKEN}", **headers}
    response = requests.get(f"{emulator.endpoint}/datasets/?limit=1", headers=request_headers, timeout=5)
    assert response.json()["next"].startswith(f"{root}/api/v2/datasets/?")
    assert [record["violations"] for record in emulator.control("GET", "requests")["data"]] == [[]]
