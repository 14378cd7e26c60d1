"""Redaction of signed URLs in the log of the HTTP library."""

from __future__ import annotations

import contextlib
import io
import logging

from datarobot_provider.client.auth import Token
from datarobot_provider.client.client import DataRobotClient
from datarobot_provider.client.download import Expected
from datarobot_provider.client.endpoint import Endpoint
from datarobot_provider.client.request import Request
from datarobot_provider.client.sync_transport import SyncTransport
from datarobot_provider.client.transport import TransportSettings
from tests.unit.client.senders import ONCE
from tests.unit.client.test_download_packed import Memory
from tests.unit.support import TOKEN, raw_server, read_request

SIGNATURE = "c2lnbmF0dXJlLTAxMjM0NTY3ODk"


def test_unreadable_headers_do_not_log_the_signature():
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    library = logging.getLogger("urllib3")

    def storage(peer) -> None:
        read_request(peer)
        head = f"HTTP/1.1 200 OK\r\nX-Echo : {SIGNATURE}\r\nContent-Length: 2\r\n\r\n"
        peer.sendall(head.encode() + b"{}")

    with raw_server(storage) as elsewhere:

        def api(peer) -> None:
            read_request(peer)
            location = f"http://127.0.0.1:{elsewhere}/file?X-Signature={SIGNATURE}"
            peer.sendall(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())

        with raw_server(api) as port:
            endpoint, token = Endpoint(f"http://127.0.0.1:{port}"), Token(TOKEN)
            client = DataRobotClient(endpoint, token, SyncTransport(endpoint, token, TransportSettings(retry=ONCE)))
            library.addHandler(handler)
            level, library.level = library.level, logging.DEBUG
            try:
                with contextlib.closing(client):
                    downloader = client.downloader(lambda _: None, lambda _: None)
                    downloader.fetch(Request("GET", "file/"), Memory(), Expected())
            finally:
                library.removeHandler(handler)
                library.setLevel(level)
    assert "Failed to parse headers" in written.getvalue()
    assert SIGNATURE not in written.getvalue()
