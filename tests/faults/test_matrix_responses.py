"""Error responses and unreadable responses to the main request of each task."""

from __future__ import annotations

import json
from typing import Any

from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.faults.cases import CASES, Case, axis_of_requests
from tests.faults.runs import ATTEMPTS, SHORT_TIMEOUT, UPLOAD_ATTEMPTS, Runner
from tests.pairwise import pairwise
from tests.support.proxy import Proxy, Response

EVERY_CASE = axis_of_requests(CASES, every=True)
EVERY_KIND = axis_of_requests(CASES)
_PAST = "Wed, 21 Oct 2015 07:28:00 GMT"
#: The server did not process the request, and the client should repeat it.
UNPROCESSED: dict[str, dict[str, Any]] = {
    "429 in 0 s": {"status": 429, "retryAfter": "0", "times": 2},
    "429 in an hour": {"status": 429, "retryAfter": "3600", "times": 1},
    "429 at a date": {"status": 429, "retryAfter": _PAST, "times": 2},
    "503 in 0 s": {"status": 503, "retryAfter": "0", "times": 2},
}
#: The server may have processed the request.
TEMPORARY: dict[str, dict[str, Any]] = {
    **{f"{status}": {"status": status, "times": 2} for status in (408, 429, 500, 502, 503, 504)},
    "503 soon": {"status": 503, "retryAfter": "soon", "times": 2},
    "503 after the work": {"status": 503, "times": 1, "apply": True},
}
#: Faults that last longer than all attempts of a request.
BURSTS: dict[str, dict[str, Any]] = {
    **{f"{status}": {"status": status} for status in (429, 500, 502, 503, 504)},
    **{f"{status} in 0 s": {"status": status, "retryAfter": "0"} for status in (429, 503)},
}
HTML = "<html><head><title>Sign in</title></head></html>"
DEEP = '{"id": ' * 400 + "1" + "}" * 400
#: Responses that are not valid JSON.
UNREADABLE: dict[str, dict[str, Any]] = {
    "truncated": {"body": '{"id": "65a0'},
    "no JSON": {"body": "id=65a0"},
    "HTML called JSON": {"body": HTML},
    "HTML": {"body": HTML, "contentType": "text/html; charset=utf-8"},
    "deep": {"body": DEEP},
    "a field twice": {"body": '{"id": "a", "status": "COMPLETED", "id": "b", "status": "ERROR"}'},
}
#: Responses that are not the expected object.
UNEXPECTED: dict[str, dict[str, Any]] = {
    "empty": {"body": ""},
    "list": {"body": "[1, 2]"},
    "text": {"body": '"text"'},
    "null": {"body": "null"},
    "no numbers": {"body": '{"id": NaN, "data": [Infinity], "status": -Infinity, "featureImpacts": [1e999]}'},
    "half characters": {"body": r'{"id": "\ud800", "statusId": "\udfff", "status": "\ud800", "data": ["\ud800"]}'},
    "wrong types": {
        "body": json.dumps({name: {"a": [1]} for name in ("id", "statusId", "data", "status", "next", "items")})
    },
    "another type": {"body": "{}", "contentType": "application/octet-stream"},
    "ids with path segments": {
        "body": json.dumps(
            dict.fromkeys(
                ("id", "statusId", "customModelVersionId", "conversionId", "validationId"), "../../../secret?x#y"
            )
        )
    },
}
BIG_PAGE = (HTML + "<p>padding</p>\n" * 360_000).encode()
BIG_ERRORS = json.dumps(
    {"message": "m" * 1_000_000, "errors": {f"field {n}": "x" * 40 for n in range(60_000)}}
).encode()


def inject(runner: Runner, case: Case, fault: dict[str, Any]) -> None:
    """Inject a fault into the main requests of a case."""
    runner.resources.fault(case.method, case.path, **{"times": None, **fault})


