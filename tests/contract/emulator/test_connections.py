"""What becomes of a connection: how long it may be idle, and what happens to a request that does not arrive."""

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


def ask(connection, request=VERSION):
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
def fresh():
    with running(token=TOKEN, time_scale=0.01) as started:
        yield started


@pytest.fixture
def impatient(monkeypatch):
    """Run an emulator that waits for nothing longer than a moment."""
    monkeypatch.setattr(request_body, "BODY_TIMEOUT", 0.3)
    monkeypatch.setattr(server, "KEEP_ALIVE", 0.3)
    with running(token=TOKEN, time_scale=0.01) as started:
        yield started


def test_an_idle_connection_outlives_the_slowest_poll(fresh):
    with connected(fresh) as connection:
        assert ask(connection) == 200
        assert not closed(connection, POLL_INTERVAL_OF_THE_OFFICIAL_CLIENT + 0.5)
        connection.settimeout(10)
        assert ask(connection) == 200
    assert server.KEEP_ALIVE >= 75


def test_idle_connections_do_not_hold_up_the_end():
    with contextlib.ExitStack() as stack:
        with running(token=TOKEN) as emulator:
            connections = [stack.enter_context(connected(emulator)) for _ in range(3)]
            assert ask(connections[0]) == 200
            connections[1].sendall(VERSION[:20])
            begin = time.monotonic()
        assert time.monotonic() - begin < 2
        assert [closed(connection) for connection in connections] == [True] * 3


@pytest.mark.parametrize("sent", [b"", VERSION[:-2]], ids=["nothing", "half a head"])
def test_a_request_that_never_comes_is_dropped(impatient, sent):
    with connected(impatient) as connection:
        connection.sendall(sent)
        assert closed(connection)


def unfinished(method, path, framing, body=b"", media="application/json", token=TOKEN):
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
    ids=["nothing", "a part", "chunks without an end", "a wrong token", "of a GET", "nowhere", "control", "storage"],
)
def test_a_body_that_never_comes_is_refused(impatient, method, path, token, framing, body):
    with connected(impatient) as connection:
        assert ask(connection, unfinished(method, path, framing, body, token=token)) == 408
        assert closed(connection)
    recorded = [r["status"] for r in impatient.control("GET", "requests")["data"]]
    assert recorded == ([408] if path.startswith("/api/") else [])
    assert impatient.control("GET", "datasets")["data"] == []


def test_an_upload_that_never_ends_leaves_nothing_behind(impatient):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    body = {"name": "m", "customModelType": "inference", "targetType": "Unstructured"}
    made = requests.post(f"{impatient.endpoint}/customModels/", json=body, headers=headers, timeout=5).json()
    path = f"/api/v2/customModels/{made['id']}/versions/"
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nsome bytes'
    with connected(impatient) as connection:
        request = unfinished("POST", path, "Content-Length: 5000", part, "multipart/form-data; boundary=b")
        assert ask(connection, request) == 408
    assert requests.get(impatient.url + path, headers=headers, timeout=5).json()["data"] == []


def test_a_slow_body_that_makes_progress_is_read_to_its_end(impatient):
    body = b'{"name": "m", "customModelType": "inference", "targetType": "Unstructured"}'
    with connected(impatient) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(unfinished("POST", "/api/v2/customModels/", f"Content-Length: {len(body)}"))
        for start in range(0, len(body), 8):
            time.sleep(0.1)
            connection.sendall(body[start : start + 8])
        assert ask(connection, b"") == 201


@pytest.mark.parametrize("length", ["9" * 5000, "-1", "1e3", "NaN"])
def test_a_length_that_is_none_is_refused(fresh, length):
    with connected(fresh) as connection:
        assert ask(connection, unfinished("POST", "/api/v2/customModels/", f"Content-Length: {length}")) == 400
    with connected(fresh) as connection:
        assert ask(connection) == 200


HEAD = b"Host: h\r\nAuthorization: Bearer token-of-the-connections\r\n"


def test_a_request_to_become_a_websocket_is_answered_as_a_plain_one(fresh):
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n"
    with connected(fresh) as connection:
        assert ask(connection, b"GET /api/v2/version/ HTTP/1.1\r\n" + HEAD + upgrade + b"\r\n") == 200
        assert ask(connection) == 200


@pytest.mark.parametrize("path", ["/api/v2/version/", "/api/v2/customModels/?limit=1", "/__emulator__/health"])
def test_a_whole_url_is_a_target_too(fresh, path):
    with connected(fresh) as connection:
        for scheme in ("http", "HTTP"):
            target = f"{scheme}://127.0.0.1:1{path}".encode()
            assert ask(connection, b"GET " + target + b" HTTP/1.1\r\n" + HEAD + b"\r\n") == 200


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
def test_addresses_in_responses_are_made_of_what_the_proxies_say(fresh, headers, root):
    for _ in range(2):
        fresh.control("POST", "datasets", {"name": "d", "csv": "a\n1\n"})
    given = {"Authorization": f"Bearer {TOKEN}", **headers}
    response = requests.get(f"{fresh.endpoint}/datasets/?limit=1", headers=given, timeout=5)
    assert response.json()["next"].startswith(f"{root}/api/v2/datasets/?")
    assert [seen["violations"] for seen in fresh.control("GET", "requests")["data"]] == [[]]
