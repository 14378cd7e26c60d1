"""Responses that contain an address: every request is sent to the connection's host, below ``/api/v2/``."""

from __future__ import annotations

import json
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from datarobot_provider.version_compat import AirflowException
from tests.faults.cases import CASES, JOB_CASES, LIST_CASES, SENSOR_CASES, Case, axis_of, axis_of_requests
from tests.faults.runs import SHORT_TIMEOUT, Outcome, Runner
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
#: Replacements of a valid ``Location`` or ``next`` with the path ``{good}``. True: it still refers to the same path.
_ADDRESSES: dict[str, bool] = {
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
_PATTERNS = axis(_ADDRESSES, lambda pattern: pattern.encode("unicode_escape").decode())


def fill_address(pattern: str, proxy: Proxy, foreign_host: Proxy, good: str) -> str:
    """Fill the placeholders of an address."""
    hosts = {"proxy": proxy.url, "other": foreign_host.url, "other_host": foreign_host.url.partition("//")[2]}
    return pattern.format(**hosts, self=good, good=good, bare=good.removeprefix(_API))


def check_destinations(proxy: Proxy, foreign_host: Proxy, case: Case) -> None:
    """Check that all requests were sent to the proxy, below ``/api/v2/``."""
    for received in proxy.received:
        if "authorization" in received.headers or not case.download:
            assert received.headers["authorization"] == f"Bearer {TOKEN}"
            path = unquote(received.target.partition("?")[0])
            assert path.startswith(_API), received.target
            assert not {"..", "."} & set(path.replace("\\", "/").split("/")), received.target
            assert "secret" not in path
    if case.download:
        assert all(
            "authorization" not in received.headers and TOKEN not in str(received) for received in foreign_host.received
        )
    else:
        assert foreign_host.received == []


@pairwise(case=axis_of_requests(CASES), redirect=axis(_REDIRECTED, lambda each: f"{each[0]} {each[1]!a}"))
def test_a_redirect_is_not_followed_to_another_host(
    runner: Runner, proxy: Proxy, foreign_host: Proxy, case, redirect
) -> None:
    status, pattern = redirect
    arguments = runner.arguments(case, SHORT_TIMEOUT)
    runner.connect(proxy.url)

    def respond(received: Received) -> Response | None:
        if not case.matches(received.method, received.target):
            return None
        return Response(status, [("Location", fill_address(pattern, proxy, foreign_host, received.target))])

    proxy.respond = respond
    outcome = runner.run(case, arguments)
    check_destinations(proxy, foreign_host, case)
    own = [received for received in proxy.received if case.matches(received.method, received.target)]
    if case.download:
        assert len(own) <= 6, "a redirect loop must end"
        assert outcome.error is not None or foreign_host.received or pattern.startswith(("{proxy}/", "/"))
    elif not case.sensor:
        assert isinstance(outcome.error, AirflowException)
        assert f"is a redirect ({status}), which was not followed" in outcome.text
        assert len(own) == 1


def run_with_altered_responses(
    runner: Runner, proxy: Proxy, case: Case, alter: Callable[[Received, Response], Response], timeout: float
) -> Outcome:
    """Run a case through a proxy that alters valid responses."""
    arguments = runner.arguments(case, timeout)
    runner.connect(proxy.url)
    proxy.alter = alter
    return runner.run(case, arguments)


def good_path(location: str) -> str:
    """Return the path of an address of the emulator."""
    return _API + location.partition(_API)[2]


@pairwise(case=axis_of(JOB_CASES), pattern=_PATTERNS)
def test_the_location_of_an_accepted_job_stays_on_the_host(
    runner: Runner, proxy: Proxy, foreign_host: Proxy, case, pattern
) -> None:
    altered = []

    def alter(received: Received, response: Response) -> Response:
        location = response.header("Location")
        if location and case.matches(received.method, received.target):
            altered.append(location)
            response.set_header("Location", fill_address(pattern, proxy, foreign_host, good_path(location)))
        return response

    outcome = run_with_altered_responses(runner, proxy, case, alter, 5)
    check_destinations(proxy, foreign_host, case)
    assert len([received for received in proxy.received if case.matches(received.method, received.target)]) == 1
    if _ADDRESSES[pattern] or not altered:
        assert outcome.error is None, outcome.text
        assert outcome.value == runner.run_without_faults(case).value


@pairwise(case=axis_of(case for case in (*JOB_CASES, *SENSOR_CASES) if case.recorded), pattern=_PATTERNS)
def test_the_location_of_a_created_resource_stays_on_the_host(
    runner: Runner, proxy: Proxy, foreign_host: Proxy, case, pattern
) -> None:
    """The 303 of a status record: the result is requested from the connection's host, or not at all."""

    def alter(_: Received, response: Response) -> Response:
        location = response.header("Location")
        if location and response.status == 303:
            response.set_header("Location", fill_address(pattern, proxy, foreign_host, good_path(location)))
        return response

    outcome = run_with_altered_responses(runner, proxy, case, alter, SHORT_TIMEOUT if case.sensor else 5)
    check_destinations(proxy, foreign_host, case)
    if _ADDRESSES[pattern]:
        assert outcome.error is None, outcome.text


@pairwise(case=axis_of(LIST_CASES), pattern=_PATTERNS)
def test_the_next_page_of_a_list_stays_on_the_host(
    runner: Runner, proxy: Proxy, foreign_host: Proxy, case, pattern
) -> None:
    first: list[Received] = []

    def alter(received: Received, response: Response) -> Response:
        if not first and case.matches(received.method, received.target):
            first.append(received)
            path, _, query = received.target.partition("?")
            more = query.replace("offset=0", "offset=1000") if query else "offset=1000"
            page: dict[str, Any] = json.loads(response.body)
            page["next"] = fill_address(pattern, proxy, foreign_host, f"{path}?{more}")
            response.body = json.dumps(page).encode()
        return response

    outcome = run_with_altered_responses(runner, proxy, case, alter, SHORT_TIMEOUT)
    check_destinations(proxy, foreign_host, case)
    if _ADDRESSES[pattern]:
        assert outcome.error is None, outcome.text
        # The emulator returns all feature impacts on every page.
        assert outcome.value == runner.run_without_faults(case).value or not case.name.startswith("list_")
    else:
        assert "cannot be read completely: 'next' is not a route of the API" in outcome.text
        assert len([received for received in proxy.received if case.matches(received.method, received.target)]) == 1


@pytest.mark.parametrize("case", LIST_CASES, ids=lambda case: case.name)
def test_a_list_whose_pages_repeat_fails(runner: Runner, proxy: Proxy, foreign_host: Proxy, case) -> None:
    def alter(received: Received, response: Response) -> Response:
        if case.matches(received.method, received.target):
            response.body = json.dumps({**json.loads(response.body), "next": proxy.url + received.target}).encode()
        return response

    outcome = run_with_altered_responses(runner, proxy, case, alter, SHORT_TIMEOUT)
    check_destinations(proxy, foreign_host, case)
    assert "is the URL of a previous page" in outcome.text


@pytest.fixture(scope="session")
def pems(tmp_path_factory: pytest.TempPathFactory) -> Pems:
    return make_pems(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def secure(runner_origin: str, pems: Pems) -> Iterator[Proxy]:
    """Return a proxy with TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pems.both)
    with serve(runner_origin, tls=context) as started:
        yield started


@pytest.fixture(scope="session")
def runner_origin(resources) -> str:
    return str(resources.url)


@pairwise(case=axis_of_requests(CASES))
def test_a_redirect_from_https_to_http_is_not_followed(
    runner: Runner, secure: Proxy, foreign_host: Proxy, pems: Pems, case
) -> None:
    secure.reset()
    arguments = runner.arguments(case, SHORT_TIMEOUT)
    runner.connect(secure.url, ca_bundle=pems.both)
    without_faults = runner.run(case, arguments)
    assert without_faults.error is None, without_faults.text
    arguments = runner.arguments(case, SHORT_TIMEOUT)
    secure.received.clear()
    secure.respond_to(case.matches, Response(302, [("Location", f"{foreign_host.url}/api/v2/version/")]))
    outcome = runner.run(case, arguments)
    check_destinations(secure, foreign_host, case)
    assert foreign_host.received == []
    assert case.sensor or isinstance(outcome.error, AirflowException)
