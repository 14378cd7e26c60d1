"""Responses that name an address: whatever it is, no request leaves the connection's host and ``/api/v2/``."""

from __future__ import annotations

import json
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from datarobot_provider.version_compat import AirflowException
from tests.faults.runs import HASTY, Ended, Runner
from tests.faults.scenes import JOBS, LISTS, LOOKING, SCENES, Scene, axis_of
from tests.pairwise import axis, pairwise
from tests.support.emulator import TOKEN
from tests.support.proxy import Proxy, Received, Response, serve
from tests.unit.certificates import Pems, make_pems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_API = "/api/v2/"
_REDIRECTED = (
    *((301, "{proxy}/api/v2/version/"), (302, "{proxy}/login"), (303, "/login"), (307, "{proxy}{self}")),
    *((308, "{other}{self}"), (301, "//{other_host}/api/v2/version/"), (302, "http://user:word@{other_host}{self}")),
    *((308, "javascript:alert(1)"), (302, "http://["), (301, "\xff\xfe")),
)
#: What becomes of a good ``Location`` or ``next``; ``{good}`` is its path. True: it still leads to the right place.
_SPOILT: dict[str, bool] = {
    "{other}{good}": True,
    "http://user:word@{other_host}{good}": True,
    "//{other_host}{good}": True,
    "{good}": True,
    "{proxy}{good}#{other}": True,
    "{bare}": False,
    "../{bare}": False,
    "{other}/api/v2/../../secret/": False,
    "{proxy}/api/v2/%2e%2e/%2E%2E/secret/": False,
    "/api/v2/..%2f..%2fsecret/": False,
    "/api/v2/..;/..;/secret/": False,
    "/api/v2/..\\..\\secret/": False,
    "{proxy}/secret{good}": False,
    "javascript:alert(1)": False,
    "javascript:{good}": False,
    "//{other_host}/path": False,
    "\xff\xfe": False,
}
_PATTERNS = axis(_SPOILT, lambda pattern: pattern.encode("unicode_escape").decode())


def filled(pattern: str, proxy: Proxy, foreign_host: Proxy, good: str) -> str:
    """Return an address."""
    hosts = {"proxy": proxy.url, "other": foreign_host.url, "other_host": foreign_host.url.partition("//")[2]}
    return pattern.format(**hosts, self=good, good=good, bare=good.removeprefix(_API))


def check_places(proxy: Proxy, foreign_host: Proxy, scene: Scene) -> None:
    """Check where requests went: nowhere else, and never without or beside ``/api/v2/``."""
    for received in proxy.received:
        if "authorization" in received.headers or not scene.download:
            assert received.headers["authorization"] == f"Bearer {TOKEN}"
            path = unquote(received.target.partition("?")[0])
            assert path.startswith(_API), received.target
            assert not {"..", "."} & set(path.replace("\\", "/").split("/")), received.target
            assert "secret" not in path
    if scene.download:
        assert all(
            "authorization" not in received.headers and TOKEN not in str(received) for received in foreign_host.received
        )
    else:
        assert foreign_host.received == []


@pairwise(scene=axis_of(SCENES), redirect=axis(_REDIRECTED, lambda each: f"{each[0]} {each[1]!a}"))
def test_a_redirect(runner: Runner, proxy: Proxy, foreign_host: Proxy, scene, redirect) -> None:
    status, pattern = redirect
    given = runner.arguments(scene, HASTY)
    runner.connect(proxy.url)

    def respond(received: Received) -> Response | None:
        if not scene.asks(received.method, received.target):
            return None
        return Response(status, [("Location", filled(pattern, proxy, foreign_host, received.target))])

    proxy.respond = respond
    ended = runner.run(scene, given)
    check_places(proxy, foreign_host, scene)
    own = [received for received in proxy.received if scene.asks(received.method, received.target)]
    if scene.download:
        assert len(own) <= 6, "a loop ends"
        assert ended.error is not None or foreign_host.received or pattern.startswith(("{proxy}/", "/"))
    elif not scene.sensor:
        assert isinstance(ended.error, AirflowException)
        assert f"is a redirect ({status}), which was not followed" in ended.text
        assert len(own) == 1


def spoil(
    runner: Runner, proxy: Proxy, scene: Scene, how: Callable[[Received, Response], Response], timeout: float
) -> Ended:
    """Run a scene whose good responses are spoilt on their way."""
    given = runner.arguments(scene, timeout)
    runner.connect(proxy.url)
    proxy.alter = how
    return runner.run(scene, given)


