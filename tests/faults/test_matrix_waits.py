"""Faults that strike while a task waits for the job that it started, on a worker and in the triggerer."""

from __future__ import annotations

from typing import Any

from datarobot_provider.version_compat import AirflowException
from tests.faults.cases import JOB_CASES, SENSOR_CASES, Case, axis_of
from tests.faults.runs import ATTEMPTS, LONG_TIMEOUT, SHORT_TIMEOUT, Runner
from tests.pairwise import pairwise

EVERY_WAIT = axis_of([*JOB_CASES, *SENSOR_CASES])
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


def run(runner: Runner, case: Case, fault: dict[str, Any], timeout: float, *, deferrable: bool, path: str) -> Any:
    """Run a case whose GETs meet a fault; its own request, if it is another one, is sent once."""
    given = runner.arguments(case, timeout, deferrable=deferrable)
    if deferrable:
        runner.find_jobs_running()
    runner.resources.inject_fault(path, method="GET", **{"times": None, **fault})
    outcome = runner.run(case, given)
    # A response without a body has no inside that could be cut again.
    assert runner.resources.faults_left() in ([0], [None]) or fault.get("cut") == "inside", "the fault has struck"
    if not case.sensor:
        assert len(outcome.own(case)) == 1
        assert {row["method"] for row in outcome.sent} <= {"GET", case.method, "DELETE"}
    return outcome


@pairwise(case=EVERY_WAIT, fault=_PASSING, deferrable=BOTH_MODES)
def test_faults_within_the_budget_of_a_request(runner: Runner, case, fault, deferrable) -> None:
    if "delay" in fault:
        runner.connect(read_timeout=0.2)
    outcome = run(runner, case, fault, LONG_TIMEOUT, deferrable=deferrable, path="/api/v2/")
    assert outcome.error is None, outcome.text
    assert outcome.value == runner.undisturbed(case).value


@pairwise(case=EVERY_WAIT, fault=_LASTING, deferrable=BOTH_MODES)
def test_faults_within_the_budget_of_a_wait(runner: Runner, case, fault, deferrable) -> None:
    outcome = run(runner, case, fault, LONG_TIMEOUT, deferrable=deferrable, path=_LOOKS)
    assert outcome.error is None, outcome.text
    assert outcome.value == runner.undisturbed(case).value


@pairwise(case=EVERY_WAIT, fault=_ENDLESS, deferrable=BOTH_MODES)
def test_faults_that_never_end(runner: Runner, case, fault, deferrable) -> None:
    outcome = run(runner, case, fault, SHORT_TIMEOUT, deferrable=deferrable, path="/api/v2/")
    assert any(row["method"] == "GET" for row in outcome.sent)
    assert isinstance(outcome.error, AirflowException), outcome.value
