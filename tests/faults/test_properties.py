"""Properties of all inputs: states, addresses, pages, file names, dates. Every run uses the same examples."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
import yarl
from hypothesis import example, given
from hypothesis import strategies as st

from datarobot_provider.client.accepted import status_id_of
from datarobot_provider.client.endpoint import API_PREFIX, Endpoint, api_path
from datarobot_provider.client.files import ModelFile
from datarobot_provider.client.multipart import UploadBody
from datarobot_provider.client.pagination import get_all_pages, items, pages
from datarobot_provider.client.request import Request, Response
from datarobot_provider.client.retry import RetryPolicy, retry_after
from datarobot_provider.client.routes import route
from datarobot_provider.exceptions import ConfigurationError, InputError, MalformedResponseError
from datarobot_provider.jobs.kinds import KINDS
from datarobot_provider.jobs.model import Outcome, Probe, Verdict
from datarobot_provider.jobs.poller import decide
from tests.unit.client.forms import parse_form

ORIGIN = "https://dr.example"
PROBES = [probe for kind in KINDS.values() for probe in kind.probes]
KNOWN = {
    state.casefold()
    for probe in PROBES
    for group in (probe.running, probe.succeeded, probe.failed, probe.cancelled, probe.expired)
    for state in group
}
_STATES = st.one_of(st.text(max_size=12), st.sampled_from(sorted(KNOWN)), st.sampled_from(sorted(KNOWN)).map(str.upper))
_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _STATES),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=12,
)
_PLACES = sorted({probe.state for probe in PROBES} | {place for probe in PROBES for place, _, _ in probe.flags})
_BODIES = st.one_of(
    _JSON,
    st.dictionaries(st.sampled_from([place.partition(".")[0] for place in _PLACES]), _JSON, max_size=5),
    st.builds(
        lambda data, error: {"trainingData": {"assignmentInProgress": data, "assignmentError": error}}, _JSON, _JSON
    ),
)
_STATUSES = st.one_of(st.sampled_from([200, 303, 307, 404, 410, 422]), st.integers(100, 599))
_STEPS = ("/", "//", "\\", ".", "..", "%2e", "%2E%2e", "%2f", "%5c", ";", "?", "#", "@", ":", "api", "v2", "/api/v2/")
_HOSTS = (
    "https://",
    "http:",
    "//evil.example",
    "javascript:",
    "user:word@",
    "[",
    "]",
    "[::1]",
    "dr.example",
    "status/1/",
)
_UNUSUAL = (" ", "\t", "\r\n", "\x00", "\ud800", "\u2028", "é", "%00", "%0d%0a", "%", "a" * 5000)
_ADDRESS_PARTS = st.sampled_from([*_STEPS, *_HOSTS, *_UNUSUAL])
_LOCATIONS = st.one_of(
    st.text(),
    st.lists(_ADDRESS_PARTS, max_size=10).map("".join),
    st.lists(_ADDRESS_PARTS, max_size=8).map(lambda pieces: API_PREFIX + "".join(pieces)),
)


@given(st.sampled_from(PROBES), _STATUSES, _BODIES, st.text(max_size=30))
def test_every_json_response_is_interpreted_or_rejected(probe: Probe, status: int, body: Any, location: str) -> None:
    check_verdict(probe, Response(status, {"location": location}, json.dumps(body).encode()))


@given(st.sampled_from(PROBES), _STATUSES, st.binary(max_size=60))
def test_every_body_is_interpreted_or_rejected(probe: Probe, status: int, body: bytes) -> None:
    check_verdict(probe, Response(status, {}, body))


def check_verdict(probe: Probe, response: Response) -> None:
    """Check that a response is interpreted or malformed, and that only the listed states are a success."""
    try:
        verdict = decide(probe, response)
    except MalformedResponseError:
        assert response.status == 200
        return
    assert isinstance(verdict, Verdict)
    assert verdict.outcome in {*Outcome} - {Outcome.TIMED_OUT, Outcome.POLLING_ERROR, Outcome.POLLING_REFUSED}
    if verdict.outcome is Outcome.SUCCEEDED and not (response.status == 303 and probe.done_on_303):
        assert str(verdict.state).casefold() in {state.casefold() for state in probe.succeeded}
        assert response.status == 200


@given(st.sampled_from(PROBES), _STATES)
def test_an_unlisted_state_is_unknown_and_case_is_ignored(probe: Probe, state: str) -> None:
    listed = probe.running | probe.succeeded | probe.failed | probe.cancelled | probe.expired
    outcome = probe.outcome_of(state)
    assert (outcome is Outcome.UNKNOWN) is (state.casefold() not in {each.casefold() for each in listed})
    assert state.isascii() is False or probe.outcome_of(state.upper()) is probe.outcome_of(state.lower()) is outcome


def check_url(path: str) -> None:
    """Check that both HTTP libraries request ``path`` from the origin, below the path of the API."""
    url = Endpoint(ORIGIN).url(path)
    sync = str(requests.Request("GET", url, params={"a": "b"}).prepare().url)
    for sent in (sync, str(yarl.URL(url))):
        split = urlsplit(sent)
        assert f"{split.scheme}://{split.netloc}" == ORIGIN
        assert split.path.startswith(API_PREFIX)
        steps = unquote(split.path).replace("\\", "/").split("/")
        assert not {".", ".."} & {step.partition(";")[0] for step in steps}
        assert sent.isascii() or yarl.URL(sent)
        assert "\r" not in sent
        assert "\n" not in sent


@given(_LOCATIONS)
@example("/api/v2/..;/..;/secret/")
@example("/api/v2/%2e%2e%5csecret/")
@example("javascript:/api/v2/status/1/")
def test_every_accepted_address_is_a_path_of_the_api(location: str) -> None:
    path = api_path(location)
    if path is not None:
        check_url(path)
        assert len(path) <= 4096
    status_id = status_id_of(location)
    if status_id is not None:
        try:
            check_url(route("status/{status_id}/", status_id=status_id))
        except InputError:
            assert status_id.strip() in {"", ".", "..", "None"}


@given(st.one_of(st.text(), st.lists(_ADDRESS_PARTS, max_size=4).map("".join)))
def test_no_id_changes_the_segments_of_its_route(value: str) -> None:
    try:
        path = route("customModels/{custom_model_id}/versions/", custom_model_id=value)
    except InputError:
        return
    check_url(path)
    assert path.count("/") == 3


@given(st.one_of(st.none(), st.text(), st.lists(_ADDRESS_PARTS, max_size=6).map("".join)), st.integers(-1, 70_000))
def test_every_accepted_host_keeps_the_path_of_the_api(host: str | None, port: int) -> None:
    try:
        endpoint = Endpoint.parse(host, port)
    except ConfigurationError:
        return
    split = urlsplit(endpoint.url("status/1/"))
    assert split.path == f"{API_PREFIX}status/1/"
    assert split.scheme in {"http", "https"}
    assert split.hostname
    assert not split.username


class Lists:
    """A list on a server: the entries of each page, and its ``next`` address."""

    def __init__(self, found: list[list[int]], following: list[str | None]) -> None:
        self.found, self.following, self.requests = found, following, list[Request]()

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        query = request.path.partition("?")[2]
        number = int(query.removeprefix("page=")) if query.startswith("page=") else 0
        following = self.following[number] if number < len(self.following) else None
        body = {"data": self.found[number] if number < len(self.found) else [], "next": following}
        return Response(200, {}, json.dumps(body).encode())


_PAGES = st.lists(st.lists(st.integers(), max_size=4), min_size=1, max_size=6)
_FOREIGN = st.sampled_from([ORIGIN, "https://evil.example", "//evil.example", "http://u:p@evil.example:1", ""])


@given(_PAGES, st.lists(_FOREIGN, min_size=6, max_size=6), st.one_of(st.none(), st.integers(1, 30)))
def test_no_entry_of_a_list_is_lost_or_repeated(found: list[list[int]], hosts: list[str], limit: int | None) -> None:
    numbers, count = [], 0
    for page in found:
        numbers.append(list(range(count, count + len(page))))
        count += len(page)
    following = [f"{host}{API_PREFIX}list/?page={n + 1}" for n, host in zip(range(len(found)), hosts, strict=False)]
    server = Lists(numbers, [*following[:-1], None])
    assert items(server.send, "list/", {}, limit=limit) == list(range(count))[:limit]
    assert len(server.requests) <= len(found)
    server = Lists(numbers, [*following[:-1], None])
    assert get_all_pages(server.send, "list/")["data"] == list(range(count))


@given(
    st.lists(st.one_of(_LOCATIONS, st.integers(0, 5).map(lambda n: f"{API_PREFIX}list/?page={n}"), _JSON), max_size=6)
)
def test_a_list_ends_for_every_next(following: list[Any]) -> None:
    server = Lists([[n] for n in range(6)], following)
    try:
        found = list(pages(server.send, Request("GET", "list/")))
    except MalformedResponseError:
        found = []
    assert len(server.requests) <= 9
    assert len({request.path for request in server.requests}) == len(server.requests)
    assert len(found) <= len(server.requests)
    for request in server.requests:
        check_url(request.path)


_NAMES = st.one_of(
    st.text(st.characters(codec="utf-8"), min_size=1),
    st.lists(
        st.sampled_from([*('"', "\r\n", "\n", ";", "=", "\\", "'", "é", "日本", "%22", " ", "\0", ".py", "a", "/")]),
        min_size=1,
    ).map("".join),
)


@given(st.lists(st.tuples(_NAMES, st.binary(max_size=50)), min_size=1, max_size=4), st.text(max_size=20))
def test_every_accepted_file_name_is_preserved_and_adds_no_header(tmp_path_factory, files, value) -> None:
    folder = tmp_path_factory.mktemp("names")
    accepted = []
    for number, (name, content) in enumerate(files):
        if allowed(name):
            (folder / str(number)).write_bytes(content)
            accepted.append((ModelFile(folder / str(number), name, len(content)), content))
    body = UploadBody([("isMajorUpdate", value.encode(errors="replace").decode())], [file for file, _ in accepted])
    raw = b"".join(body)
    assert len(raw) == len(body)
    parts = parse_form(body.content_type, raw)
    assert [part.name for part in parts] == ["isMajorUpdate", *["file", "filePath"] * len(accepted)]
    for (file, content), part, path in zip(accepted, parts[1::2], parts[2::2], strict=True):
        assert part.content == content
        assert path.content.decode() == file.name
        assert set(part.headers) <= {"content-disposition", "content-type"}
        # HTML prescribes %22 for a quote; ``filePath`` contains the exact name.
        assert part.filename == file.name.rpartition("/")[2].replace('"', "%22")


def allowed(name: str) -> bool:
    """Return whether the package accepts a file name."""
    from datarobot_provider.client.files import _check_names

    try:
        _check_names([name], "The list")
    except InputError:
        return False
    return True


@given(st.one_of(st.text(), st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,3} [A-Z][a-z]{2} [0-9]{1,9} [0-9:]+ [-+A-Z0-9]+")))
def test_no_retry_after_fails_or_exceeds_the_cap(value: str) -> None:
    response = Response(429, {"retry-after": value})
    pause = retry_after(response)
    assert pause is None or pause >= 0
    assert 0 <= RetryPolicy(cap=7).pause(1, response, lambda: 1.0) <= 7


@given(st.one_of(st.binary(max_size=80), _JSON.map(lambda value: json.dumps(value).encode())))
def test_every_json_value_read_can_be_written(body: bytes) -> None:
    try:
        parsed = Response(200, {}, body).json()
    except MalformedResponseError as error:
        parsed = str(error)
    written = json.dumps(parsed, allow_nan=False, ensure_ascii=False).encode()
    assert len(written) < 2000
