"""Time limits of requests in both transports, and minimum rates of transfers."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time

import pytest

from datarobot_provider.client import limits, sync_connections
from datarobot_provider.client.auth import Token
from datarobot_provider.client.endpoint import Endpoint
from datarobot_provider.client.limits import MINIMUM_RATE, Deadline, DownloadLimit, LimitExceededError, MinimumRate
from datarobot_provider.client.request import Request
from datarobot_provider.client.sync_transport import SyncTransport
from datarobot_provider.client.transport import TransportSettings
from datarobot_provider.exceptions import TransportError
from tests.unit.client.senders import ONCE, dripping, in_a_triggerer, on_a_worker, outcome
from tests.unit.support import TOKEN, deaf_port, http_response, raw_server, read_request

EVERY_SENDER = pytest.mark.parametrize("send", [on_a_worker, in_a_triggerer])
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#: Far less than one of the cases would take without an end, and more than a busy machine takes longer.
SOON = 5.0


@contextlib.contextmanager
def ending_soon():
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SOON


@EVERY_SENDER
@pytest.mark.parametrize(
    ("head", "drops"),
    [
        (b"", [bytes([byte]) for byte in HEAD]),
        (b"HTTP/1.1 200 OK\r\n", (f"X-{number}: 1\r\n".encode() for number in itertools.count())),
        (HEAD + b"X-Long: ", itertools.repeat(b"x")),
        (HEAD + b"Content-Length: 10000\r\n\r\n", itertools.repeat(b" ")),
        (HEAD + b"\r\n", itertools.repeat(b" ")),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", itertools.repeat(b"1\r\n \r\n")),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", itertools.repeat(b"0")),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", itertools.repeat(b"X-Trailer: 1\r\n")),
        (b"", itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n")),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 10000\r\n\r\n", itertools.repeat(b" ")),
        (b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 10000\r\n\r\n", itertools.repeat(b" ")),
    ],
    ids=[
        "status line",
        "headers",
        "a header",
        "body",
        "body without a length",
        "chunks",
        "size of a chunk",
        "trailers",
        "continue",
        "body of an error",
        "body of a redirect",
    ],
)
def test_a_slow_response_ends_with_the_read_timeout(send, head, drops):
    with dripping(head, drops, seconds=0.05) as handle, raw_server(handle) as port, ending_soon():
        assert outcome(send, f"http://127.0.0.1:{port}", read_timeout=0.4) == ("timeout", True)


@EVERY_SENDER
def test_a_slow_tls_handshake_ends_with_the_connect_timeout_and_is_unsent(send):
    over = threading.Event()

    def handle(connection: socket.socket) -> None:
        connection.recv(65536)
        # The beginning of a handshake record of 16 KiB.
        for byte in itertools.chain(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03", itertools.repeat(0)):
            if over.wait(0.05):
                return
            connection.sendall(bytes([byte]))

    with raw_server(handle) as port, ending_soon():
        try:
            origin = f"https://127.0.0.1:{port}"
            assert outcome(send, origin, connect_timeout=0.4) == ("timeout", False)
        finally:
            over.set()


def test_the_addresses_of_a_host_share_the_connect_timeout(monkeypatch):
    with deaf_port() as deaf:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", deaf))] * 20
        monkeypatch.setattr(sync_connections.socket, "getaddrinfo", lambda *_: found)
        with ending_soon():
            assert outcome(on_a_worker, "http://datarobot.example", connect_timeout=0.4) == ("timeout", False)


def test_an_unresponsive_address_leaves_time_for_the_next_one(monkeypatch):
    with (
        deaf_port() as deaf,
        raw_server(lambda peer: read_request(peer) and peer.sendall(http_response())) as port,
    ):
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", each)) for each in (deaf, port)]
        monkeypatch.setattr(sync_connections.socket, "getaddrinfo", lambda *_: found)
        assert outcome(on_a_worker, "http://datarobot.example", connect_timeout=1) == 200


def upload_of(size: int) -> Request:
    """Return a request that uploads ``size`` bytes."""

    class Upload:
        content_type = "application/octet-stream"

        def __len__(self) -> int:
            return size

        def __iter__(self):
            yield from itertools.repeat(b"x" * 65536, size // 65536)

    return Request("POST", "things/", upload=Upload)


def reading(pause: float, piece: int, over: threading.Event):
    """Return a handler that reads in slow steps and responds after the last one."""

    def handle(connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(piece)
        wanted = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        left = wanted - len(head.partition(b"\r\n\r\n")[2])
        while left > 0 and not over.wait(pause):
            left -= len(connection.recv(piece)) or left
        connection.sendall(http_response())

    return handle


def test_an_upload_that_the_server_does_not_read_ends_with_the_upload_timeout():
    over = threading.Event()
    with raw_server(reading(0.2, 1, over)) as port, ending_soon():
        try:
            upload = upload_of(64 * 1024 * 1024)
            ended = outcome(on_a_worker, f"http://127.0.0.1:{port}", request=upload, upload_timeout=0.5)
        finally:
            over.set()
    assert ended == ("timeout", True)


def test_a_long_upload_above_the_minimum_rate_succeeds():
    with raw_server(reading(0.01, 128 * 1024, threading.Event())) as port:
        origin = f"http://127.0.0.1:{port}"
        began = time.monotonic()
        assert outcome(on_a_worker, origin, request=upload_of(32 * 1024 * 1024), upload_timeout=1) == 200
        assert time.monotonic() - began > 1


def test_the_response_to_an_upload_is_limited_by_the_upload_timeout():
    with (
        dripping(HEAD, itertools.repeat(b"X: y\r\n"), seconds=0.05) as handle,
        raw_server(handle) as port,
        ending_soon(),
    ):
        origin = f"http://127.0.0.1:{port}"
        request = upload_of(65536)
        assert outcome(on_a_worker, origin, request=request, upload_timeout=0.5, read_timeout=60) == ("timeout", True)


def downloaded(port: int, **settings: float) -> int:
    """Return the size of a download."""
    sender = SyncTransport(
        Endpoint(f"http://127.0.0.1:{port}"), Token(TOKEN), TransportSettings(retry=ONCE, **settings)
    )
    with contextlib.closing(sender), sender.stream(Request("GET", "things/"), {}) as response:
        return sum(map(len, response.iter_content(65536)))


@pytest.mark.parametrize("head", [HEAD, HEAD + b"Content-Length: 100000\r\n\r\n"], ids=["head", "body"])
def test_a_slow_download_ends_with_the_read_timeout(head):
    drop = b" " if head.endswith(b"\r\n\r\n") else b"X: y\r\n"
    with dripping(head, itertools.repeat(drop), seconds=0.05) as handle, raw_server(handle) as port, ending_soon():
        with pytest.raises(TransportError) as caught:
            downloaded(port, read_timeout=0.4)
        assert (caught.value.reason, caught.value.sent) == ("timeout", True)


def test_a_long_download_above_the_minimum_rate_succeeds():
    pieces = [b"x" * 4096] * 30
    head = HEAD + f"Content-Length: {4096 * 30}\r\n\r\n".encode()
    with dripping(head, pieces, seconds=0.05) as handle, raw_server(handle) as port:
        assert downloaded(port, read_timeout=0.5) == 4096 * 30


def test_a_deadline_does_not_depend_on_progress():
    now = [0.0]
    limit = Deadline(10, clock=lambda: now[0])
    assert limit.remaining() == 10
    now[0] = 9.0
    limit.record(10**9, 9.0)
    assert limit.response().remaining() == 1.0
    now[0] = 10.0
    with pytest.raises(LimitExceededError):
        limit.remaining()


@pytest.mark.parametrize(
    ("bytes_a_second", "ends"),
    [(1, True), (MINIMUM_RATE / 60 / 2, True), (MINIMUM_RATE / 60 * 2, False), (1_000_000, False)],
)
@pytest.mark.parametrize("seconds", [1.0, 60.0, 600.0])
def test_only_a_transfer_below_the_minimum_rate_ends(seconds, bytes_a_second, ends):
    limit, clock = MinimumRate(seconds), 0.0
    try:
        while clock < 100 * seconds:
            limit.remaining()
            limit.record(int(bytes_a_second * seconds / 20), seconds / 20)
            clock += seconds / 20
    except LimitExceededError:
        assert ends
        assert clock <= seconds * 1.1
    else:
        assert not ends


def test_the_time_of_the_local_disk_is_not_counted(monkeypatch):
    limit = MinimumRate(1)
    for _ in range(5):
        assert limit.remaining() > 0
        limit.record(10_000, 0.01)
    download = DownloadLimit(1)
    download.begin_body()
    monkeypatch.setattr(limits.time, "monotonic", lambda: 1e9)
    assert download.remaining() == 1
