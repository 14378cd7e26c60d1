"""Faults that strike while a task waits for the job that it started, on a worker and in the triggerer."""

from __future__ import annotations

from typing import Any

from datarobot_provider.version_compat import AirflowException
from tests.faults.runs import ATTEMPTS, HASTY, PATIENT, Runner
from tests.faults.scenes import JOBS, LOOKING, Scene, axis_of
from tests.pairwise import pairwise

EVERY_WAIT = axis_of([*JOBS, *LOOKING])
BOTH_MODES = {"worker": False, "trigger": True}
_HTML = {"status": 200, "body": "<html>Sign in</html>", "contentType": "text/html"}
#: What strikes every GET for a while.
_PASSING: dict[str, dict[str, Any]] = {
    "429 in 0 s": {"status": 429, "retryAfter": "0", "times": 3},
    "503": {"status": 503, "times": ATTEMPTS - 1},
    "before": {"cut": "before", "times": 2},
    "inside": {"cut": "inside", "times": 2},
    "after": {"cut": "after", "times": 2},
    "stall": {"delay": 0.3, "times": 1},
}
#: What strikes every look for longer than one request is tried; the wait has a timeout of its own.
_LASTING: dict[str, dict[str, Any]] = {
    "503": {"status": 503, "times": 2 * ATTEMPTS},
    "before": {"cut": "before", "times": 2 * ATTEMPTS},
    "page": {**_HTML, "times": 3},
    "page 404": {**_HTML, "status": 404, "times": 2},
    "truncated": {"status": 200, "body": '{"status": "COMPL', "times": 3},
    "a state twice": {"status": 200, "body": '{"status": "RUNNING", "status": "COMPLETED"}', "times": 2},
    "redirect": {"status": 302, "times": 2},
}
#: What never ends, and never says that the job is over.
_ENDLESS: dict[str, dict[str, Any]] = {
    "503": {"status": 503},
    "before": {"cut": "before"},
    "page 404": {**_HTML, "status": 404},
    "401": {"status": 401},
}
#: What is looked at first; a later GET fetches the result, which is not a look.
_LOOKS = r"(/status/[^/]+|/dependencyBuild|/customModelTests/[^/]+|(conversions|Validations|versions)/[^/]+)/$"


def run(runner: Runner, scene: Scene, fault: dict[str, Any], timeout: float, *, deferrable: bool, path: str) -> Any:
    """Run a scene whose GETs meet a fault; its own request, if it is another one, is sent once."""
    given = runner.arguments(scene, timeout, deferrable=deferrable)
    if deferrable:
        runner.find_jobs_running()
    runner.world.fault(path, method="GET", **{"times": None, **fault})
    ended = runner.run(scene, given)
    # A response without a body has no inside that could be cut again.
    assert runner.world.faults_left() in ([0], [None]) or fault.get("cut") == "inside", "the fault has struck"
    if not scene.sensor:
        assert len(ended.own(scene)) == 1
        assert {row["method"] for row in ended.sent} <= {"GET", scene.method, "DELETE"}
    return ended


@pairwise(scene=EVERY_WAIT, fault=_PASSING, deferrable=BOTH_MODES)
def test_faults_within_the_budget_of_a_request(runner: Runner, scene, fault, deferrable) -> None:
    if "delay" in fault:
        runner.connect(read_timeout=0.2)
    ended = run(runner, scene, fault, PATIENT, deferrable=deferrable, path="/api/v2/")
    assert ended.error is None, ended.text
    assert ended.value == runner.calm(scene).value


@pairwise(scene=EVERY_WAIT, fault=_LASTING, deferrable=BOTH_MODES)
def test_faults_within_the_budget_of_a_wait(runner: Runner, scene, fault, deferrable) -> None:
    ended = run(runner, scene, fault, PATIENT, deferrable=deferrable, path=_LOOKS)
    assert ended.error is None, ended.text
    assert ended.value == runner.calm(scene).value


@pairwise(scene=EVERY_WAIT, fault=_ENDLESS, deferrable=BOTH_MODES)
def test_faults_that_never_end(runner: Runner, scene, fault, deferrable) -> None:
    ended = run(runner, scene, fault, HASTY, deferrable=deferrable, path="/api/v2/")
    assert any(row["method"] == "GET" for row in ended.sent)
    assert isinstance(ended.error, AirflowException), ended.value
