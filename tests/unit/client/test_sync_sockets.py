"""Synchronous transport with real sockets."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl

import pytest
import requests
from urllib3.exceptions import InsecureRequestWarning

from datarobot_provider.client.auth import Token
from datarobot_provider.client.endpoint import Endpoint
from datarobot_provider.client.files import listed_files
from datarobot_provider.client.multipart import UploadBody
from datarobot_provider.client.request import Request
from datarobot_provider.client.retry import RetryPolicy
from datarobot_provider.client.sync_transport import SyncTransport
from datarobot_provider.client.transport import TransportSettings
from datarobot_provider.exceptions import TransportError
from tests.unit.client.forms import parse_form
from tests.unit.support import ORIGIN, TOKEN, deaf_port, free_port, http_response, raw_server, read_request

ONCE = RetryPolicy(attempts=1)


def send(origin: str, request: Request, **settings):
    sender = SyncTransport(Endpoint(origin), Token(TOKEN), TransportSettings(**settings))
    with contextlib.closing(sender):
        return sender.send(request)


def fail(origin: str, method: str = "GET", **settings) -> tuple[str, bool]:
    """Return the reason of the error of a request, and whether the request was sent."""
    with pytest.raises(TransportError) as caught:
        send(origin, Request(method, "things/"), **{"retry": ONCE, **settings})
    return caught.value.reason, caught.value.sent


@contextlib.contextmanager
def serving(*responses: bytes):
    """Serve these responses in order; return the URL and the received requests."""
    seen, coming = [], iter(responses)

    def handle(connection: socket.socket) -> None:
        seen.append(read_request(connection))
        connection.sendall(next(coming))

    with raw_server(handle) as port:
        yield f"http://127.0.0.1:{port}", seen


@pytest.mark.usefixtures("netrc")
def test_a_netrc_file_does_not_replace_the_token():
    with serving(http_response(b'{"ok": 1}')) as (origin, seen):
        assert send(origin, Request("GET", "things/")).json() == {"ok": 1}
    assert f"\r\nAuthorization: Bearer {TOKEN}\r\n".encode() in seen[0]
    assert b"Basic" not in seen[0]


def test_an_upload_is_sent_with_its_length(tmp_path):
    (tmp_path / "custom.py").write_bytes(b"print()\n" * 300_000)
    files = listed_files([str(tmp_path / "custom.py")])
    with serving(http_response(status="201 Created")) as (origin, seen):
        assert send(origin, Request("POST", "things/", upload=lambda: UploadBody([("a", "1")], files))).status == 201
    head, _, body = seen[0].partition(b"\r\n\r\n")
    headers = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
    assert int(headers[b"Content-Length"]) == len(body)
    assert b"Transfer-Encoding" not in headers
    parts = parse_form(headers[b"Content-Type"].decode(), body)
    assert [(part.name, len(part.content)) for part in parts] == [("a", 1), ("file", 2_400_000), ("filePath", 9)]


def test_a_closed_port_is_refused_and_unsent():
    assert fail(f"http://127.0.0.1:{free_port()}", "POST") == ("refused", False)


def test_an_unknown_host_name_is_dns_and_unsent(monkeypatch):
    def unknown(*_args, **_kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert fail("http://datarobot.invalid", "POST") == ("dns", False)


def test_a_host_that_accepts_no_connection_is_a_timeout_and_unsent():
    with deaf_port() as port:
        assert fail(f"http://127.0.0.1:{port}", "POST", connect_timeout=0.3) == ("timeout", False)


def test_a_host_that_does_not_respond_is_a_timeout_and_maybe_sent():
    with raw_server(lambda connection: connection.recv(1) and read_until_closed(connection)) as port:
        assert fail(f"http://127.0.0.1:{port}", "POST", read_timeout=0.3) == ("timeout", True)


def read_until_closed(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


@pytest.mark.parametrize(
    "scripted",
    [b"", b"HTTP/1.", http_response(b'{"cut', length=100), b"this is not HTTP\r\n\r\n"],
    ids=["nothing", "half a status line", "half a body", "garbage"],
)
def test_a_broken_connection_is_lost_and_maybe_sent(scripted):
    with serving(scripted) as (origin, seen):
        assert fail(origin, "POST") == ("lost", True)
    assert len(seen) == 1


def test_an_untrusted_certificate_is_tls_and_unsent(certificate):
    def handle(connection: socket.socket) -> None:
        with contextlib.suppress(ssl.SSLError):
            certificate[1].wrap_socket(connection, server_side=True)

    with raw_server(handle) as port:
        assert fail(f"https://127.0.0.1:{port}", "POST") == ("tls", False)


def test_a_server_without_tls_is_tls_and_unsent():
    with raw_server(lambda connection: connection.recv(10) and connection.sendall(http_response())) as port:
        assert fail(f"https://127.0.0.1:{port}", "POST") == ("tls", False)


def test_the_ca_bundle_of_the_connection_is_trusted(certificate):
    def handle(connection: socket.socket) -> None:
        with certificate[1].wrap_socket(connection, server_side=True) as secure:
            read_request(secure)
            secure.sendall(http_response())

    with raw_server(handle) as port:
        assert send(f"https://127.0.0.1:{port}", Request("GET", "things/"), ca_bundle=certificate[0]).status == 200


def answer_over_tls(context: ssl.SSLContext):
    """Return a server with TLS, and the client certificates that it received."""
    shown = []

    def handle(connection: socket.socket) -> None:
        with contextlib.suppress(ssl.SSLError), context.wrap_socket(connection, server_side=True) as secure:
            if read_request(secure):
                shown.append(secure.getpeercert())
                secure.sendall(http_response())

    return handle, shown


@pytest.mark.parametrize("apart", [False, True], ids=["one file", "certificate and key"])
def test_the_client_certificate_is_sent_to_a_server_that_requires_one(demanding, pems, apart):
    mine = {"client_cert": pems.cert, "client_key": pems.key} if apart else {"client_cert": pems.both}
    handle, shown = answer_over_tls(demanding)
    with raw_server(handle) as port:
        origin = f"https://127.0.0.1:{port}"
        assert send(origin, Request("GET", "things/"), ca_bundle=pems.both, **mine).status == 200
        assert fail(origin, ca_bundle=pems.both)[0] in {"tls", "lost"}
    assert shown == [ssl._ssl._test_decode_cert(pems.cert)]


def test_the_client_certificate_is_not_sent_to_another_host(certificate, pems):
    wanting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    wanting.load_cert_chain(pems.both)
    wanting.load_verify_locations(pems.both)
    wanting.verify_mode = ssl.CERT_OPTIONAL
    handle, shown = answer_over_tls(wanting)
    settings = TransportSettings(client_cert=pems.both, ca_bundle=pems.both)
    sender = SyncTransport(Endpoint(ORIGIN), Token(TOKEN), settings)
    with (
        raw_server(handle) as port,
        contextlib.closing(sender),
        sender.stream_url(Request("GET", "things/"), f"https://127.0.0.1:{port}/", {}) as response,
    ):
        assert response.status_code == 200
    assert shown == [None]


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "UNRELATED"])
def test_verification_is_disabled_by_the_connection_only(certificate, monkeypatch, name):
    monkeypatch.setenv(name, certificate[0])
    handle, _ = answer_over_tls(certificate[1])
    with raw_server(handle) as port:
        origin = f"https://localhost:{port}"
        with pytest.warns(InsecureRequestWarning):
            assert send(origin, Request("GET", "things/"), verify=False, ca_bundle=certificate[0]).status == 200
        assert fail(origin, "POST", verify=True) == ("tls", False)


def test_a_post_is_not_sent_again_if_tls_fails_after_the_request(certificate):
    received = []

    def handle(connection: socket.socket) -> None:
        with certificate[1].wrap_socket(connection, server_side=True) as secure:
            received.append(read_request(secure))
            os.write(secure.fileno(), b"these bytes are no TLS record at all")

    with raw_server(handle) as port:
        policy = RetryPolicy(attempts=3, base=0)
        ended = fail(f"https://127.0.0.1:{port}", "POST", ca_bundle=certificate[0], retry=policy)
    assert len(received) == 1
    assert ended[1]


def test_the_causes_of_a_handled_exception_are_ignored():
    """An error during the handling of another one has it as its context."""
    with raw_server(lambda connection: connection.recv(10) and connection.sendall(http_response())) as port:
        try:
            requests.get(f"https://127.0.0.1:{port}", timeout=5)
        except requests.RequestException:
            with serving(b"") as (origin, seen):
                assert fail(origin, "POST") == ("lost", True)
    assert len(seen) == 1


def test_a_post_is_sent_once_if_the_connection_is_lost():
    with serving(b"", http_response()) as (origin, seen):
        assert fail(origin, "POST", retry=RetryPolicy(attempts=5, base=0)) == ("lost", True)
    assert len(seen) == 1


@pytest.mark.parametrize(
    "location",
    ["http://[", "http://[::1", "//\\\\", "http://a:b:c/", "\xff\xfe", "javascript:alert(1)", "http://x:99999999/"],
)
@pytest.mark.parametrize("status", ["302 Found", "307 Temporary Redirect"])
def test_a_redirect_to_an_invalid_url_is_returned(location, status):
    scripted = http_response(status=status).replace(b"\r\n", f"\r\nLocation: {location}\r\n".encode("latin-1"), 1)
    with serving(scripted) as (origin, seen):
        response = send(origin, Request("POST", "things/"), retry=ONCE)
    assert (response.status, response.location, len(seen)) == (int(status[:3]), location, 1)


def test_an_upload_has_its_own_number_of_attempts(tmp_path):
    (tmp_path / "custom.py").write_bytes(b"print()\n")
    files = listed_files([str(tmp_path / "custom.py")])
    again = http_response(status="429 Slow down").replace(b"\r\n", b"\r\nRetry-After: 0\r\n", 1)
    policy = RetryPolicy(attempts=5)
    with serving(*[again] * 9) as (origin, seen):
        upload = Request("POST", "things/", upload=lambda: UploadBody([], files))
        assert send(origin, upload, retry=policy, upload_attempts=2).status == 429
        assert len(seen) == 2
        assert seen[0].partition(b"\r\n\r\n")[2].count(b"print()") == seen[1].count(b"print()") == 1
        assert send(origin, Request("POST", "things/"), retry=policy, upload_attempts=2).status == 429
    assert len(seen) == 2 + 5


def test_a_poll_is_sent_again_after_a_lost_connection():
    with serving(b"", http_response(b'{"cut', length=100), http_response(b'{"ok": 1}')) as (origin, seen):
        policy = RetryPolicy(attempts=5, base=0)
        assert send(origin, Request("GET", "things/"), retry=policy).json() == {"ok": 1}
    assert len(seen) == 3