def good_path(location: str) -> str:
    """Return the path of an address of the emulator."""
    return _API + location.partition(_API)[2]


@pairwise(scene=axis_of(JOBS), pattern=_PATTERNS)
def test_the_location_of_an_accepted_job(runner: Runner, proxy: Proxy, foreign_host: Proxy, scene, pattern) -> None:
    spoilt = []

    def how(received: Received, response: Response) -> Response:
        location = response.header("Location")
        if location and scene.asks(received.method, received.target):
            spoilt.append(location)
            response.set_header("Location", filled(pattern, proxy, foreign_host, good_path(location)))
        return response

    ended = spoil(runner, proxy, scene, how, 5)
    check_places(proxy, foreign_host, scene)
    assert len([received for received in proxy.received if scene.asks(received.method, received.target)]) == 1
    if _SPOILT[pattern] or not spoilt:
        assert ended.error is None, ended.text
        assert ended.value == runner.calm(scene).value


@pairwise(scene=axis_of(scene for scene in (*JOBS, *LOOKING) if scene.recorded), pattern=_PATTERNS)
def test_the_location_of_what_a_job_made(runner: Runner, proxy: Proxy, foreign_host: Proxy, scene, pattern) -> None:
    """The record says 303; what it names is fetched from our own host, or not at all."""

    def how(_: Received, response: Response) -> Response:
        location = response.header("Location")
        if location and response.status == 303:
            response.set_header("Location", filled(pattern, proxy, foreign_host, good_path(location)))
        return response

    ended = spoil(runner, proxy, scene, how, HASTY if scene.sensor else 5)
    check_places(proxy, foreign_host, scene)
    if _SPOILT[pattern]:
        assert ended.error is None, ended.text


@pairwise(scene=axis_of(LISTS), pattern=_PATTERNS)
def test_the_next_page_of_a_list(runner: Runner, proxy: Proxy, foreign_host: Proxy, scene, pattern) -> None:
    first: list[Received] = []

    def how(received: Received, response: Response) -> Response:
        if not first and scene.asks(received.method, received.target):
            first.append(received)
            path, _, query = received.target.partition("?")
            more = query.replace("offset=0", "offset=1000") if query else "offset=1000"
            page: dict[str, Any] = json.loads(response.body)
            page["next"] = filled(pattern, proxy, foreign_host, f"{path}?{more}")
            response.body = json.dumps(page).encode()
        return response

    ended = spoil(runner, proxy, scene, how, HASTY)
    check_places(proxy, foreign_host, scene)
    if _SPOILT[pattern]:
        assert ended.error is None, ended.text
        # The emulator gives all impacts on every page.
        assert ended.value == runner.calm(scene).value or not scene.name.startswith("list_")
    else:
        assert "cannot be read to its end: 'next' leads nowhere" in ended.text
        assert len([received for received in proxy.received if scene.asks(received.method, received.target)]) == 1


@pytest.mark.parametrize("scene", LISTS, ids=lambda scene: scene.name)
def test_a_list_without_an_end(runner: Runner, proxy: Proxy, foreign_host: Proxy, scene) -> None:
    def how(received: Received, response: Response) -> Response:
        if scene.asks(received.method, received.target):
            response.body = json.dumps({**json.loads(response.body), "next": proxy.url + received.target}).encode()
        return response

    ended = spoil(runner, proxy, scene, how, HASTY)
    check_places(proxy, foreign_host, scene)
    assert "leads in a circle" in ended.text


@pytest.fixture(scope="session")
def pems(tmp_path_factory: pytest.TempPathFactory) -> Pems:
    return make_pems(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def secure(runner_origin: str, pems: Pems) -> Iterator[Proxy]:
    """Give a proxy that speaks TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pems.both)
    with serve(runner_origin, tls=context) as started:
        yield started


@pytest.fixture(scope="session")
def runner_origin(world) -> str:
    return str(world.emulator.url)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_redirect_from_https_to_http(runner: Runner, secure: Proxy, foreign_host: Proxy, pems: Pems, scene) -> None:
    secure.reset()
    given = runner.arguments(scene, HASTY)
    runner.connect(secure.url, ca_bundle=pems.both)
    calm = runner.run(scene, given)
    assert calm.error is None, calm.text
    given = runner.arguments(scene, HASTY)
    secure.received.clear()
    secure.respond_to(scene.asks, Response(302, [("Location", f"{foreign_host.url}/api/v2/version/")]))
    ended = runner.run(scene, given)
    check_places(secure, foreign_host, scene)
    assert foreign_host.received == []
    assert scene.sensor or isinstance(ended.error, AirflowException)
