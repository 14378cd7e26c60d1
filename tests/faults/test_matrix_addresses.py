"""Responses that name an address: whatever it is, no request leaves the connection's host and ``/api/v2/``."""

from __future__ import annotations

import json
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from datarobot_provider.version_compat import AirflowException
from tests.faults.foes import Answer, Foe, Seen, serving
from tests.faults.runs import HASTY, Ended, Runner
from tests.faults.scenes import JOBS, LISTS, LOOKING, SCENES, Scene, axis_of
from tests.pairwise import axis, pairwise
from tests.parity.stage import TOKEN
from tests.unit.certificates import Pems, make_pems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_API = "/api/v2/"
_REDIRECTED = (
    *((301, "{gate}/api/v2/version/"), (302, "{gate}/login"), (303, "/login"), (307, "{gate}{self}")),
    *((308, "{foe}{self}"), (301, "//{foe_host}/api/v2/version/"), (302, "http://user:word@{foe_host}{self}")),
    *((308, "javascript:alert(1)"), (302, "http://["), (301, "\xff\xfe")),
)
#: What becomes of a good ``Location`` or ``next``; ``{good}`` is its path. True: it still leads to the right place.
_SPOILT: dict[str, bool] = {
    "{foe}{good}": True,
    "http://user:word@{foe_host}{good}": True,
    "//{foe_host}{good}": True,
    "{good}": True,
    "{gate}{good}#{foe}": True,
    "{bare}": False,
    "../{bare}": False,
    "{foe}/api/v2/../../secret/": False,
    "{gate}/api/v2/%2e%2e/%2E%2E/secret/": False,
    "/api/v2/..%2f..%2fsecret/": False,
    "/api/v2/..;/..;/secret/": False,
    "/api/v2/..\\..\\secret/": False,
    "{gate}/secret{good}": False,
    "javascript:alert(1)": False,
    "javascript:{good}": False,
    "//{foe_host}/path": False,
    "\xff\xfe": False,
}
_PATTERNS = axis(_SPOILT, lambda pattern: pattern.encode("unicode_escape").decode())


def filled(pattern: str, gate: Foe, elsewhere: Foe, good: str) -> str:
    """Return an address."""
    hosts = {"gate": gate.origin, "foe": elsewhere.origin, "foe_host": elsewhere.origin.partition("//")[2]}
    return pattern.format(**hosts, self=good, good=good, bare=good.removeprefix(_API))


def check_places(gate: Foe, elsewhere: Foe, scene: Scene) -> None:
    """Check where requests went: nowhere else, and never without or beside ``/api/v2/``."""
    for seen in gate.seen:
        if "authorization" in seen.headers or not scene.download:
            assert seen.headers["authorization"] == f"Bearer {TOKEN}"
            path = unquote(seen.target.partition("?")[0])
            assert path.startswith(_API), seen.target
            assert not {"..", "."} & set(path.replace("\\", "/").split("/")), seen.target
            assert "secret" not in path
    if scene.download:
        assert all("authorization" not in seen.headers and TOKEN not in str(seen) for seen in elsewhere.seen)
    else:
        assert elsewhere.seen == []


@pairwise(scene=axis_of(SCENES), redirect=axis(_REDIRECTED, lambda each: f"{each[0]} {each[1]!a}"))
def test_a_redirect(runner: Runner, gate: Foe, elsewhere: Foe, scene, redirect) -> None:
    status, pattern = redirect
    given = runner.arguments(scene, HASTY)
    runner.connect(gate.origin)

    def instead(seen: Seen) -> Answer | None:
        if not scene.asks(seen.method, seen.target):
            return None
        return Answer(status, [("Location", filled(pattern, gate, elsewhere, seen.target))])

    gate.instead = instead
    ended = runner.run(scene, given)
    check_places(gate, elsewhere, scene)
    own = [seen for seen in gate.seen if scene.asks(seen.method, seen.target)]
    if scene.download:
        assert len(own) <= 6, "a loop ends"
        assert ended.error is not None or elsewhere.seen or pattern.startswith(("{gate}/", "/"))
    elif not scene.sensor:
        assert isinstance(ended.error, AirflowException)
        assert f"is a redirect ({status}), which was not followed" in ended.text
        assert len(own) == 1


def spoil(runner: Runner, gate: Foe, scene: Scene, how: Callable[[Seen, Answer], Answer], timeout: float) -> Ended:
    """Run a scene whose good responses are spoilt on their way."""
    given = runner.arguments(scene, timeout)
    runner.connect(gate.origin)
    gate.twist = how
    return runner.run(scene, given)