def check_recovers(runner: Runner, case: Case, fault: dict[str, Any]) -> None:
    """Run a case with a fault; check that the result is the same as without, with one more request per fault."""
    arguments = runner.arguments(case)
    inject(runner, case, fault)
    outcome = runner.run(case, arguments)
    without_faults = runner.run_without_faults(case)
    assert outcome.error is None, outcome.text
    assert outcome.value == without_faults.value
    assert len(outcome.requests_of(case)) == len(without_faults.requests_of(case)) + fault["times"]


def check_sent_once(runner: Runner, case: Case, fault: dict[str, Any]) -> None:
    """Run a case whose request may have been processed; check that it is not repeated, and the error message."""
    arguments = runner.arguments(case, SHORT_TIMEOUT)
    inject(runner, case, fault)
    outcome = runner.run(case, arguments)
    own = outcome.requests_of(case)
    assert len(own) == 1
    assert type(outcome.error) is AirflowException, outcome.text
    path = own[0]["path"].removeprefix("/api/v2/")
    assert outcome.text.startswith(f"DataRobot returned {fault['status']} for {case.method} {path}: ")
    assert f"Request id: {own[0]['requestId']}" in outcome.text


@pairwise(case=EVERY_CASE, fault=UNPROCESSED)
def test_a_request_that_was_not_processed_is_sent_again(runner: Runner, case: Case, fault: dict[str, Any]) -> None:
    check_recovers(runner, case, fault)


@pairwise(case=EVERY_KIND, fault=TEMPORARY)
def test_only_safe_requests_are_sent_again_after_a_server_error(runner, case, fault) -> None:
    (check_recovers if case.safe else check_sent_once)(runner, case, fault)


@pairwise(case=EVERY_KIND, fault=BURSTS)
def test_a_burst_longer_than_all_attempts_fails(runner, case, fault) -> None:
    arguments = runner.arguments(case, SHORT_TIMEOUT)
    inject(runner, case, fault)
    outcome = runner.run(case, arguments)
    assert isinstance(outcome.error, AirflowException)
    assert not isinstance(outcome.error, AirflowFailException)
    again = case.safe or "retryAfter" in fault
    budget = UPLOAD_ATTEMPTS if case.upload else ATTEMPTS
    if case.sensor or case.download:
        assert len(outcome.requests_of(case)) >= ATTEMPTS
    else:
        assert len(outcome.requests_of(case)) == (budget if again else 1)
        assert f"DataRobot returned {fault['status']} for {case.method} " in outcome.text
        assert "\nRequest id: " in outcome.text


@pairwise(case=EVERY_CASE, fault=UNREADABLE)
def test_an_unreadable_success_fails(runner, case, fault) -> None:
    arguments = runner.arguments(case, SHORT_TIMEOUT)
    inject(runner, case, {"status": 200, "apply": True, **fault})
    outcome = runner.run(case, arguments)
    page = fault.get("contentType", "").startswith("text/html")
    if not case.any_body or (page and not case.download):
        assert isinstance(outcome.error, AirflowException), outcome.value
        assert case.sensor or "(200, " in outcome.text
    assert case.sensor or case.download or len(outcome.requests_of(case)) == 1


@pairwise(case=EVERY_KIND, fault=UNEXPECTED)
def test_an_unexpected_success_is_handled(runner, case, fault) -> None:
    arguments = runner.arguments(case, SHORT_TIMEOUT)
    inject(runner, case, {"status": 200, "apply": True, **fault})
    outcome = runner.run(case, arguments)
    assert case.sensor or case.download or len(outcome.requests_of(case)) == 1


@pairwise(case=EVERY_KIND, page={"502": (502, BIG_PAGE, "text/html"), "422": (422, BIG_ERRORS, "application/json")})
def test_an_error_page_of_5_mb_is_summarized(runner, proxy: Proxy, case, page) -> None:
    status, body, kind = page
    runner.connect(proxy.url, attempts=2)
    arguments = runner.arguments(case, SHORT_TIMEOUT)
    proxy.respond_to(case.matches, Response(status, [("Content-Type", kind)], body))
    outcome = runner.run(case, arguments)
    if not case.sensor:
        assert isinstance(outcome.error, AirflowException)
        assert f"returned {status} for {case.method} " in outcome.text
