"""Responses that say no, or say nothing that can be read, to the request that each task is about."""

from __future__ import annotations

import json
from typing import Any

from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.faults.cases import CASES, Case, axis_of
from tests.faults.runs import ATTEMPTS, SHORT_TIMEOUT, UPLOAD_ATTEMPTS, Runner
from tests.pairwise import pairwise
from tests.support.proxy import Proxy, Response

EVERY_CASE = axis_of(CASES)
_PAST = "Wed, 21 Oct 2015 07:28:00 GMT"
#: The server says that it did not handle the request, and wants it again.
UNHANDLED: dict[str, dict[str, Any]] = {
    "429 in 0 s": {"status": 429, "retryAfter": "0", "times": 2},
    "429 in an hour": {"status": 429, "retryAfter": "3600", "times": 1},
    "429 at a date": {"status": 429, "retryAfter": _PAST, "times": 2},
    "503 in 0 s": {"status": 503, "retryAfter": "0", "times": 2},
}
#: The server may have handled the request.
PASSING: dict[str, dict[str, Any]] = {
    **{f"{status}": {"status": status, "times": 2} for status in (408, 429, 500, 502, 503, 504)},
    "503 soon": {"status": 503, "retryAfter": "soon", "times": 2},
    "503 after the work": {"status": 503, "times": 1, "apply": True},
}
#: Longer than the budget of any request.
BURSTS: dict[str, dict[str, Any]] = {
    **{f"{status}": {"status": status} for status in (429, 500, 502, 503, 504)},
    **{f"{status} in 0 s": {"status": status, "retryAfter": "0"} for status in (429, 503)},
}
HTML = "<html><head><title>Sign in</title></head></html>"
DEEP = '{"id": ' * 400 + "1" + "}" * 400
#: What nobody can read.
UNREADABLE: dict[str, dict[str, Any]] = {
    "truncated": {"body": '{"id": "65a0'},
    "no JSON": {"body": "id=65a0"},
    "HTML called JSON": {"body": HTML},
    "HTML": {"body": HTML, "contentType": "text/html; charset=utf-8"},
    "deep": {"body": DEEP},
    "a field twice": {"body": '{"id": "a", "status": "COMPLETED", "id": "b", "status": "ERROR"}'},
}
#: What can be read, and is not what was asked for.
STRANGE: dict[str, dict[str, Any]] = {
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
    "ids that lead away": {
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


def order(runner: Runner, case: Case, fault: dict[str, Any]) -> None:
    """Let the case's own requests meet a fault."""
    runner.resources.inject_fault(case.path, method=case.method, **{"times": None, **fault})


def check_healed(runner: Runner, case: Case, fault: dict[str, Any]) -> None:
    """Run a case that meets a fault; it ends as it does without, and each fault costs one request."""
    given = runner.arguments(case)
    order(runner, case, fault)
    outcome = runner.run(case, given)
    undisturbed = runner.undisturbed(case)
    assert outcome.error is None, outcome.text
    assert outcome.value == undisturbed.value
    assert len(outcome.own(case)) == len(undisturbed.own(case)) + fault["times"]


def check_sent_once(runner: Runner, case: Case, fault: dict[str, Any]) -> None:
    """Run a case whose request may have been handled: it is not sent again, and the error says what happened."""
    given = runner.arguments(case, SHORT_TIMEOUT)
    order(runner, case, fault)
    outcome = runner.run(case, given)
    own = outcome.own(case)
    assert len(own) == 1
    assert type(outcome.error) is AirflowException, outcome.text
    path = own[0]["path"].removeprefix("/api/v2/")
    assert outcome.text.startswith(f"DataRobot returned {fault['status']} for {case.method} {path}: ")
    assert f"Request id: {own[0]['requestId']}" in outcome.text


@pairwise(case=EVERY_CASE, fault=UNHANDLED)
def test_a_request_that_was_not_processed_is_sent_again(runner: Runner, case: Case, fault: dict[str, Any]) -> None:
    check_healed(runner, case, fault)


@pairwise(case=EVERY_CASE, fault=PASSING)
def test_only_safe_requests_are_sent_again_after_a_server_error(runner, case, fault) -> None:
    (check_healed if case.safe else check_sent_once)(runner, case, fault)


@pairwise(case=EVERY_CASE, fault=BURSTS)
def test_a_burst_longer_than_all_attempts_fails(runner, case, fault) -> None:
    given = runner.arguments(case, SHORT_TIMEOUT)
    order(runner, case, fault)
    outcome = runner.run(case, given)
    assert isinstance(outcome.error, AirflowException)
    assert not isinstance(outcome.error, AirflowFailException)
    again = case.safe or "retryAfter" in fault
    budget = UPLOAD_ATTEMPTS if case.upload else ATTEMPTS
    if case.sensor or case.download:
        assert len(outcome.own(case)) >= ATTEMPTS
    else:
        assert len(outcome.own(case)) == (budget if again else 1)
        assert f"DataRobot returned {fault['status']} for {case.method} " in outcome.text
        assert "\nRequest id: " in outcome.text


@pairwise(case=EVERY_CASE, fault=UNREADABLE)
def test_an_unreadable_success_fails(runner, case, fault) -> None:
    given = runner.arguments(case, SHORT_TIMEOUT)
    order(runner, case, {"status": 200, "apply": True, **fault})
    outcome = runner.run(case, given)
    page = fault.get("contentType", "").startswith("text/html")
    if not case.any_body or (page and not case.download):
        assert isinstance(outcome.error, AirflowException), outcome.value
        assert case.sensor or "(200, " in outcome.text
    assert case.sensor or case.download or len(outcome.own(case)) == 1


@pairwise(case=EVERY_CASE, fault=STRANGE)
def test_an_unexpected_success_is_handled(runner, case, fault) -> None:
    given = runner.arguments(case, SHORT_TIMEOUT)
    order(runner, case, {"status": 200, "apply": True, **fault})
    outcome = runner.run(case, given)
    assert case.sensor or case.download or len(outcome.own(case)) == 1


@pairwise(case=EVERY_CASE, page={"502": (502, BIG_PAGE, "text/html"), "422": (422, BIG_ERRORS, "application/json")})
def test_an_error_page_of_5_mb_is_summarized(runner, proxy: Proxy, case, page) -> None:
    status, body, kind = page
    runner.connect(proxy.url, attempts=2)
    given = runner.arguments(case, SHORT_TIMEOUT)
    proxy.respond_to(case.matches, Response(status, [("Content-Type", kind)], body))
    outcome = runner.run(case, given)
    if not case.sensor:
        assert isinstance(outcome.error, AirflowException)
        assert f"returned {status} for {case.method} " in outcome.text
