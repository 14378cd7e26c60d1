"""Invalid responses, in both transports."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import time
import zlib
from typing import TYPE_CHECKING

import pytest

from datarobot_provider.client.async_transport import AsyncTransport
from datarobot_provider.client.auth import Token
from datarobot_provider.client.body import MAX_BYTES, content_length
from datarobot_provider.client.endpoint import Endpoint
from datarobot_provider.client.request import Request
from datarobot_provider.client.sync_transport import SyncTransport
from datarobot_provider.client.transport import TransportSettings
from datarobot_provider.exceptions import MalformedResponseError, ResponseTooLargeError, TransportError
from tests.unit.client.senders import ONCE, in_a_triggerer, on_a_worker, outcome
from tests.unit.support import TOKEN, http_response, raw_server, read_request

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable

EVERY_SENDER = pytest.mark.parametrize("send", [on_a_worker, in_a_triggerer])
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
#: How long an event loop may stand still on a busy machine, in seconds; unbounded, each case takes half a second.
MAX_STALL = 0.35


def sending(*parts: bytes | Iterable[bytes]) -> Callable[[socket.socket], None]:
    """Return a handler that sends these parts until the connection is closed."""

    def handle(connection: socket.socket) -> None:
        read_request(connection)
        with contextlib.suppress(OSError):
            for part in parts:
                for piece in (part,) if isinstance(part, bytes) else part:
                    connection.sendall(piece)

    return handle


@EVERY_SENDER
@pytest.mark.parametrize("size", [b"-1", b"-5", b"zz", b"", b"-ffffffff"])
def test_a_chunk_without_a_valid_size_fails_the_response(send, size):
    with raw_server(sending(CHUNKED + size + b"\r\n", itertools.repeat(b"x" * 65536))) as port:
        assert outcome(send, f"http://127.0.0.1:{port}", read_timeout=5) == ("lost", True)


@EVERY_SENDER
def test_a_length_of_thousands_of_digits_is_refused(send):
    # The parser of aiohttp refuses the head before the length is read.
    refusal = TransportError if send is in_a_triggerer else ResponseTooLargeError
    server = raw_server(sending(HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}"))
    with server as port, pytest.raises(refusal):
        send(f"http://127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("length", "expected"),
    [(None, None), ("", None), ("-1", None), ("1, 1", None), (" 12 ", 12), ("0", 0), ("0" * 5000 + "7", 7)],
)
def test_a_content_length_is_parsed(length, expected):
    assert content_length(length) == expected


def test_a_length_of_thousands_of_digits_exceeds_every_limit():
    assert (content_length("9" * 5000) or 0) > MAX_BYTES


@EVERY_SENDER
@pytest.mark.parametrize("status", [b"100 Continue", b"102 Processing", b"103 Early Hints", b"199 Odd"])
@pytest.mark.parametrize("count", [1, 5])
def test_interim_responses_are_skipped(send, status, count):
    ahead = b"HTTP/1.1 " + status + b"\r\nLink: </style.css>\r\n\r\n"
    with raw_server(sending(ahead * count + http_response(b'{"ok": 1}'))) as port:
        assert send(f"http://127.0.0.1:{port}").json() == {"ok": 1}


def test_responses_are_not_mixed_up_after_an_interim_response():
    def handle(connection: socket.socket) -> None:
        for scripted in (b'{"n": 1}', b'{"n": 2}'):
            read_request(connection)
            connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
            connection.sendall(HEAD + b"Content-Length: 8\r\n\r\n" + scripted)

    with raw_server(handle) as port:
        sender = SyncTransport(Endpoint(f"http://127.0.0.1:{port}"), Token(TOKEN), TransportSettings(retry=ONCE))
        with contextlib.closing(sender):
            responses = [sender.send(Request("POST", "things/", json={})) for _ in range(2)]
    assert [response.json() for response in responses] == [{"n": 1}, {"n": 2}]


@EVERY_SENDER
def test_repeated_headers_are_joined(send):
    twice = b"Location: /api/v2/a/\r\nRetry-After: 5\r\n" * 2
    with raw_server(sending(b"HTTP/1.1 303 See\r\n" + twice + b"Content-Length: 0\r\n\r\n")) as port:
        headers = send(f"http://127.0.0.1:{port}").headers
    assert (headers["location"], headers["retry-after"]) == ("/api/v2/a/, /api/v2/a/", "5, 5")


@EVERY_SENDER
def test_a_body_that_is_compressed_twice_is_refused(send):
    body = gzip.compress(gzip.compress(b"{}"))
    head = HEAD + b"Content-Encoding: gzip\r\n" * 2 + f"Content-Length: {len(body)}\r\n\r\n".encode()
    with raw_server(sending(head + body)) as port, pytest.raises(MalformedResponseError, match="gzip, gzip"):
        send(f"http://127.0.0.1:{port}")


PACKED = {
    "empty members": (b"gzip", itertools.repeat(gzip.compress(b"", mtime=0) * 10_000)),
    "padding after gzip": (b"gzip", [gzip.compress(b"{}")], itertools.repeat(b"x" * 65536)),
    "padding after deflate": (b"deflate", [zlib.compress(b"{}")], itertools.repeat(b"x" * 65536)),
    "a name without an end": (b"gzip", [b"\x1f\x8b\x08\x08\0\0\0\0\0\x03"], itertools.repeat(b"x" * 65536)),
}


@EVERY_SENDER
@pytest.mark.parametrize("case", PACKED.values(), ids=PACKED)
def test_a_compressed_body_without_content_has_a_limit(send, case):
    encoding, *parts = case
    head = HEAD + b"Content-Encoding: " + encoding + b"\r\n\r\n"
    request = Request("GET", "things/", max_bytes=1024 * 1024)
    with raw_server(sending(head, *parts)) as port, pytest.raises(ResponseTooLargeError):
        send(f"http://127.0.0.1:{port}", request, read_timeout=60)


FLOODS = {
    "interim responses": (itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000),),
    "chunks of a byte": (CHUNKED, itertools.repeat(b"1\r\nx\r\n" * 40_000)),
    "empty members": (HEAD + b"Content-Encoding: gzip\r\n\r\n", PACKED["empty members"][1]),
}


@pytest.mark.parametrize("parts", FLOODS.values(), ids=FLOODS)
def test_a_large_response_does_not_block_the_event_loop(parts):
    async def longest_stall(origin: str) -> float:
        sender = AsyncTransport(Endpoint(origin), Token(TOKEN), TransportSettings(retry=ONCE, read_timeout=1))
        sending_it = asyncio.ensure_future(sender.send(Request("GET", "things/", max_bytes=1024 * 1024)))
        longest, latest = 0.0, time.thread_time()
        while not sending_it.done():
            await asyncio.sleep(0.001)
            now = time.thread_time()
            longest, latest = max(longest, now - latest), now
        await sender.close()
        await asyncio.gather(sending_it, return_exceptions=True)
        return longest

    with raw_server(sending(*parts)) as port:
        assert asyncio.run(longest_stall(f"http://127.0.0.1:{port}")) < MAX_STALL
