"""Modules that require no server: jobs, contract, routes, byte ranges."""

import asyncio
import hashlib
import itertools
import json
import subprocess
import sys
from importlib import resources

import pytest

from datarobot_provider.emulator import routes
from datarobot_provider.emulator.app import create_app
from datarobot_provider.emulator.openapi import deviations
from datarobot_provider.emulator.openapi.contract import Contract
from datarobot_provider.emulator.store.jobs import KINDS, PlannedOutcome
from datarobot_provider.emulator.store.prediction_server_image import Image, Span, content
from datarobot_provider.emulator.store.state import State
from datarobot_provider.emulator.web.byte_ranges import UnsatisfiableRangeError, requested_span
from datarobot_provider.emulator.web.routing import ROUTES
from harness.emulator import SEED


class Clock:
    """A clock that a test sets."""

    time = 100.0

    def __call__(self):
        return self.time


def started(kind, scale=1.0, **planned):
    state = State(scale)
    clock = Clock()
    state.clock = clock
    if planned:
        state.outcomes.plan(kind, PlannedOutcome(**planned), 1)
    return state.start_job(kind, {}), clock


def send_request(gateway, method, path, body=b""):
    """Send a request to the gateway without a socket and return the status and the body."""
    headers = [(b"authorization", b"Bearer gateway-token"), (b"host", b"h"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b""}
    scope |= {"headers": headers, "scheme": "http", "server": ("h", 80), "http_version": "1.1", "root_path": ""}
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(gateway(scope, receive, send))
    return sent[0]["status"], json.loads(b"".join(each.get("body", b"") for each in sent[1:]))


def test_clock_is_stopped_during_a_response():
    """The clock advances with every reading. A response must not report a job as both running and ended."""
    gateway = create_app("gateway-token", SEED).routes[-1].app
    ticks = itertools.count(100, 10)
    gateway.state.clock = lambda: next(ticks)
    gateway.state.outcomes.plan("vector_database_validation", PlannedOutcome(seconds=15), 1)
    path = "/api/v2/genai/customModelVectorDatabaseValidations/"
    payload = {"deploymentId": "65a0000000000000000000f1", "promptColumnName": "promptText"}
    status, created = send_request(
        gateway, "POST", path, json.dumps({**payload, "targetColumnName": "relevant"}).encode()
    )
    seen = [send_request(gateway, "GET", f"{path}{created['id']}/")[1]["validationStatus"] for _ in range(2)]
    assert (status, seen, next(ticks)) == (202, ["TESTING", "PASSED"], 130)


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("scale", [1.0, 5.0, 0.02])
def test_states_follow_the_clock(kind, scale):
    job, clock = started(kind, scale)
    seconds = KINDS[kind].seconds * scale
    states = []
    for step in range(100):
        clock.time = 100 + seconds * step / 100
        assert job.active(clock.time)
        states.append(job.state(clock.time))
    assert list(dict.fromkeys(states)) == [state for state, _ in KINDS[kind].running_states]
    clock.time = 100 + seconds * 1.001
    assert job.state(clock.time) == KINDS[kind].final_states["succeeded"]
    assert (job.finished_at() - job.created).total_seconds() == pytest.approx(seconds)


@pytest.mark.parametrize("outcome", ["stuck", "unknown"])
def test_endless_jobs_end_only_when_cancelled(outcome):
    job, clock = started("model_test", outcome=outcome, state="odd")
    clock.time += 1e6
    assert job.state(clock.time) == ("not_tested" if outcome == "stuck" else "odd")
    job.cancel(clock.time)
    assert job.state(clock.time) == "canceled"


def test_seconds_override_the_scale():
    job, clock = started("dependency_build", 5.0, outcome="failed", seconds=3)
    assert job.active(clock.time + 2.9)
    assert job.state(clock.time + 3.1) == "failed"


def test_time_scale_zero_ends_jobs_at_once():
    job, clock = started("dependency_build", 0.0)
    assert job.state(clock.time) == "success"


def test_every_route_is_documented():
    routes.load()
    operations = Contract.load().operations
    assert [(r.method, r.path) for r in ROUTES if (r.method, r.path) not in operations] == []
    assert len({(r.method, r.path) for r in ROUTES}) == len(ROUTES)


def test_every_operation_has_a_route():
    routes.load()
    served = {(r.method, r.path) for r in ROUTES}
    assert [key for key in Contract.load().operations if key not in served] == []


def test_additional_routes_do_not_overlap_with_the_contract():
    documents = [
        json.loads(resources.files("datarobot_provider.emulator.openapi").joinpath(name).read_text())
        for name in ("contract.json", "additional_routes.json")
    ]
    published, additional = (
        {(method, path) for path, methods in document["paths"].items() for method in methods} for document in documents
    )
    assert len(published) == 140
    assert published.isdisjoint(additional)
    assert set(documents[0]["components"]["schemas"]).isdisjoint(documents[1]["components"]["schemas"])


@pytest.mark.parametrize(
    ("header", "span"),
    [
        (None, None),
        ("bytes=0-", (0, 100)),
        ("bytes=10-19", (10, 20)),
        ("bytes=10-1000", (10, 100)),
        ("bytes=-5", (95, 100)),
        ("bytes=-500", (0, 100)),
        ("bytes=-", None),
        ("bytes=9-3", None),
        ("bytes=0-1,3-4", None),
        ("lines=0-", None),
    ],
)
def test_ranges(header, span):
    assert requested_span(header, 100) == span


def test_range_after_the_end_is_unsatisfiable():
    for header in ("bytes=100-", "bytes=-0"):
        with pytest.raises(UnsatisfiableRangeError):
            requested_span(header, 100)


@pytest.mark.parametrize("span", [(0, 10), (5, 3_000_000), (1_048_575, 1_048_577), (2_097_152, 2_097_153)])
def test_range_of_an_image_equals_that_part_of_the_content(span):
    whole = b"".join(content("seed", Span(0, 3_000_000)))
    assert len(whole) == 3_000_000
    assert b"".join(content("seed", Span(*span))) == whole[slice(*span)]
    assert Image("seed", len(whole)).digest == hashlib.sha256(whole).hexdigest()
    assert whole[:100] != b"".join(content("other", Span(0, 100)))


def test_every_deviation_has_a_schema_and_a_reason(components):
    for amendment in (*deviations.REQUEST, *deviations.RESPONSE):
        assert amendment.reason
        assert amendment.schema in components["schemas"]


def test_response_violations_are_found():
    contract = Contract.load()
    operation = contract.operations["GET", "/version/"]
    assert contract.response_violations(operation, 200, {"major": "2"}, "application/json")
    assert contract.response_violations(operation, 200, {"majr": 2}, "application/json")
    assert contract.response_violations(operation, 200, {"major": 2}, "text/plain")
    assert contract.response_violations(operation, 201, {"major": 2}, "application/json")
    assert contract.response_violations(operation, 200, {"major": 2}, "application/json") == []
    assert contract.response_violations(operation, 500, {"message": "x"}, "application/json") == []


def test_public_import_loads_the_server_only_when_it_is_used():
    script = (
        "import sys, datarobot_provider.emulator as e; print('starlette' in sys.modules); e.running; print(e.__all__)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.split("\n")[:2] == ["False", "['Emulator', 'running']"]
