"""Table of job kinds, compared with the enums of the contract."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from datarobot_provider.jobs.kinds import KINDS
from datarobot_provider.jobs.model import Outcome, Probe, placeholders
from datarobot_provider.jobs.poller import decide
from tests.for_each import for_each
from tests.unit.support import response

CONTRACT = json.loads(
    (Path(__file__).parents[3] / "datarobot_provider/emulator/openapi/contract.json").read_text(encoding="utf-8")
)
SCHEMAS = CONTRACT["components"]["schemas"]
TESTING = SCHEMAS["TestingStatus"]["properties"]["status"]["enum"]
PENDING, SUCCEEDED, FAILED, CANCELLED, EXPIRED = (
    Outcome.PENDING,
    Outcome.SUCCEEDED,
    Outcome.FAILED,
    Outcome.CANCELLED,
    Outcome.EXPIRED,
)

STATES = {
    "JobStatus": {
        "INITIALIZED": PENDING,
        "RUNNING": PENDING,
        "COMPLETED": SUCCEEDED,
        "ERROR": FAILED,
        "ABORTED": CANCELLED,
        "EXPIRED": EXPIRED,
    },
    "BaseDependencyBuildMetadataResponse": {
        "submitted": PENDING,
        "processing": PENDING,
        "success": SUCCEEDED,
        "failed": FAILED,
    },
    "TestingStatus": {
        "not_tested": PENDING,
        "queued": PENDING,
        "in_progress": PENDING,
        "succeeded": SUCCEEDED,
        "warning": SUCCEEDED,
        "skipped": SUCCEEDED,
        "failed": FAILED,
        "canceled": CANCELLED,
        "aborted": CANCELLED,
    },
    "CustomModelValidationStatus": {"TESTING": PENDING, "PASSED": SUCCEEDED, "FAILED": FAILED},
    "EnvironmentVersion": {"submitted": PENDING, "processing": PENDING, "success": SUCCEEDED, "failed": FAILED},
    "RegisteredModelVersionResponse": {"inProgress": PENDING, "complete": SUCCEEDED, "failed": FAILED, None: SUCCEEDED},
    "Deployment": {
        "launching": PENDING,
        "stopping": PENDING,
        "replacingModel": PENDING,
        "active": SUCCEEDED,
        "inactive": SUCCEEDED,
        "errored": FAILED,
        "archived": EXPIRED,
    },
    "BatchPredictionJobStatus": {
        "INITIALIZING": PENDING,
        "RUNNING": PENDING,
        "COMPLETED": SUCCEEDED,
        "FAILED": FAILED,
        "ABORTED": CANCELLED,
    },
    "DatasetDetails": {"REGISTERING": PENDING, "RUNNING": PENDING, "COMPLETED": SUCCEEDED, "ERROR": FAILED},
}
ENUMS = {
    "JobStatus": SCHEMAS["JobStatus"]["properties"]["status"]["enum"],
    "BaseDependencyBuildMetadataResponse": SCHEMAS["BaseDependencyBuildMetadataResponse"]["properties"]["buildStatus"][
        "enum"
    ],
    "TestingStatus": TESTING,
    "CustomModelValidationStatus": SCHEMAS["CustomModelValidationStatus"]["enum"],
    "EnvironmentVersion": SCHEMAS["EnvironmentVersion"]["properties"]["buildStatus"]["enum"],
    "RegisteredModelVersionResponse": SCHEMAS["RegisteredModelVersionResponse"]["properties"]["buildStatus"]["enum"],
    "DatasetDetails": SCHEMAS["DatasetDetails"]["properties"]["processingState"]["enum"],
    "Deployment": SCHEMAS["Deployment"]["properties"]["status"]["enum"],
    "BatchPredictionJobStatus": SCHEMAS["BatchPredictionJobStatus"]["enum"],
}
STATUS_KINDS = [name for name, kind in KINDS.items() if "status/" in kind.probes[0].path]
CASES = [
    *((name, 0, "JobStatus") for name in STATUS_KINDS),
    ("dependency_build", 0, "BaseDependencyBuildMetadataResponse"),
    ("model_test", 1, "TestingStatus"),
    ("vector_database_validation", 0, "CustomModelValidationStatus"),
    ("environment_build", 0, "EnvironmentVersion"),
    ("registered_model_build", 0, "RegisteredModelVersionResponse"),
    ("batch_prediction", 0, "BatchPredictionJobStatus"),
    *((name, 1, "Deployment") for name in ("deployment", "deployment_status", "model_replacement")),
    *((name, 1, "DatasetDetails") for name in KINDS if name.startswith("dataset_")),
]


@pytest.mark.parametrize("schema", STATES)
def test_these_tests_cover_every_state_of_the_contract(schema):
    assert set(STATES[schema]) == set(ENUMS[schema])


def test_these_tests_cover_every_overall_status_of_a_test():
    listed = SCHEMAS["CustomModelTestsResponse"]["properties"]["overallStatus"]["enum"]
    assert set(listed) <= set(TESTING)


@for_each("spelling", [str, str.upper, str.lower, str.title])
@for_each(
    "kind, index, state, outcome",
    [(kind, index, state, outcome) for kind, index, schema in CASES for state, outcome in STATES[schema].items()],
)
def test_every_state_of_the_contract_is_recognized_in_any_case(kind, index, state, outcome, spelling):
    probe = KINDS[kind].probes[index]
    body: dict[str, object] = {probe.state: state and spelling(state)}
    assert decide(probe, response(body=body)).outcome is outcome


def test_all_kinds_but_the_listed_ones_have_a_status_record():
    others = set(KINDS) - set(STATUS_KINDS)
    assert others == {
        "dependency_build",
        "training_data_assignment",
        "conversion",
        "vector_database_validation",
        "environment_build",
        "registered_model_build",
        "batch_prediction",
    }


def test_only_genai_jobs_use_the_genai_route():
    assert [name for name in STATUS_KINDS if "genai/" in KINDS[name].probes[0].path] == ["genai_task_status"]


@for_each("kind", KINDS.values())
def test_every_field_that_a_probe_reads_is_in_the_contract(kind):
    for probe in kind.probes:
        path = "/api/v2/" + "/".join(_camel(part) for part in probe.path.split("/"))
        responses = CONTRACT["paths"].get(path.replace("/genai/status/", "/status/"))["get"]["responses"]
        schema = responses["200"]["content"]["application/json"]["schema"]
        places = [] if 200 in probe.http_states else [flag[0] for flag in probe.flags] or [probe.state]
        for place in places:
            assert _has(schema, place.split(".")), f"{path} has no {place}"


def _has(schema: dict, keys: list[str]) -> bool:
    if "$ref" in schema:
        return _has(SCHEMAS[schema["$ref"].rsplit("/", 1)[-1]], keys)
    return not keys or (keys[0] in schema.get("properties", {}) and _has(schema["properties"][keys[0]], keys[1:]))


@for_each("kind", KINDS.values())
def test_every_route_of_a_kind_is_in_the_contract(kind):
    known = {p.removeprefix("/api/v2/") for p in CONTRACT["paths"]} | {"genai/status/{statusId}/"}
    routes = [probe.path for probe in kind.probes] + [route for route in (kind.result, kind.log, kind.cancel) if route]
    for route in routes:
        camel = "/".join(_camel(part) for part in route.split("?")[0].split("/"))
        assert camel in known


def _camel(part: str) -> str:
    if not part.startswith("{"):
        return part
    first, *others = part.strip("{}").split("_")
    return "{" + first + "".join(word.title() for word in others) + "}"


@for_each("kind", KINDS.values())
def test_every_cancel_route_has_delete_and_every_log_route_has_get(kind):
    paths = {p.removeprefix("/api/v2/"): methods for p, methods in CONTRACT["paths"].items()}
    for route, method in ((kind.cancel, "delete"), (kind.log, "get"), (kind.result, "get")):
        if route:
            camel = "/".join(_camel(part) for part in route.split("?")[0].split("/"))
            assert method in paths[camel]


@for_each("kind", KINDS.values())
def test_every_kind_is_complete(kind):
    assert kind.name in KINDS
    assert kind.title
    assert kind.timeout > 0
    assert kind.probes[-1].success_is_final
    assert kind.probes[-1].failure_is_final
    ids = {name for probe in kind.probes for name in placeholders(probe.path)}
    assert kind.handle in ids | set(placeholders(kind.result or ""))
    for route in (kind.log, kind.cancel):
        assert set(placeholders(route or "")) <= ids


def test_every_kind_with_a_cancel_route_in_the_contract_has_it():
    cancellable = {name for name, kind in KINDS.items() if kind.cancel}
    assert cancellable == {"dependency_build", "model_test", "conversion", "batch_prediction"}


@pytest.mark.parametrize(
    "groups",
    [
        {"running": {"A"}, "succeeded": {"a"}},
        {"failed": {"x"}, "cancelled": {"X"}},
        {"expired": {"gone"}, "failed": {"gone"}},
        {"running": {"Straße"}, "expired": {"STRASSE"}},
    ],
)
def test_a_state_in_two_groups_is_refused(groups):
    with pytest.raises(ValueError, match="two groups"):
        Probe("x/", **{name: frozenset(states) for name, states in groups.items()})


def test_two_spellings_of_a_state_in_one_group_are_refused():
    with pytest.raises(ValueError, match="two groups"):
        Probe("x/", running=frozenset({"A", "a"}))
