"""Custom model tests: start, list, read, cancel, read the log."""

from __future__ import annotations

from dataclasses import replace

from datarobot_provider.emulator.evaluation import model_test as checks
from datarobot_provider.emulator.routes.dependency_builds import built
from datarobot_provider.emulator.store import identity, runtime_parameters
from datarobot_provider.emulator.store.jobs import CANCELLED, FAILED, SUCCEEDED, WARNING, Fate, Job
from datarobot_provider.emulator.store.resources import check_bundle
from datarobot_provider.emulator.store.state import CustomModel, Dataset, Environment, ModelTest, Version
from datarobot_provider.emulator.web.errors import ApiError, invalid, not_found
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

_TESTS = "/customModelTests/"
_TEST = "/customModelTests/{customModelTestId}/"
_RECORD_LAG = 0.5
_STORED = ("desiredMemory", "maximumMemory", "replicas", "requiresHa", "networkEgressPolicy", "resourceBundleId")


@route("POST", _TESTS)
def start_test(call: Call) -> Response:
    """Start a test of a version (POST /customModelTests/)."""
    body, state = call.body, call.state
    check_bundle(body)
    model = state.model(body["customModelId"])
    version = state.version(model.id, body["customModelVersionId"])
    dataset = _dataset(call, model)
    environment = _environment(call, version)
    missing = runtime_parameters.without_value(version)
    if missing:
        raise ApiError(422, f"The custom model version has runtime parameters without a value: {', '.join(missing)}.")
    if not built(call, version):
        raise ApiError(422, "The dependencies of the custom model version have to be built before it is tested.")
    if any(state.active_tests(model)):
        raise ApiError(422, "Testing is already in progress for the custom model.")
    test = _begin(call, version, dataset, environment)
    record = state.track(test.job, f"{_TESTS}{test.id}/", failure_ends_well=True)
    return call.accepted(record, {"statusId": record.id})


@route("GET", _TESTS)
def list_tests(call: Call) -> Response:
    """List the tests of a model, newest first (GET /customModelTests/)."""
    model_id = call.query["customModelId"]
    tests = [t for t in reversed(call.state.tests.values()) if t.model.id == model_id and not t.job.gone(call.now())]
    return call.page(tests, lambda t: _view(call, t))


@route("GET", _TEST)
def get_test(call: Call) -> Response:
    """Answer one test (GET /customModelTests/{customModelTestId}/)."""
    return Response(200, _view(call, _wanted(call)))


@route("DELETE", _TEST)
def cancel_test(call: Call) -> Response:
    """Cancel a running test (DELETE /customModelTests/{customModelTestId}/)."""
    test = _wanted(call)
    if not test.job.active(call.now()):
        raise ApiError(409, "The testing attempt has already reached a terminal state.")
    test.job.cancel(call.now())
    return Response(204)


@route("GET", _TEST + "log/")
def get_log(call: Call) -> Response:
    """Answer the log of a test as a text file (GET /customModelTests/{customModelTestId}/log/)."""
    test = _wanted(call)
    text = checks.log(test, call.now())
    if text is None:
        raise ApiError(404, "No testing log found.")
    headers = {
        "Content-Type": "text/plain",
        "Content-Disposition": f"attachment;filename=testing-{test.model.id}.log",
    }
    return Response(200, headers=headers, content=text.encode())


@route("GET", _TEST + "tail/")
def get_tail(call: Call) -> Response:
    """Answer the last lines of a test's log (GET /customModelTests/{customModelTestId}/tail/)."""
    text = checks.log(_wanted(call), call.now()) or ""
    return Response(200, {"log": "".join(text.splitlines(keepends=True)[-call.query["lines"] :])})


def _begin(call: Call, version: Version, dataset: Dataset | None, environment: Environment) -> ModelTest:
    state, body = call.state, call.body
    model = state.model(version.model_id)
    test_id = identity.object_id()
    problem, notes = checks.inspect(model, version, dataset)
    configuration = body.get("configuration", {})
    natural = Fate(checks.outcome_of(checks.decide(configuration, problem, Fate())))
    ids = {"customModelId": model.id, "customModelVersionId": version.id, "customModelTestId": test_id}
    job = state.start("model_test", ids, natural)
    verdicts = checks.decide(configuration, problem, job.fate)
    if job.fate.outcome in {SUCCEEDED, WARNING, FAILED}:
        job.fate = replace(job.fate, outcome=checks.outcome_of(verdicts))
    settings = {name: body.get(name) for name in _STORED}
    test = ModelTest(test_id, job, model, version, environment, dataset, settings, verdicts, notes)
    state.tests[test_id] = test
    return test


def _dataset(call: Call, model: CustomModel) -> Dataset | None:
    dataset_id = call.body.get("datasetId")
    if dataset_id is None:
        if model.unstructured:
            return None
        raise invalid("datasetId", "this field is required unless the model is unstructured")
    dataset = call.state.dataset(dataset_id)
    if call.body.get("datasetVersionId") not in {None, dataset.version_id}:
        raise ApiError(404, "Dataset version not found.")
    return dataset


def _environment(call: Call, version: Version) -> Environment:
    wanted, wanted_version = call.body.get("environmentId"), call.body.get("environmentVersionId")
    if wanted is None and wanted_version is None and version.environment:
        return version.environment
    for environment in call.state.environments.values():
        if wanted in {None, environment.id} and wanted_version in {None, environment.version_id}:
            return environment
    raise invalid("environmentId" if wanted else "environmentVersionId", "no such execution environment")


def _wanted(call: Call) -> ModelTest:
    test = call.state.tests.get(call.path["customModelTestId"])
    if test is None or test.job.gone(call.now()):
        raise not_found()
    return test


def _record_time(call: Call, job: Job) -> float:
    """Return the time at which the record is read.

    It is up to date when the status record leads to it. It lags behind a status record that says ABORTED: the official
    client, which takes the first for granted, waits a little for the second.
    """
    aborted = job.result(call.now()) == CANCELLED and not job.cancelled
    return call.now() - min(_RECORD_LAG * call.state.scale, job.seconds / 4) if aborted else call.now()


def _view(call: Call, test: ModelTest) -> Json:
    seen = _record_time(call, test.job)
    over = not test.job.active(seen)
    return {
        "id": test.id,
        "customModelImageId": test.version.id,
        "imageType": "customModelVersion",
        "overallStatus": test.job.word(seen),
        "testingStatus": checks.statuses(test, seen),
        "created": identity.timestamp(test.job.created),
        "createdBy": identity.USER_NAME,
        "completedAt": identity.timestamp(test.job.finished_at()) if over else None,
        "customModel": {"id": test.model.id, "name": test.model.fields["name"]},
        "customModelVersion": {"id": test.version.id, "label": test.version.label},
        "datasetId": test.dataset.id if test.dataset else None,
        "datasetVersionId": test.dataset.version_id if test.dataset else None,
        "executionEnvironment": {"id": test.environment.id, "name": test.environment.name},
        "executionEnvironmentVersion": {"id": test.environment.version_id, "label": "v1"},
        **test.settings,
    }
