"""Faults while a task waits for the job that it started, on a worker and in the triggerer."""

from __future__ import annotations

from typing import Any

from datarobot_provider.version_compat import AirflowException
from tests.faults.cases import JOB_CASES, SENSOR_CASES, Case, axis_of
from tests.faults.runs import ATTEMPTS, LONG_TIMEOUT, SHORT_TIMEOUT, Runner
from tests.pairwise import pairwise

EVERY_WAIT = axis_of([*JOB_CASES, *SENSOR_CASES])
BOTH_MODES = {"worker": False, "trigger": True}
_HTML = {"status": 200, "body": "<html>Sign in</html>", "contentType": "text/html"}
#: Faults of every GET, shorter than the attempts of a request.
_TEMPORARY: dict[str, dict[str, Any]] = {
    "429 in 0 s": {"status": 429, "retryAfter": "0", "times": 3},
    "503": {"status": 503, "times": ATTEMPTS - 1},
    "before": {"cut": "before", "times": 2},
    "inside": {"cut": "inside", "times": 2},
    "after": {"cut": "after", "times": 2},
    "stall": {"delay": 0.3, "times": 1},
}
#: Faults of every poll, longer than the attempts of a request and shorter than the timeout of a wait.
_LONGER: dict[str, dict[str, Any]] = {
    "503": {"status": 503, "times": 2 * ATTEMPTS},
    "before": {"cut": "before", "times": 2 * ATTEMPTS},
    "page": {**_HTML, "times": 3},
    "page 404": {**_HTML, "status": 404, "times": 2},
    "truncated": {"status": 200, "body": '{"status": "COMPL', "times": 3},
    "a state twice": {"status": 200, "body": '{"status": "RUNNING", "status": "COMPLETED"}', "times": 2},
    "redirect": {"status": 302, "times": 2},
}
#: Permanent faults, without a response about the end of the job.
_ENDLESS: dict[str, dict[str, Any]] = {
    "503": {"status": 503},
    "before": {"cut": "before"},
    "page 404": {**_HTML, "status": 404},
    "401": {"status": 401},
}
#: The paths of the polls, without those of the results.
_POLLS = (
    r"(/status/[^/]+|/datasets/[^/]+|/deployments/[^/]+|/batchPredictions/[^/]+|/dependencyBuild|/customModelTests/[^/]+"
    r"|(conversions|Validations|versions)/[^/]+)/$"
)


def run(runner: Runner, case: Case, fault: dict[str, Any], timeout: float, *, deferrable: bool, path: str) -> Any:
    """Inject a fault into the GETs of a case and run it; check that the request that starts the job is sent once."""
    arguments = runner.arguments(case, timeout, deferrable=deferrable)
    if deferrable:
        runner.find_jobs_running()
    runner.resources.fault("GET", path, **{"times": None, "after": int(case.gets_first), **fault})
    outcome = runner.run(case, arguments)
    # A response without a body cannot be cut inside.
    assert runner.resources.faults_left() in ([0], [None]) or fault.get("cut") == "inside", "the fault did not occur"
    if not case.sensor:
        assert len(outcome.requests_of(case)) == 1
        # A replacement is validated first.
        others = {"GET", "DELETE", "POST"} if case.name == "replace_model" else {"GET", "DELETE"}
        assert {row["method"] for row in outcome.sent} <= {case.method, *others}
    return outcome


@pairwise(case=EVERY_WAIT, fault=_TEMPORARY, deferrable=BOTH_MODES)
def test_faults_shorter_than_the_attempts_of_a_request(runner: Runner, case, fault, deferrable) -> None:
    if "delay" in fault:
        runner.connect(read_timeout=0.2)
    outcome = run(runner, case, fault, LONG_TIMEOUT, deferrable=deferrable, path="/api/v2/")
    assert outcome.error is None, outcome.text
    assert outcome.value == runner.run_without_faults(case).value


@pairwise(case=EVERY_WAIT, fault=_LONGER, deferrable=BOTH_MODES)
def test_faults_shorter_than_the_timeout_of_a_wait(runner: Runner, case, fault, deferrable) -> None:
    outcome = run(runner, case, fault, LONG_TIMEOUT, deferrable=deferrable, path=_POLLS)
    assert outcome.error is None, outcome.text
    assert outcome.value == runner.run_without_faults(case).value


@pairwise(case=EVERY_WAIT, fault=_ENDLESS, deferrable=BOTH_MODES)
def test_permanent_faults_fail_the_task(runner: Runner, case, fault, deferrable) -> None:
    outcome = run(runner, case, fault, SHORT_TIMEOUT, deferrable=deferrable, path="/api/v2/")
    assert any(row["method"] == "GET" for row in outcome.sent)
    assert isinstance(outcome.error, AirflowException), outcome.value