def good_path(location: str) -> str:
    """Return the path of an address of the emulator."""
    return _API + location.partition(_API)[2]


@pairwise(scene=axis_of(JOBS), pattern=_PATTERNS)
def test_the_location_of_an_accepted_job(runner: Runner, gate: Foe, elsewhere: Foe, scene, pattern) -> None:
    spoilt = []

    def how(seen: Seen, answer: Answer) -> Answer:
        location = answer.header("Location")
        if location and scene.asks(seen.method, seen.target):
            spoilt.append(location)
            answer.put("Location", filled(pattern, gate, elsewhere, good_path(location)))
        return answer

    ended = spoil(runner, gate, scene, how, 5)
    check_places(gate, elsewhere, scene)
    assert len([seen for seen in gate.seen if scene.asks(seen.method, seen.target)]) == 1
    if _SPOILT[pattern] or not spoilt:
        assert ended.error is None, ended.text
        assert ended.value == runner.calm(scene).value


@pairwise(scene=axis_of(scene for scene in (*JOBS, *LOOKING) if scene.recorded), pattern=_PATTERNS)
def test_the_location_of_what_a_job_made(runner: Runner, gate: Foe, elsewhere: Foe, scene, pattern) -> None:
    """The record says 303; what it names is fetched from our own host, or not at all."""

    def how(_: Seen, answer: Answer) -> Answer:
        location = answer.header("Location")
        if location and answer.status == 303:
            answer.put("Location", filled(pattern, gate, elsewhere, good_path(location)))
        return answer

    ended = spoil(runner, gate, scene, how, HASTY if scene.sensor else 5)
    check_places(gate, elsewhere, scene)
    if _SPOILT[pattern]:
        assert ended.error is None, ended.text


@pairwise(scene=axis_of(LISTS), pattern=_PATTERNS)
def test_the_next_page_of_a_list(runner: Runner, gate: Foe, elsewhere: Foe, scene, pattern) -> None:
    first: list[Seen] = []

    def how(seen: Seen, answer: Answer) -> Answer:
        if not first and scene.asks(seen.method, seen.target):
            first.append(seen)
            path, _, query = seen.target.partition("?")
            more = query.replace("offset=0", "offset=1000") if query else "offset=1000"
            page: dict[str, Any] = json.loads(answer.body)
            page["next"] = filled(pattern, gate, elsewhere, f"{path}?{more}")
            answer.body = json.dumps(page).encode()
        return answer

    ended = spoil(runner, gate, scene, how, HASTY)
    check_places(gate, elsewhere, scene)
    if _SPOILT[pattern]:
        assert ended.error is None, ended.text
        # The emulator gives all impacts on every page.
        assert ended.value == runner.calm(scene).value or not scene.name.startswith("list_")
    else:
        assert "cannot be read completely: 'next' is not a route of the API" in ended.text
        assert len([seen for seen in gate.seen if scene.asks(seen.method, seen.target)]) == 1


@pytest.mark.parametrize("scene", LISTS, ids=lambda scene: scene.name)
def test_a_list_without_an_end(runner: Runner, gate: Foe, elsewhere: Foe, scene) -> None:
    def how(seen: Seen, answer: Answer) -> Answer:
        if scene.asks(seen.method, seen.target):
            answer.body = json.dumps({**json.loads(answer.body), "next": gate.origin + seen.target}).encode()
        return answer

    ended = spoil(runner, gate, scene, how, HASTY)
    check_places(gate, elsewhere, scene)
    assert "is the URL of a previous page" in ended.text


@pytest.fixture(scope="session")
def pems(tmp_path_factory: pytest.TempPathFactory) -> Pems:
    return make_pems(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def secure(runner_origin: str, pems: Pems) -> Iterator[Foe]:
    """Give a gate that speaks TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pems.both)
    with serving(runner_origin, context) as foe:
        yield foe


@pytest.fixture(scope="session")
def runner_origin(world) -> str:
    return str(world.emulator.url)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_redirect_from_https_to_http(runner: Runner, secure: Foe, elsewhere: Foe, pems: Pems, scene) -> None:
    secure.reset()
    given = runner.arguments(scene, HASTY)
    runner.connect(secure.origin, ca_bundle=pems.both)
    calm = runner.run(scene, given)
    assert calm.error is None, calm.text
    given = runner.arguments(scene, HASTY)
    secure.seen.clear()
    secure.answer(scene.asks, Answer(302, [("Location", f"{elsewhere.origin}/api/v2/version/")]))
    ended = runner.run(scene, given)
    check_places(secure, elsewhere, scene)
    assert elsewhere.seen == []
    assert scene.sensor or isinstance(ended.error, AirflowException)
