"""The row about requests: what one run of the pipeline asks of DataRobot, and why each request is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.bench import Sample
from benchmarks.subprocesses import run

if TYPE_CHECKING:
    from benchmarks.bench import Bench

#: Jobs take so much of their natural time: long enough to be deferred.
TIME_SCALE, SMALL_TIME_SCALE = 0.3, 0.05
_START = "the thing itself"
_BEFORE = "what there is before: a retry after a lost response knows by it what is newer, and makes nothing twice"
_POLLS = "one poll of the worker before it lets go, then polls with growing pauses"
_POLLS_AND_ALL = f"{_POLLS}; the last one comes back with the finished thing, which is not fetched again"
_VERSIONS = "GET /api/v2/customModels/ID/versions/"
_TESTS = "GET /api/v2/customModelTests/"
_VALIDATIONS = "GET /api/v2/genai/customModelVectorDatabaseValidations/"
#: Why a request is made that is not the thing itself; what stands in no response before it.
REASONS = {
    ("create the model", "GET /api/v2/customModels/"): _BEFORE,
    ("create a version with training data", _VERSIONS): _BEFORE,
    ("create a version with training data", f"{_VERSIONS}ID/"): _POLLS_AND_ALL,
    ("build its dependencies", f"{_VERSIONS}ID/dependencyBuild/"): _POLLS_AND_ALL,
    (
        "test it",
        _TESTS,
    ): f"once {_BEFORE}; once for the id of the new test, which the response to its start does not hold",
    ("test it", "GET /api/v2/status/ID/"): _POLLS,
    (
        "test it",
        f"{_TESTS}ID/",
    ): "the target, which the status record does not hold, and the result",
    ("compute feature impact", "GET /api/v2/status/ID/"): _POLLS,
    ("compute feature impact", f"{_VERSIONS}ID/featureImpact/"): "the result, which the status record only points to",
    ("validate a vector database", _VALIDATIONS): _BEFORE,
    ("validate a vector database", f"{_VALIDATIONS}ID/"): _POLLS_AND_ALL,
    ("validate a vector database", "GET /api/v2/status/ID/"): _POLLS,
    ("apply guards", _VERSIONS): _BEFORE,
}


def requests_per_run(bench: Bench) -> None:
    """Run the pipeline once; the waits are deferred."""
    scale = SMALL_TIME_SCALE if bench.small else TIME_SCALE
    options = {"folder": bench.folder, "time-scale": scale}
    said = run("request_process", options, folder=bench.folder, env=bench.airflow())
    for row in said["rows"]:
        reason = REASONS.get((row["task"], row["route"]), "**none**") if row["route"].startswith("GET") else _START
        result = {"count": row["count"], "why": reason}
        bench.samples.append(Sample("requests", row["task"], row["route"], result))
