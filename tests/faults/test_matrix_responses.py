"""Responses that say no, or say nothing that can be read, to the request that each task is about."""

from __future__ import annotations

import json
from typing import Any

from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.faults.runs import ATTEMPTS, HASTY, UPLOAD_ATTEMPTS, Runner
from tests.faults.scenes import SCENES, Scene, axis_of
from tests.pairwise import pairwise
from tests.support.proxy import Proxy, Response

EVERY_SCENE = axis_of(SCENES)
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


def order(runner: Runner, scene: Scene, fault: dict[str, Any]) -> None:
    """Let the scene's own requests meet a fault."""
    runner.world.fault(scene.path, method=scene.method, **{"times": None, **fault})


def check_healed(runner: Runner, scene: Scene, fault: dict[str, Any]) -> None:
    """Run a scene that meets a fault; it ends as it does without, and each fault costs one request."""
    given = runner.arguments(scene)
    order(runner, scene, fault)
    ended = runner.run(scene, given)
    calm = runner.calm(scene)
    assert ended.error is None, ended.text
    assert ended.value == calm.value
    assert len(ended.own(scene)) == len(calm.own(scene)) + fault["times"]


def check_sent_once(runner: Runner, scene: Scene, fault: dict[str, Any]) -> None:
    """Run a scene whose request may have been handled: it is not sent again, and the error says what happened."""
    given = runner.arguments(scene, HASTY)
    order(runner, scene, fault)
    ended = runner.run(scene, given)
    own = ended.own(scene)
    assert len(own) == 1
    assert type(ended.error) is AirflowException, ended.text
    path = own[0]["path"].removeprefix("/api/v2/")
    assert ended.text.startswith(f"DataRobot returned {fault['status']} for {scene.method} {path}: ")
    assert f"Request id: {own[0]['requestId']}" in ended.text


@pairwise(scene=EVERY_SCENE, fault=UNHANDLED)
def test_what_was_not_handled_is_sent_again(runner: Runner, scene: Scene, fault: dict[str, Any]) -> None:
    check_healed(runner, scene, fault)


@pairwise(scene=EVERY_SCENE, fault=PASSING)
def test_what_may_have_been_handled_is_sent_again_only_if_it_is_safe(runner, scene, fault) -> None:
    (check_healed if scene.safe else check_sent_once)(runner, scene, fault)


@pairwise(scene=EVERY_SCENE, fault=BURSTS)
def test_a_burst_that_is_longer_than_the_budget(runner, scene, fault) -> None:
    given = runner.arguments(scene, HASTY)
    order(runner, scene, fault)
    ended = runner.run(scene, given)
    assert isinstance(ended.error, AirflowException)
    assert not isinstance(ended.error, AirflowFailException)
    again = scene.safe or "retryAfter" in fault
    budget = UPLOAD_ATTEMPTS if scene.upload else ATTEMPTS
    if scene.sensor or scene.download:
        assert len(ended.own(scene)) >= ATTEMPTS
    else:
        assert len(ended.own(scene)) == (budget if again else 1)
        assert f"DataRobot returned {fault['status']} for {scene.method} " in ended.text
        assert "\nRequest id: " in ended.text


@pairwise(scene=EVERY_SCENE, fault=UNREADABLE)
def test_a_success_that_nobody_can_read(runner, scene, fault) -> None:
    given = runner.arguments(scene, HASTY)
    order(runner, scene, {"status": 200, "apply": True, **fault})
    ended = runner.run(scene, given)
    page = fault.get("contentType", "").startswith("text/html")
    if not scene.any_body or (page and not scene.download):
        assert isinstance(ended.error, AirflowException), ended.value
        assert scene.sensor or "(200, " in ended.text
    assert scene.sensor or scene.download or len(ended.own(scene)) == 1


@pairwise(scene=EVERY_SCENE, fault=STRANGE)
def test_a_success_that_is_something_else(runner, scene, fault) -> None:
    given = runner.arguments(scene, HASTY)
    order(runner, scene, {"status": 200, "apply": True, **fault})
    ended = runner.run(scene, given)
    assert scene.sensor or scene.download or len(ended.own(scene)) == 1


@pairwise(scene=EVERY_SCENE, page={"502": (502, BIG_PAGE, "text/html"), "422": (422, BIG_ERRORS, "application/json")})
def test_an_error_page_of_5_mb(runner, proxy: Proxy, scene, page) -> None:
    status, body, kind = page
    runner.connect(proxy.url, attempts=2)
    given = runner.arguments(scene, HASTY)
    proxy.respond_to(scene.asks, Response(status, [("Content-Type", kind)], body))
    ended = runner.run(scene, given)
    if not scene.sensor:
        assert isinstance(ended.error, AirflowException)
        assert f"returned {status} for {scene.method} " in ended.text
