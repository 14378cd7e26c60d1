"""The row ``requests``: the requests of one run of the pipeline, and why each of them is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.bench import Sample
from benchmarks.subprocesses import run_module

if TYPE_CHECKING:
    from benchmarks.bench import Bench

#: Factor for the duration of the emulated jobs; their tasks must still be deferred.
TIME_SCALE, SMALL_TIME_SCALE = 0.3, 0.05
_START = "the operation itself"
_BEFORE = (
    "state before the request: with it, a retry after a lost response finds what is newer and submits nothing twice"
)
_POLLS = "one poll on the worker before the deferral, then polls with growing pauses"
_POLLS_AND_ALL = f"{_POLLS}; the response to the last one contains the result, which is not fetched again"
_VERSIONS = "GET /api/v2/customModels/ID/versions/"
_TESTS = "GET /api/v2/customModelTests/"
_VALIDATIONS = "GET /api/v2/genai/customModelVectorDatabaseValidations/"
#: Why requests in addition to the operation itself are sent: what no earlier response contains.
REASONS = {
    ("create the model", "GET /api/v2/customModels/"): _BEFORE,
    ("create a version with training data", _VERSIONS): _BEFORE,
    ("create a version with training data", f"{_VERSIONS}ID/"): _POLLS_AND_ALL,
    ("build its dependencies", f"{_VERSIONS}ID/dependencyBuild/"): _POLLS_AND_ALL,
    (
        "test it",
        _TESTS,
    ): f"once {_BEFORE}; once for the id of the new test, which is not in the response to its start",
    ("test it", "GET /api/v2/status/ID/"): _POLLS,
    (
        "test it",
        f"{_TESTS}ID/",
    ): "the outcome, which the status record does not contain, and the result",
    ("compute feature impact", "GET /api/v2/status/ID/"): _POLLS,
    ("compute feature impact", f"{_VERSIONS}ID/featureImpact/"): "the result, to which the status record only refers",
    ("validate a vector database", _VALIDATIONS): _BEFORE,
    ("validate a vector database", f"{_VALIDATIONS}ID/"): _POLLS_AND_ALL,
    ("validate a vector database", "GET /api/v2/status/ID/"): _POLLS,
    ("apply guards", _VERSIONS): _BEFORE,
}


def requests_per_run(bench: Bench) -> None:
    """Run the pipeline once, with deferred waits."""
    scale = SMALL_TIME_SCALE if bench.small else TIME_SCALE
    options = {"folder": bench.folder, "time-scale": scale}
    output = run_module("request_process", options, folder=bench.folder, env=bench.airflow())
    for row in output["rows"]:
        reason = REASONS.get((row["task"], row["route"]), "**none**") if row["route"].startswith("GET") else _START
        result = {"count": row["count"], "why": reason}
        bench.samples.append(Sample("requests", row["task"], row["route"], result))
