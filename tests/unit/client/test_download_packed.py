"""Downloads that the server compresses although the request forbids it."""

from __future__ import annotations

import contextlib
import gzip
import io
import itertools
import tracemalloc

import pytest

from datarobot_provider.client import download
from datarobot_provider.client.auth import Token
from datarobot_provider.client.client import DataRobotClient
from datarobot_provider.client.download import Expected
from datarobot_provider.client.endpoint import Endpoint
from datarobot_provider.client.request import Request
from datarobot_provider.client.sync_transport import SyncTransport
from datarobot_provider.client.transport import TransportSettings
from datarobot_provider.exceptions import AuthenticationError, MalformedResponseError, TransportError
from tests.unit.client.senders import ONCE
from tests.unit.support import TOKEN, http_response, raw_server, read_request

CONTENT = b"".join(b"%d;" % (number * number) for number in range(100_000))
PACKED = gzip.compress(CONTENT)


class Memory(io.BytesIO):
    """A sink in memory."""

    def open(self) -> Memory:
        return self

    def commit(self) -> str:
        self.content = self.getvalue()
        return "here"

    def discard(self) -> None:
        self.content = None

    def __exit__(self, *_: object) -> None:
        """Do nothing."""


def fetched(
    *responses: bytes, sink: Memory | None = None, expected: Expected | None = None
) -> tuple[bytes, list[bytes]]:
    """Download from a server with these responses; return the content and the heads of the requests."""
    heads, coming = [], iter(responses)

    def handle(peer) -> None:
        heads.append(read_request(peer))
        peer.sendall(next(coming))

    sink = sink or Memory()
    token = Token(TOKEN, connection="dr")
    with raw_server(handle) as port:
        endpoint = Endpoint(f"http://127.0.0.1:{port}")
        transport = SyncTransport(endpoint, token, TransportSettings(retry=ONCE))
        client = DataRobotClient(endpoint, token, transport)
        with contextlib.closing(client):
            client.downloader(lambda _: None, lambda _: None).fetch(
                Request("GET", "file/"), sink, expected or Expected()
            )
    return sink.content, heads


def packed(body: bytes, length: int | None = None, encoding: str = "gzip") -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {length or len(body)}\r\n\r\n"
    return head.encode() + body


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(download.time, "sleep", lambda _: None)


def test_a_compressed_download_is_decompressed():
    content, heads = fetched(packed(PACKED), expected=Expected(size=len(CONTENT)))
    assert content == CONTENT
    assert b"\r\naccept-encoding: identity\r\n" in heads[0].lower()


def test_an_interrupted_compressed_download_starts_again():
    """It is unknown whether a range refers to the compressed body or to the file."""
    half = packed(PACKED[: len(PACKED) // 2], length=len(PACKED))
    content, heads = fetched(half, half, packed(PACKED))
    assert content == CONTENT
    assert not any(b"range:" in head.lower() for head in heads)


def test_an_incomplete_compressed_download_is_an_error():
    with pytest.raises(TransportError, match="cannot be decompressed"):
        fetched(*[packed(PACKED[:-10])] * 6)


def test_an_unrequested_encoding_is_refused():
    with pytest.raises(MalformedResponseError, match="Content-Encoding 'br'"):
        fetched(packed(b"\x0b\x02\x80hello\x03", encoding="br"))


def test_a_bomb_is_written_with_little_memory():
    class Counting(Memory):
        size = 0

        def write(self, piece: bytes) -> int:
            self.size += len(piece)
            return len(piece)

    bomb = b"".join(itertools.repeat(gzip.compress(b"\0" * 1024 * 1024), 300))
    sink = Counting()
    tracemalloc.start()
    try:
        fetched(packed(bomb), sink=sink)
        assert tracemalloc.get_traced_memory()[1] < 16 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert sink.size == 300 * 1024 * 1024


def test_a_401_of_a_download_names_the_connection():
    with pytest.raises(AuthenticationError, match="API token: the password of the Airflow connection 'dr'"):
        fetched(http_response(b'{"message": "no"}', status="401 Unauthorized"))
