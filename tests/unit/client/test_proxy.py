"""Proxy variables of the environment, in both transports."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading

import pytest

from datarobot_provider.client.auth import Token
from datarobot_provider.client.endpoint import Endpoint
from datarobot_provider.client.proxy import Proxy, is_exempt, proxy_for
from datarobot_provider.client.request import Request
from datarobot_provider.client.sync_transport import SyncTransport
from datarobot_provider.client.transport import TransportSettings
from datarobot_provider.exceptions import ConfigurationError
from datarobot_provider.hooks.datarobot import DataRobotHook
from tests.unit.client.senders import in_a_triggerer, on_a_worker, outcome
from tests.unit.support import TOKEN, free_port, http_response, raw_server, read_request

EVERY_SENDER = pytest.mark.parametrize("send", [on_a_worker, in_a_triggerer])
HTTP, HTTPS = "http://dr.example", "https://dr.example"
PROXY = "http://proxy:3128"
LOGIN = "Basic " + base64.b64encode("user:p@ß/:#".encode()).decode()


@pytest.mark.parametrize(
    ("environ", "url", "proxy"),
    [
        ({}, HTTPS, None),
        ({"https_proxy": PROXY}, HTTPS, PROXY),
        ({"HTTPS_PROXY": PROXY}, HTTPS, PROXY),
        ({"https_proxy": PROXY}, HTTP, None),
        ({"http_proxy": PROXY}, HTTPS, None),
        ({"http_proxy": PROXY}, HTTP, PROXY),
        ({"HTTP_PROXY": PROXY}, HTTP, PROXY),
        ({"all_proxy": PROXY}, HTTPS, PROXY),
        ({"ALL_PROXY": PROXY}, HTTP, PROXY),
        ({"all_proxy": "http://other", "https_proxy": PROXY}, HTTPS, PROXY),
        ({"all_proxy": "http://other", "HTTPS_PROXY": PROXY}, HTTPS, PROXY),
        ({"https_proxy": PROXY, "HTTPS_PROXY": "http://other"}, HTTPS, PROXY),
        ({"https_proxy": "", "HTTPS_PROXY": "http://other"}, HTTPS, None),
        ({"https_proxy": "", "all_proxy": PROXY}, HTTPS, PROXY),
        ({"https_proxy": "   "}, HTTPS, None),
        ({"https_proxy": f"  {PROXY}/  "}, HTTPS, PROXY),
        ({"https_proxy": "proxy:3128"}, HTTPS, PROXY),
        ({"https_proxy": "proxy"}, HTTPS, "http://proxy"),
        ({"https_proxy": "HTTP://proxy:3128"}, HTTPS, PROXY),
        ({"https_proxy": "https://proxy:3128"}, HTTPS, "https://proxy:3128"),
        ({"https_proxy": "http://[::1]:3128"}, HTTPS, "http://[::1]:3128"),
        ({"https_proxy": "[::1]:3128"}, HTTPS, "http://[::1]:3128"),
        ({"https_proxy": "http://proxy:"}, HTTPS, "http://proxy"),
        ({"https_proxy": PROXY, "no_proxy": "dr.example"}, HTTPS, None),
        ({"https_proxy": PROXY, "NO_PROXY": "dr.example"}, HTTPS, None),
        ({"https_proxy": PROXY, "no_proxy": "", "NO_PROXY": "dr.example"}, HTTPS, PROXY),
        ({"https_proxy": PROXY, "no_proxy": "other", "NO_PROXY": "dr.example"}, HTTPS, PROXY),
        ({"all_proxy": "socks5://proxy", "https_proxy": PROXY}, HTTPS, PROXY),
        ({"all_proxy": "socks5://proxy", "no_proxy": "*"}, HTTPS, None),
    ],
)
def test_the_proxy_comes_from_the_variables(environ, url, proxy):
    found = proxy_for(f"{url}/api/v2/", environ)
    assert (found.url if found else None) == proxy


@pytest.mark.parametrize(
    ("no_proxy", "url", "exempt"),
    [
        ("", HTTPS, False),
        ("*", HTTPS, True),
        ("other, *", HTTPS, True),
        ("dr.example", HTTPS, True),
        ("DR.Example", HTTPS, True),
        ("example", HTTPS, True),
        ("ample", HTTPS, False),
        ("r.example", HTTPS, False),
        (".example", HTTPS, True),
        (".dr.example", HTTPS, True),
        ("*.example", HTTPS, True),
        ("*.dr.example", "https://app.dr.example", True),
        ("dr.*", HTTPS, True),
        ("d*.ex*", HTTPS, True),
        ("x*", HTTPS, False),
        ("*dr.example", "https://mydr.example", True),
        ("dr.example.", HTTPS, True),
        ("dr.example", "https://dr.example.", True),
        ("other.example , dr.example", HTTPS, True),
        ("other.example dr.example", HTTPS, True),
        ("other.example,,dr.example,", HTTPS, True),
        (" , ,", HTTPS, False),
        ("dr.example:443", HTTPS, True),
        ("dr.example:80", HTTPS, False),
        ("dr.example:80", HTTP, True),
        ("dr.example:8080", "http://dr.example:8080", True),
        ("dr.example:8080", "http://dr.example:8081", False),
        ("example:8080", "http://dr.example:8080", True),
        ("*.example:8080", "http://dr.example:8080", True),
        ("10.0.0.0/8", "https://10.1.2.3", True),
        ("10.0.0.0/8", "https://11.1.2.3", False),
        ("10.0.0.0/8", HTTPS, False),
        ("10.1.2.3/8", "https://10.9.9.9", True),
        ("10.1.2.3", "https://10.1.2.3", True),
        ("10.1.2.3:8080", "https://10.1.2.3:8080", True),
        ("10.1.2.3:8080", "https://10.1.2.3", False),
        ("2.3", "https://10.1.2.3", False),
        ("10.*", "https://10.1.2.3", True),
        ("0.0.0.0/0", "https://10.1.2.3", True),
        ("10.0.0.0/99", "https://10.1.2.3", False),
        ("fd00::/8", "https://[fd00::1]", True),
        ("10.0.0.0/8", "https://[fd00::1]", False),
        ("::1", "https://[::1]:8443", True),
        ("[::1]", "https://[::1]", True),
        ("[::1]:8443", "https://[::1]:8443", True),
        ("[::1]:8443", "https://[::1]", False),
        ("0:0:0:0:0:0:0:1", "https://[::1]", True),
    ],
)
def test_no_proxy_exempts_hosts(no_proxy, url, exempt):
    assert is_exempt(f"{url}/api/v2/", no_proxy) is exempt


@pytest.mark.parametrize("scheme", ["http://", ""])
@pytest.mark.parametrize(
    ("login", "header"),
    [
        ("user:p%40%C3%9F%2F%3A%23@", LOGIN),
        ("user@", "Basic dXNlcjo="),
        ("user:@", "Basic dXNlcjo="),
        (":word@", "Basic OndvcmQ="),
    ],
)
def test_credentials_are_sent_as_a_header_and_not_shown(scheme, login, header):
    proxy = proxy_for(HTTPS, {"https_proxy": f"{scheme}{login}proxy:3128"})
    assert proxy == Proxy(PROXY, {"Proxy-Authorization": header})
    assert "Authorization" not in repr(proxy)


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("socks5://user:secret@proxy:1080", "is not supported. Set an HTTP proxy"),
        ("socks5h://proxy:1080", "proxy scheme 'socks5h'"),
        ("socks4://proxy:1080", "proxy scheme 'socks4'"),
        ("ftp://user:secret@proxy", "proxy scheme 'ftp'"),
        ("http://", "is not a valid URL of a proxy"),
        ("http://user:secret@", "is not a valid URL of a proxy"),
        ("http://user:secret@proxy:port", "is not a valid URL of a proxy"),
        ("http://user:secret@proxy:0", "is not a valid URL of a proxy"),
        ("http://user:secret@proxy:99999", "is not a valid URL of a proxy"),
        ("http://user:sec#secret@proxy:3128", "is not a valid URL of a proxy"),
        ("http://[::1:3128", "is not a valid URL of a proxy"),
        ("http://pro xy:3128", "is not a valid URL of a proxy"),
        ("http://user:secret@proxy..example:3128", "is not a valid URL of a proxy"),
        (f"http://user:secret@{'a' * 64}:3128", "is not a valid URL of a proxy"),
    ],
)
def test_the_error_names_the_variable_of_an_invalid_proxy(monkeypatch, connection, name, value, words):
    with pytest.raises(ConfigurationError, match=f"environment variable {name} ") as caught:
        proxy_for(HTTPS, {name: value})
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)
    monkeypatch.setenv(name, value)
    for send in (on_a_worker, in_a_triggerer):
        with pytest.raises(ConfigurationError, match=name):
            send(HTTPS)
    works, message = DataRobotHook().test_connection()
    assert (works, words in message, "secret" in message) == (False, True, False)


@contextlib.contextmanager
def proxying(target: int | None = None, refusal: bytes | None = None):
    """Run a proxy whose tunnels lead to one port; return its port and the heads of the received requests."""
    heads: list[str] = []

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                sink.sendall(piece)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def handle(peer: socket.socket) -> None:
        request = read_request(peer)
        heads.append(request.partition(b"\r\n\r\n")[0].decode())
        if refusal is not None:
            peer.sendall(refusal)
        elif request.startswith(b"CONNECT "):
            with socket.create_connection(("127.0.0.1", target)) as onward:
                peer.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=pump, args=(onward, peer))
                back.start()
                pump(peer, onward)
                back.join()
        elif request:
            peer.sendall(http_response())

    with raw_server(handle) as port:
        yield port, heads


@EVERY_SENDER
@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(("login", "header"), [("", None), ("user:p%40%C3%9F%2F%3A%23@", LOGIN)])
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_plain_http_is_forwarded_by_the_proxy(monkeypatch, send, name, login, header, scheme):
    with proxying() as (port, heads):
        monkeypatch.setenv(name, f" {scheme}{login}127.0.0.1:{port}/ ")
        monkeypatch.setenv("no_proxy", "127.0.0.1:1, *.other.example, 10.0.0.0/8")
        assert send(HTTP).status == 200
    (head,) = heads
    lines = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:])
    assert head.startswith("GET http://dr.example/api/v2/things/ HTTP/1.1\r\n")
    assert (lines.get("proxy-authorization"), lines["host"]) == (header and header.lower(), "dr.example")
    assert f"Bearer {TOKEN}" in head


@EVERY_SENDER
@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
def test_tls_goes_through_a_tunnel_whose_proxy_sees_no_token(monkeypatch, send, name, certificate):
    def handle(peer: socket.socket) -> None:
        with contextlib.suppress(OSError), certificate[1].wrap_socket(peer, server_side=True) as secure:
            secure.sendall(http_response() if TOKEN.encode() in read_request(secure) else b"")

    with raw_server(handle) as target, proxying(target) as (port, heads):
        monkeypatch.setenv(name, f"http://user:p%40%C3%9F%2F%3A%23@127.0.0.1:{port}")
        assert send(f"https://127.0.0.1:{target}", ca_bundle=certificate[0]).status == 200
    (head,) = heads
    assert head.startswith(f"CONNECT 127.0.0.1:{target} HTTP/1.")
    assert f"proxy-authorization: {LOGIN}".lower() in head.lower()
    assert TOKEN not in head


@EVERY_SENDER
@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
@pytest.mark.parametrize("exempt", ["*", "127.0.0.1", "127.0.0.0/8", "127.*", "127.0.0.1:{port}", "x, 127.0.0.1"])
def test_an_exempt_host_is_requested_directly(monkeypatch, send, name, exempt):
    with raw_server(lambda peer: read_request(peer) and peer.sendall(http_response())) as port:
        monkeypatch.setenv("all_proxy", f"http://127.0.0.1:{free_port()}")
        monkeypatch.setenv(name, exempt.format(port=port))
        assert send(f"http://127.0.0.1:{port}").status == 200


@EVERY_SENDER
def test_a_proxy_that_is_down_is_refused_and_unsent(monkeypatch, send):
    monkeypatch.setenv("all_proxy", f"http://127.0.0.1:{free_port()}")
    assert [outcome(send, origin) for origin in (HTTP, HTTPS)] == [("refused", False)] * 2


@EVERY_SENDER
@pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "403 Forbidden", "502 Bad Gateway"])
def test_a_refused_tunnel_is_an_error_of_the_proxy(monkeypatch, send, status):
    with proxying(refusal=http_response(status=status)) as (port, _):
        monkeypatch.setenv("https_proxy", f"http://user:secret@127.0.0.1:{port}")
        assert outcome(send, HTTPS) == ("proxy", False)


@EVERY_SENDER
def test_a_proxy_may_have_an_ipv6_address(monkeypatch, send):
    monkeypatch.setenv("all_proxy", "http://[::1]:1")
    assert [outcome(send, origin) for origin in (HTTP, HTTPS)] == [("refused", False)] * 2


@pytest.mark.parametrize("scripted", [b"", b"SSH-2.0-OpenSSH\r\n", None], ids=["nothing", "garbage", "silence"])
def test_a_request_without_a_tunnel_is_unsent(monkeypatch, scripted):
    over = threading.Event()

    def handle(peer: socket.socket) -> None:
        read_request(peer)
        if scripted is None:
            over.wait(5)
        else:
            peer.sendall(scripted)

    with raw_server(handle) as port:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
        post = Request("POST", "things/", json={})
        try:
            reason, sent = outcome(on_a_worker, HTTPS, request=post, read_timeout=0.3)
        finally:
            over.set()
    assert (reason, sent) == ("timeout" if scripted is None else "lost", False)


@EVERY_SENDER
def test_netrc_does_not_replace_the_credentials_of_a_proxy(monkeypatch, send, netrc):
    with proxying() as (port, heads):
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        assert send(HTTP).status == 200
    assert "Basic" not in heads[0]


def test_the_proxy_of_another_host_is_determined_separately(monkeypatch):
    """Downloads are redirected to other hosts, to which other exemptions may apply."""
    scripted = raw_server(lambda peer: read_request(peer) and peer.sendall(http_response()))
    with scripted as storage, proxying() as (port, heads):
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("no_proxy", f"127.0.0.1:{storage}")
        sender = SyncTransport(Endpoint(HTTP), Token(TOKEN), TransportSettings())
        request = Request("GET", "things/")
        with contextlib.closing(sender):
            for url in (f"http://127.0.0.1:{storage}/file", "http://storage.example/file"):
                with sender.stream_url(request, url, {}) as response:
                    assert response.status_code == 200
            with sender.stream(request, {}) as response:
                assert response.status_code == 200
    assert [head.split()[1] for head in heads] == ["http://storage.example/file", f"{HTTP}/api/v2/things/"]
