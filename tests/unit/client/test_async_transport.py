"""Asynchronous transport with real servers."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from datarobot_provider.client import async_transport
from datarobot_provider.client.async_transport import AsyncTransport
from datarobot_provider.client.auth import Token
from datarobot_provider.client.endpoint import Endpoint
from datarobot_provider.client.request import Request, Response
from datarobot_provider.client.retry import RetryPolicy
from datarobot_provider.client.transport import TransportSettings
from datarobot_provider.exceptions import TransportError
from tests.unit.support import TOKEN, deaf_port, free_port, http_response, raw_server, read_request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ONCE = RetryPolicy(attempts=1)
EAGER = RetryPolicy(attempts=3, base=0)


async def send_to(origin: str, *requests: Request, **settings: Any) -> list[Response]:
    """Send requests over one session."""
    sender = AsyncTransport(Endpoint(origin), Token(TOKEN), TransportSettings(**settings))
    try:
        return [await sender.send(request) for request in requests]
    finally:
        await sender.close()


@contextlib.asynccontextmanager
async def serving(*responses: web.Response) -> AsyncIterator[tuple[str, list[web.BaseRequest]]]:
    """Serve these responses in order; return the URL and the received requests."""
    seen: list[web.BaseRequest] = []

    async def handle(request: web.BaseRequest) -> web.Response:
        seen.append(request)
        return responses[len(seen) - 1]

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", seen
    finally:
        await runner.cleanup()


def exchange(request: Request, *responses: web.Response, **settings: Any) -> tuple[Response, list[web.BaseRequest]]:
    """Send one request to a server with these responses; return the response and the received requests."""

    async def run() -> tuple[Response, list[web.BaseRequest]]:
        async with serving(*responses) as (origin, seen):
            return (await send_to(origin, request, **settings))[0], seen

    return asyncio.run(run())


def fail(origin: str, method: str = "GET", **settings: Any) -> tuple[str, bool]:
    """Return the reason of the error of a request, and whether the request was sent."""
    with pytest.raises(TransportError) as caught:
        asyncio.run(send_to(origin, Request(method, "things/"), **{"retry": ONCE, **settings}))
    assert f"No response from DataRobot to {method} things/: " in str(caught.value)
    return caught.value.reason, caught.value.sent


def test_a_poll_has_the_bearer_token_and_the_user_agent():
    request = Request("GET", "a%2Fb/", params={"limit": 2, "deep": False, "none": None})
    response, seen = exchange(request, web.json_response({"ok": 1}, headers={"X-Request-ID": "7"}))
    assert (response.status, response.json(), response.request_id) == (200, {"ok": 1}, "7")
    assert seen[0].raw_path == "/api/v2/a%2Fb/?limit=2&deep=false"
    assert seen[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert seen[0].headers["User-Agent"].startswith("airflow-provider-datarobot-mlops/")
    assert seen[0].headers["Accept"] == "application/json"


def test_a_path_with_a_query_is_sent_unchanged():
    _, seen = exchange(Request("GET", "tail/?lines=50"), web.Response())
    assert seen[0].raw_path == "/api/v2/tail/?lines=50"


@pytest.mark.usefixtures("netrc")
def test_a_netrc_file_does_not_replace_the_token_or_fail_the_poll():
    response, seen = exchange(Request("GET", "things/"), web.json_response({"ok": 1}))
    assert response.json() == {"ok": 1}
    assert seen[0].headers.getall("Authorization") == [f"Bearer {TOKEN}"]


def test_a_cancellation_does_not_wait_for_hanging_polls():
    async def run() -> int:
        hang, full, polls = asyncio.Event(), asyncio.Event(), []

        async def handle(request: web.BaseRequest) -> web.Response:
            if request.method == "GET":
                polls.append(request)
                if len(polls) == async_transport.POOL_SIZE - async_transport._RESERVED:
                    full.set()
                await hang.wait()
            return web.Response(status=204)

        runner = web.ServerRunner(web.Server(handle))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        sender = AsyncTransport(
            Endpoint(f"http://127.0.0.1:{runner.addresses[0][1]}"), Token(TOKEN), TransportSettings()
        )
        waiting = [asyncio.create_task(sender.send(Request("GET", f"things/{number}/"))) for number in range(200)]
        async with asyncio.timeout(10):
            await full.wait()
            response = await sender.send(Request("DELETE", "things/1/"))
        assert len(polls) < async_transport.POOL_SIZE
        hang.set()
        await asyncio.gather(*waiting)
        assert len(polls) == len(waiting)
        await sender.close()
        await runner.cleanup()
        return response.status

    assert asyncio.run(run()) == 204


@pytest.mark.parametrize("login", ["", "user:p%40ss@"])
def test_a_proxy_of_the_environment_is_used_with_its_credentials(monkeypatch, login):
    async def run() -> tuple[Response, list[web.BaseRequest]]:
        async with serving(web.json_response({"ok": 1})) as (proxy, seen):
            monkeypatch.setenv("http_proxy", proxy.replace("://", f"://{login}"))
            monkeypatch.setenv("no_proxy", "elsewhere.example")
            return (await send_to("http://datarobot.example", Request("GET", "things/")))[0], seen

    response, seen = asyncio.run(run())
    assert response.status == 200
    assert seen[0].raw_path == "http://datarobot.example/api/v2/things/"
    reported = seen[0].headers.get("Proxy-Authorization")
    assert reported == (f"Basic {base64.b64encode(b'user:p@ss').decode()}" if login else None)
    assert seen[0].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("exempt", ["127.0.0.1", "*", "localhost,127.0.0.1"])
def test_an_exempt_host_is_requested_directly(monkeypatch, exempt):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("no_proxy", exempt)
    response, seen = exchange(Request("GET", "things/"), web.json_response({"ok": 1}))
    assert (response.status, len(seen)) == (200, 1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 404, 422])
def test_redirects_and_errors_are_returned_unchanged(status):
    scripted = web.Response(status=status, headers={"Location": "https://evil.example/"})
    response, seen = exchange(Request("GET", "things/"), scripted)
    assert (response.status, response.location, len(seen)) == (status, "https://evil.example/", 1)


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "post"])
def test_unsafe_methods_are_never_sent(method):
    with pytest.raises(ValueError, match="must not be sent from the triggerer"):
        asyncio.run(send_to("http://127.0.0.1:1", Request(method, "things/")))


def test_a_poll_is_repeated_until_it_succeeds():
    responses = [web.Response(status=503), web.Response(status=429, headers={"Retry-After": "0"}), web.Response()]
    response, seen = exchange(Request("GET", "things/"), *responses, retry=EAGER)
    assert (response.status, len(seen)) == (200, 3)


def test_a_poll_fails_after_the_allowed_attempts():
    response, seen = exchange(Request("DELETE", "things/"), *(web.Response(status=503) for _ in range(3)), retry=EAGER)
    assert (response.status, len(seen)) == (503, 3)


def test_pauses_do_not_block_the_event_loop(monkeypatch):
    slept = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(async_transport.asyncio, "sleep", sleep)
    responses = [web.Response(status=429, headers={"Retry-After": "7"}), web.Response()]
    exchange(Request("GET", "things/"), *responses)
    assert 7.0 in slept


def test_connections_are_pooled():
    connections = []

    def handle(connection: socket.socket) -> None:
        connections.append(connection.getpeername())
        while read_request(connection):
            connection.sendall(http_response().replace(b"Connection: close\r\n", b""))

    with raw_server(handle) as port:
        asyncio.run(send_to(f"http://127.0.0.1:{port}", *[Request("GET", "things/")] * 5))
    assert len(connections) == 1


def test_a_closed_port_is_refused_and_unsent():
    assert fail(f"http://127.0.0.1:{free_port()}", "DELETE") == ("refused", False)


def test_an_unknown_host_name_is_dns_and_unsent(monkeypatch):
    def unknown(*_args: object, **_kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert fail("http://datarobot.invalid") == ("dns", False)


def test_a_host_that_accepts_no_connection_is_a_timeout_and_unsent():
    with deaf_port() as port:
        assert fail(f"http://127.0.0.1:{port}", connect_timeout=0.3) == ("timeout", False)


def test_a_host_that_does_not_respond_is_a_timeout_and_maybe_sent():
    def silent(connection: socket.socket) -> None:
        while connection.recv(65536):
            pass

    with raw_server(silent) as port:
        assert fail(f"http://127.0.0.1:{port}", "DELETE", read_timeout=0.3) == ("timeout", True)


def test_an_endless_response_is_a_timeout():
    def drip(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(http_response(b"", length=10_000))
        with contextlib.suppress(OSError):
            while not over.wait(0.05):
                connection.sendall(b" ")

    over = threading.Event()
    with raw_server(drip) as port:
        try:
            assert fail(f"http://127.0.0.1:{port}", read_timeout=0.3) == ("timeout", True)
        finally:
            over.set()


@pytest.mark.parametrize(
    "scripted",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Le", http_response(b'{"cut', length=100), b"this is not HTTP\r\n\r\n"],
    ids=["nothing", "half a head", "half a body", "garbage"],
)
def test_a_broken_connection_is_lost_and_maybe_sent(scripted):
    def cut(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(scripted)

    with raw_server(cut) as port:
        assert fail(f"http://127.0.0.1:{port}", "DELETE") == ("lost", True)


def test_an_untrusted_certificate_is_tls_and_unsent(certificate):
    def handle(connection: socket.socket) -> None:
        with contextlib.suppress(ssl.SSLError):
            certificate[1].wrap_socket(connection, server_side=True)

    with raw_server(handle) as port:
        assert fail(f"https://127.0.0.1:{port}") == ("tls", False)


def test_a_server_without_tls_is_tls_and_unsent():
    with raw_server(lambda connection: connection.recv(10) and connection.sendall(http_response())) as port:
        assert fail(f"https://127.0.0.1:{port}") == ("tls", False)


def test_the_ca_bundle_of_the_connection_is_trusted(certificate):
    def handle(connection: socket.socket) -> None:
        with certificate[1].wrap_socket(connection, server_side=True) as secure:
            read_request(secure)
            secure.sendall(http_response())

    with raw_server(handle) as port:
        origin = f"https://127.0.0.1:{port}"
        (response,) = asyncio.run(send_to(origin, Request("GET", "things/"), ca_bundle=certificate[0]))
    assert response.status == 200


def answer_over_tls(context: ssl.SSLContext) -> tuple[Any, list[object]]:
    """Return a server with TLS, and the client certificates that it received."""
    shown: list[object] = []

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
        (response,) = asyncio.run(send_to(origin, Request("GET", "things/"), ca_bundle=pems.both, **mine))
        assert fail(origin, ca_bundle=pems.both)[0] in {"tls", "lost"}
    assert response.status == 200
    assert len(shown) == 1
    assert shown[0]


def test_verification_is_disabled_by_the_connection_only(certificate):
    handle, shown = answer_over_tls(certificate[1])
    with raw_server(handle) as port:
        origin = f"https://localhost:{port}"
        (response,) = asyncio.run(send_to(origin, Request("GET", "things/"), verify=False, ca_bundle=certificate[0]))
        assert fail(origin, verify=True) == ("tls", False)
    assert (response.status, len(shown)) == (200, 1)


def test_a_request_that_is_sent_once_is_not_marked_as_repeated():
    response, seen = exchange(Request("DELETE", "things/1/"), web.Response(status=204))
    assert (response.status, response.repeated, len(seen)) == (204, False, 1)


def test_a_request_that_aiohttp_repeats_is_marked_as_repeated():
    """It does so if a pooled connection is closed; the first request may have been processed."""
    seen: list[bytes] = []

    def handle(connection: socket.socket) -> None:
        """Respond to the first request of a connection, and close it after the second one."""
        seen.append(read_request(connection))
        connection.sendall(http_response().replace(b"Connection: close\r\n", b""))
        seen.append(read_request(connection))

    with raw_server(handle) as port:
        requests = [Request("GET", "things/"), Request("DELETE", "things/1/")]
        first, second = asyncio.run(send_to(f"http://127.0.0.1:{port}", *requests, retry=ONCE))
    assert [(response.status, response.repeated) for response in (first, second)] == [(200, False), (200, True)]
    assert [request.split()[0] for request in seen if request] == [b"GET", b"DELETE", b"DELETE"]


def test_a_header_that_is_not_utf8_can_be_logged():
    scripted = http_response().replace(b"\r\n", b"\r\nLocation: /api/v2/\xff/\r\n", 1)
    with raw_server(lambda connection: read_request(connection) and connection.sendall(scripted)) as port:
        (response,) = asyncio.run(send_to(f"http://127.0.0.1:{port}", Request("GET", "things/")))
    assert response.location is not None
    assert response.location.encode()
