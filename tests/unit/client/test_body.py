"""Size limits and decompression of bodies, in both transports."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import tracemalloc
import zlib
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from datarobot_provider.client.auth import Token
from datarobot_provider.client.body import (
    MAX_BYTES,
    MAX_ERROR_BYTES,
    STEP,
    Body,
    UnreadableBodyError,
    decompressed,
    decompressor,
)
from datarobot_provider.client.client import DataRobotClient
from datarobot_provider.client.endpoint import Endpoint
from datarobot_provider.client.request import Request, Response
from datarobot_provider.client.response_checks import check_response
from datarobot_provider.exceptions import MalformedResponseError, ResponseTooLargeError, TransportError, ValidationError
from tests.pairwise import axis, pairwise
from tests.unit.client.senders import GET, in_a_triggerer, on_a_worker
from tests.unit.support import TOKEN, raw_server, read_request

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable

EVERY_SENDER = pytest.mark.parametrize("send", [on_a_worker, in_a_triggerer])
MEGABYTE = 1024 * 1024
#: Far less than what the bodies here would take as a whole.
MAX_MEMORY = MAX_BYTES * 3


def packed(pieces: Iterable[bytes], window: int = 31) -> bytes:
    """Compress a body that may exceed the memory."""
    packer = zlib.compressobj(1, zlib.DEFLATED, window)
    return b"".join([*map(packer.compress, pieces), packer.flush()])


ZEROS = b"\0" * MEGABYTE
BOMB = packed(itertools.repeat(ZEROS, 200))


def serving(*parts: bytes | Iterable[bytes], status: str = "200 OK") -> Callable[[socket.socket], None]:
    """Return a handler that sends a head and these parts until the connection is closed."""

    def handle(connection: socket.socket) -> None:
        read_request(connection)
        with contextlib.suppress(OSError):
            connection.sendall(f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n".encode())
            for part in parts:
                for piece in (part,) if isinstance(part, bytes) else part:
                    connection.sendall(piece)

    return handle


def of_length(body: bytes, *headers: str) -> bytes:
    return "".join(f"{header}\r\n" for header in (*headers, f"Content-Length: {len(body)}")).encode() + b"\r\n" + body


def endless(chunk: bytes) -> Iterable[bytes]:
    return itertools.repeat(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")


CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
GZIP = b"Content-Encoding: gzip\r\n"
TOO_LARGE = {
    "a bomb": (of_length(BOMB, "Content-Encoding: gzip"),),
    "a bomb of deflate": (of_length(packed(itertools.repeat(ZEROS, 200), 15), "Content-Encoding: deflate"),),
    "a bomb of many members": (of_length(packed([ZEROS]) * 200, "Content-Encoding: gzip"),),
    "a bomb in chunks": (GZIP + CHUNKED, endless(packed([ZEROS]))),
    "endless chunks": (CHUNKED, endless(ZEROS)),
    "endless small chunks": (CHUNKED, endless(b"x" * 1000)),
    "endless without a length": (b"\r\n", itertools.repeat(ZEROS)),
    "announced": (b"Content-Length: 99999999999\r\n\r\n", itertools.repeat(ZEROS)),
    "one byte more": (of_length(b" " * (MAX_BYTES + 1)),),
}


@contextlib.contextmanager
def little_memory():
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < MAX_MEMORY
    finally:
        tracemalloc.stop()


@EVERY_SENDER
@pytest.mark.parametrize("parts", TOO_LARGE.values(), ids=TOO_LARGE)
def test_a_response_beyond_the_limit_is_refused_with_little_memory(send, parts):
    with raw_server(serving(*parts)) as port, little_memory(), pytest.raises(ResponseTooLargeError) as caught:
        send(f"http://127.0.0.1:{port}", read_timeout=60)
    assert str(caught.value).startswith(f"The response to GET things/ has more than {MAX_BYTES:,} bytes")
    assert caught.value.retryable


@EVERY_SENDER
def test_a_response_at_the_limit_is_read(send):
    for part in (of_length(b" " * MAX_BYTES), of_length(packed([b" " * MAX_BYTES]), "Content-Encoding: gzip")):
        with raw_server(serving(part)) as port:
            assert len(send(f"http://127.0.0.1:{port}", read_timeout=60).body) == MAX_BYTES


@pairwise(
    parts=TOO_LARGE,
    status=axis(["302 Found", "401 No", "500 Oops"]),
    send=axis([on_a_worker, in_a_triggerer], lambda send: send.__name__),
)
def test_an_error_keeps_its_status_and_the_beginning_of_its_body(send, parts, status):
    with raw_server(serving(*parts, status=status)) as port, little_memory():
        response = send(f"http://127.0.0.1:{port}", read_timeout=60)
    assert response.status == int(status[:3])
    assert len(response.body) == MAX_ERROR_BYTES


@EVERY_SENDER
def test_an_error_of_100_mb_keeps_the_message_of_the_server(send):
    body = b'{"message": "target is missing", "echo": "' + b"x" * (100 * MEGABYTE)
    with raw_server(serving(of_length(body), status="422 No")) as port:
        response = send(f"http://127.0.0.1:{port}", read_timeout=60)
    with pytest.raises(ValidationError, match="target is missing"):
        check_response(response, GET, Token(TOKEN))


@EVERY_SENDER
@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, gzip", "nonsense"])
def test_an_unrequested_encoding_is_refused_but_hides_no_error(send, encoding):
    part = of_length(b"\x0b\x02\x80hello\x03", f"Content-Encoding: {encoding}")
    with (
        raw_server(serving(part)) as port,
        pytest.raises(MalformedResponseError, match=f"Content-Encoding '{encoding}', which was not requested"),
    ):
        send(f"http://127.0.0.1:{port}")
    with raw_server(serving(part, status="401 No")) as port:
        assert send(f"http://127.0.0.1:{port}").status == 401


@EVERY_SENDER
def test_the_supported_encodings_are_requested(send):
    asked = []

    def handle(connection: socket.socket) -> None:
        asked.append(read_request(connection))
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + of_length(b"{}"))

    with raw_server(handle) as port:
        send(f"http://127.0.0.1:{port}")
    assert b"\r\naccept-encoding: gzip, deflate\r\n" in asked[0].lower()


BODY = b'{"ok": "' + b"".join(f"{number * number:x}".encode() for number in range(60_000)) + b'"}'
MEMBERS = gzip.compress(BODY[:1000]) + gzip.compress(BODY[1000:])
SOUND = {
    "plain": ("identity", BODY),
    "gzip": ("gzip", gzip.compress(BODY)),
    "x-gzip": ("X-GZip", gzip.compress(BODY)),
    "members": ("gzip", MEMBERS),
    "padding": ("gzip", MEMBERS + b"\0" * 100),
    "deflate": ("deflate", zlib.compress(BODY)),
    "raw deflate": ("deflate", packed([BODY], -15)),
}


@EVERY_SENDER
@pytest.mark.parametrize(("encoding", "sent"), SOUND.values(), ids=SOUND)
def test_a_compressed_body_is_decompressed(send, encoding, sent):
    with raw_server(serving(of_length(sent, f"Content-Encoding: {encoding}"))) as port:
        assert send(f"http://127.0.0.1:{port}").body == BODY


@pytest.mark.parametrize(("encoding", "sent"), SOUND.values(), ids=SOUND)
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_a_body_may_come_in_chunks_of_any_size(encoding, sent, size):
    pieces = (sent[start : start + size] for start in range(0, len(sent), size))
    assert b"".join(decompressed(pieces, encoding)) == BODY


@EVERY_SENDER
@pytest.mark.parametrize(
    ("encoding", "sent"),
    [
        ("gzip", gzip.compress(BODY)[:-5]),
        ("gzip", gzip.compress(BODY)[:1]),
        ("gzip", BODY),
        ("gzip", gzip.compress(BODY)[:-6] + b"\0\0\0\0\0\0"),
        ("deflate", zlib.compress(BODY)[:100]),
        ("deflate", b"\xff\xff\xff"),
    ],
    ids=["cut", "one byte", "not packed", "wrong check", "cut deflate", "no deflate"],
)
def test_a_body_that_cannot_be_decompressed_is_lost(send, encoding, sent):
    with (
        raw_server(serving(of_length(sent, f"Content-Encoding: {encoding}"))) as port,
        pytest.raises(TransportError) as caught,
    ):
        send(f"http://127.0.0.1:{port}")
    assert (caught.value.reason, caught.value.sent) == ("lost", True)


@EVERY_SENDER
def test_an_empty_body_may_have_a_content_encoding(send):
    with raw_server(serving(of_length(b"", "Content-Encoding: gzip"), status="204 No Content")) as port:
        assert send(f"http://127.0.0.1:{port}").body == b""


def test_no_step_exceeds_the_step_size():
    assert max(map(len, decompressor("gzip").decompress(BOMB))) <= STEP
    with pytest.raises(UnreadableBodyError):
        list(decompressed([BOMB[:1000]], "gzip"))


def test_the_event_loop_runs_between_the_steps_of_a_decompression():
    async def main(port: int) -> int:
        passes = 0

        async def count() -> None:
            nonlocal passes
            while True:
                await asyncio.sleep(0)
                passes += 1

        counting = asyncio.create_task(count())
        with pytest.raises(ResponseTooLargeError):
            await async_send(port)
        counting.cancel()
        return passes

    async def async_send(port: int) -> None:
        from tests.unit.client.test_async_transport import send_to

        await send_to(f"http://127.0.0.1:{port}", Request("GET", "things/"))

    with raw_server(serving(of_length(BOMB, "Content-Encoding: gzip"))) as port:
        assert asyncio.run(main(port)) >= MAX_BYTES // STEP


@EVERY_SENDER
@pytest.mark.parametrize("size", [1000, 60_000])
def test_a_long_header_is_accepted_by_both_transports(send, size):
    with raw_server(serving(f"Location: /{'x' * size}\r\n".encode() + of_length(b"{}"), status="303 See")) as port:
        assert len(send(f"http://127.0.0.1:{port}").location) == size + 1


@EVERY_SENDER
@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(b"X: " + b"x" * 10**6 + b"\r\n", id="long"),
        pytest.param(
            itertools.repeat(b"X: y\r\n" * 1000),
            id="many",
            marks=pytest.mark.skipif(
                Version(version("aiohttp")) <= Version("3.13.3"), reason="this version of aiohttp has no limit"
            ),
        ),
    ],
)
def test_too_many_or_too_long_headers_are_refused(send, lines):
    with raw_server(serving(lines)) as port, little_memory(), pytest.raises(TransportError) as caught:
        send(f"http://127.0.0.1:{port}")
    assert (caught.value.reason, caught.value.sent) == ("lost", True)


@EVERY_SENDER
def test_the_line_with_the_size_of_a_chunk_has_a_limit(send):
    with (
        raw_server(serving(CHUNKED, itertools.repeat(b"0" * MEGABYTE))) as port,
        little_memory(),
        pytest.raises(TransportError),
    ):
        send(f"http://127.0.0.1:{port}", read_timeout=1)


@pytest.mark.parametrize("size", [4 * 1024 * 1024, 4 * 1024 * 1024 + 1], ids=["at the limit", "beyond it"])
def test_a_poll_has_its_own_size_limit(size):
    """The triggerer parses the response in one step, which blocks its other waits."""

    class Sender:
        def send(self, request):
            body = Body(request, 200, {})
            list(body.add(b" " * (size - 2) + b"{}"))
            return Response(200, {"content-type": "application/json"}, body.finish())

    client = DataRobotClient(Endpoint("https://datarobot.example"), Token("unit-test-token-0123456789"), Sender())
    if size > 4 * 1024 * 1024:
        with pytest.raises(ResponseTooLargeError, match="more than 4,194,304 bytes"):
            client.poll("status/s/")
    else:
        assert client.poll("status/s/").json() == {}
    assert len(client.send(Request("GET", "things/")).body) == size
