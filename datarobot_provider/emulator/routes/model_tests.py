"""Custom model tests: start, list, read, cancel, read the log."""

from __future__ import annotations

from dataclasses import replace

from datarobot_provider.emulator.common import identifiers, timestamps, users
from datarobot_provider.emulator.common.errors import ApiError, invalid, not_found
from datarobot_provider.emulator.job_results import model_test
from datarobot_provider.emulator.routes.dependency_builds import is_built
from datarobot_provider.emulator.store import runtime_parameters
from datarobot_provider.emulator.store.entities import CustomModel, Dataset, EnvironmentVersion, ModelTest, Version
from datarobot_provider.emulator.store.jobs import CANCELLED, FAILED, SUCCEEDED, WARNING, Job, PlannedOutcome
from datarobot_provider.emulator.store.resource_settings import check_resource_bundle
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

_TESTS = "/customModelTests/"
_TEST = "/customModelTests/{customModelTestId}/"
_RECORD_LAG = 0.5
_STORED = ("desiredMemory", "maximumMemory", "replicas", "requiresHa", "networkEgressPolicy", "resourceBundleId")


@route("POST", _TESTS)
def start_test(call: Call) -> Response:
    """Start a test of a version (POST /customModelTests/)."""
    body, state = call.body, call.state
    check_resource_bundle(body)
    model = state.model(body["customModelId"])
    version = state.version(model.id, body["customModelVersionId"])
    dataset = _dataset(call, model)
    environment = _environment(call, version)
    missing = runtime_parameters.names_without_value(version)
    if missing:
        raise ApiError(422, f"The custom model version has runtime parameters without a value: {', '.join(missing)}.")
    if not is_built(call, version):
        raise ApiError(422, "The dependencies of the custom model version have to be built before it is tested.")
    if any(state.active_tests(model)):
        raise ApiError(422, "Testing is already in progress for the custom model.")
    test = _start_test(call, version, dataset, environment)
    record = state.create_status_record(test.job, f"{_TESTS}{test.id}/", completed_on_failure=True)
    return call.accepted(record, {"statusId": record.id})


@route("GET", _TESTS)
def list_tests(call: Call) -> Response:
    """List the tests of a model, newest first (GET /customModelTests/)."""
    model_id = call.query["customModelId"]
    tests = [t for t in reversed(call.state.tests.values()) if t.model.id == model_id and not t.job.expired(call.now())]
    return call.page(tests, lambda t: _serialize(call, t))


@route("GET", _TEST)
def get_test(call: Call) -> Response:
    """Return a test (GET /customModelTests/{customModelTestId}/)."""
    return Response(200, _serialize(call, _requested(call)))


@route("DELETE", _TEST)
def cancel_test(call: Call) -> Response:
    """Cancel a running test (DELETE /customModelTests/{customModelTestId}/)."""
    test = _requested(call)
    if not test.job.active(call.now()):
        raise ApiError(409, "The testing attempt has already reached a terminal state.")
    test.job.cancel(call.now())
    return Response(204)


@route("GET", _TEST + "log/")
def get_log(call: Call) -> Response:
    """Return the log of a test as a text file (GET /customModelTests/{customModelTestId}/log/)."""
    test = _requested(call)
    text = model_test.log(test, call.now())
    if text is None:
        raise ApiError(404, "No testing log found.")
    headers = {
        "Content-Type": "text/plain",
        "Content-Disposition": f"attachment;filename=testing-{test.model.id}.log",
    }
    return Response(200, headers=headers, content=text.encode())


@route("GET", _TEST + "tail/")
def get_tail(call: Call) -> Response:
    """Return the last lines of the log of a test (GET /customModelTests/{customModelTestId}/tail/)."""
    text = model_test.log(_requested(call), call.now()) or ""
    return Response(200, {"log": "".join(text.splitlines(keepends=True)[-call.query["lines"] :])})


def _start_test(call: Call, version: Version, dataset: Dataset | None, environment: EnvironmentVersion) -> ModelTest:
    state, body = call.state, call.body
    model = state.model(version.model_id)
    test_id = identifiers.object_id()
    problem, notes = model_test.check_inputs(model, version, dataset)
    configuration = body.get("configuration", {})
    default = PlannedOutcome(model_test.outcome_of(model_test.check_results(configuration, problem, PlannedOutcome())))
    ids = {"customModelId": model.id, "customModelVersionId": version.id, "customModelTestId": test_id}
    job = state.start_job("model_test", ids, default)
    results = model_test.check_results(configuration, problem, job.planned)
    if job.planned.outcome in {SUCCEEDED, WARNING, FAILED}:
        job.planned = replace(job.planned, outcome=model_test.outcome_of(results))
    settings = {name: body.get(name) for name in _STORED}
    test = ModelTest(test_id, job, model, version, environment, dataset, settings, results, notes)
    state.tests[test_id] = test
    return test


def _dataset(call: Call, model: CustomModel) -> Dataset | None:
    dataset_id = call.body.get("datasetId")
    if dataset_id is None:
        if model.unstructured:
            return None
        raise invalid("datasetId", "this field is required unless the model is unstructured")
    return call.state.dataset(dataset_id, call.body.get("datasetVersionId"))


def _environment(call: Call, version: Version) -> EnvironmentVersion:
    environment_id, version_id = call.body.get("environmentId"), call.body.get("environmentVersionId")
    if environment_id is None and version_id is None and version.environment:
        return version.environment
    for known in reversed(call.state.environment_versions.values()):
        fits = environment_id in {None, known.environment.id} and version_id in {None, known.id}
        if fits and known.status(call.now()) == "success":
            return known
    raise invalid("environmentId" if environment_id else "environmentVersionId", "no such execution environment")


def _requested(call: Call) -> ModelTest:
    test = call.state.tests.get(call.path["customModelTestId"])
    if test is None or test.job.expired(call.now()):
        raise not_found()
    return test


def _record_time(call: Call, job: Job) -> float:
    """Return the time at which the record of a test is read.

    The record is up to date when the status record redirects to it. It lags behind a status record with the status
    ABORTED: the official client relies on the former and waits for the latter.
    """
    aborted = job.result(call.now()) == CANCELLED and not job.cancelled
    return call.now() - min(_RECORD_LAG * call.state.scale, job.seconds / 4) if aborted else call.now()


def _serialize(call: Call, test: ModelTest) -> Json:
    read_time = _record_time(call, test.job)
    over = not test.job.active(read_time)
    return {
        "id": test.id,
        "customModelImageId": test.version.id,
        "imageType": "customModelVersion",
        "overallStatus": test.job.state(read_time),
        "testingStatus": model_test.check_statuses(test, read_time),
        "created": timestamps.iso_format(test.job.created),
        "createdBy": users.USER_NAME,
        "completedAt": timestamps.iso_format(test.job.finished_at()) if over else None,
        "customModel": {"id": test.model.id, "name": test.model.fields["name"]},
        "customModelVersion": {"id": test.version.id, "label": test.version.label},
        "datasetId": test.dataset.id if test.dataset else None,
        "datasetVersionId": test.dataset.version_id if test.dataset else None,
        "executionEnvironment": {"id": test.environment.environment.id, "name": test.environment.environment.name},
        "executionEnvironmentVersion": {"id": test.environment.id, "label": test.environment.label or ""},
        **test.settings,
    }
