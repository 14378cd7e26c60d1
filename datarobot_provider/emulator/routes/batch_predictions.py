"""Batch predictions: start, upload the rows, list, read, download the result, abort."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from datarobot_provider.emulator.common import identifiers, timestamps, users
from datarobot_provider.emulator.common.errors import ApiError, invalid, not_found
from datarobot_provider.emulator.evaluation.table import read_lines, write_table
from datarobot_provider.emulator.routes.deployments import find_deployment
from datarobot_provider.emulator.routes.predictions import predict_row
from datarobot_provider.emulator.store import deployment_health
from datarobot_provider.emulator.store.deployments import BatchPrediction
from datarobot_provider.emulator.store.jobs import CANCELLED, FAILED, SUCCEEDED, PlannedOutcome
from datarobot_provider.emulator.web.routing import Call, Json, Response, Stream, route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datarobot_provider.emulator.evaluation import stand_in

_JOBS = "/batchPredictions/"
_JOB = "/batchPredictions/{predictionJobId}/"
_PAGE = 100
_SETTINGS = ("intakeSettings", "outputSettings")
#: The share of rows that may fail before a job with ``abortOnError`` is aborted.
_MAX_FAILED = 0.05
#: What DataRobot returns for settings that a request leaves out.
_DEFAULTS: Json = {
    "numConcurrent": 1,
    "chunkSize": "auto",
    "abortOnError": True,
    "disableRowLevelErrorHandling": False,
    "includePredictionStatus": False,
    "includeProbabilities": True,
    "includeProbabilitiesClasses": [],
    "maxExplanations": 0,
    "skipDriftTracking": False,
    "csvSettings": {"delimiter": ",", "encoding": "utf-8", "quotechar": '"'},
}


@route("POST", _JOBS)
def create_job(call: Call) -> Response:
    """Start a job, or create it if the rows have to be uploaded (POST /batchPredictions/)."""
    body = call.body
    deployment = find_deployment(call, body["deploymentId"])
    if deployment is None:
        raise ApiError(404, "Deployment not found.")
    if deployment.status(call.now()) != "active":
        raise ApiError(422, "The deployment is not active.")
    for name in _SETTINGS:
        if not isinstance(body[name].get("type"), str):
            raise invalid(f"{name}.type", "this field is required")
    job = BatchPrediction(identifiers.object_id(), deployment, body)
    intake = body["intakeSettings"]
    if intake["type"] == "dataset":
        dataset = call.state.dataset(str(intake.get("datasetId")), intake.get("datasetVersionId"))
        _start(call, job, dataset.columns, dataset.rows, dataset.size)
    elif intake["type"] != "localFile":
        # The emulator reads no other system, so that the job has no rows.
        _start(call, job, [], [], 0)
    call.state.batch_predictions[job.id] = job
    return Response(202, _serialize(call, job), {"Location": call.url(_JOB.format(predictionJobId=job.id))})


@route("PUT", _JOB + "csvUpload/")
def upload_rows(call: Call) -> Response:
    """Receive the rows of a job with a ``localFile`` intake, and start it (PUT .../csvUpload/)."""
    job = _requested(call)
    if job.job is not None:
        raise ApiError(409, "The rows of the job have been uploaded already.")
    if call.media_type != "text/csv":
        raise ApiError(406, "The content type has to be text/csv.")
    try:
        columns, *rows = read_lines(call.raw)
    except ValueError as error:
        problem = f"The file is not a CSV file that can be read: {error}."
        job.job = call.state.start_job("batch_prediction", _ids(job), PlannedOutcome(CANCELLED, problem, seconds=0))
        raise ApiError(422, problem) from None
    _start(call, job, columns, rows, len(call.raw))
    return Response(202)


@route("GET", _JOBS)
def list_jobs(call: Call) -> Response:
    """List the jobs, newest first (GET /batchPredictions/)."""
    rows = [each for each in reversed(call.state.batch_predictions.values()) if _exists(call, each)]
    if wanted := call.query.get("deploymentId"):
        rows = [each for each in rows if each.deployment.id == wanted]
    if states := call.list_argument("status"):
        rows = [each for each in rows if _state(call, each) in states]
    if call.query.get("orderBy") == "created":
        rows.reverse()
    return call.page(rows, lambda each: _serialize(call, each), _PAGE)


@route("GET", _JOB)
def get_job(call: Call) -> Response:
    """Return a job (GET /batchPredictions/{predictionJobId}/)."""
    return Response(200, _serialize(call, _requested(call)))


@route("DELETE", _JOB)
def delete_job(call: Call) -> Response:
    """Abort a running job and remove it (DELETE /batchPredictions/{predictionJobId}/)."""
    job = _requested(call)
    if _state(call, job) in {"COMPLETED", "ABORTED", "FAILED"}:
        raise ApiError(409, "The job has ended already.")
    if job.job is not None:
        job.job.cancel(call.now())
    del call.state.batch_predictions[job.id]
    return Response(202)


@route("GET", _JOB + "download/")
def download_result(call: Call) -> Response:
    """Return the predictions of a completed job as CSV (GET .../download/)."""
    job = _requested(call)
    if job.spec["outputSettings"]["type"] != "localFile":
        raise ApiError(406, "The job has another output than localFile.")
    state = _state(call, job)
    if state in {"ABORTED", "FAILED"}:
        raise ApiError(422, f"The job has no result; its status is {state}.")
    if state != "COMPLETED":
        raise ApiError(404, "The result is not complete.")
    content = job.result.encode()
    headers = {"Content-Type": "text/csv", "Content-Disposition": f"attachment;filename=result-{job.id}.csv"}
    return Response(200, headers=headers, stream=Stream(len(content), iter([content])))


def _start(call: Call, job: BatchPrediction, columns: Sequence[str], rows: Sequence[list[str]], size: int) -> None:
    """Score the rows; the job reports the result when it ends."""
    target = deployment_health.target(call.state, job.deployment)
    job.intake_size = size
    for number, row in enumerate(rows, 1):
        if len(row) != len(columns):
            job.failures.append(f"row {number}: it has {len(row)} values, the header {len(columns)}")
        else:
            job.scored.append(predict_row(job.deployment, target, dict(zip(columns, row, strict=True))))
    job.result = _csv(job, target, columns)
    default = PlannedOutcome()
    if job.spec.get("abortOnError", True) and len(job.failures) > _MAX_FAILED * len(rows):
        default = PlannedOutcome(CANCELLED, f"Too many rows have failed: {len(job.failures)} of {len(rows)}.")
    job.job = call.state.start_job("batch_prediction", _ids(job), default)
    call.state.on_success(job.job, job)


def _ids(job: BatchPrediction) -> dict[str, str]:
    return {"predictionJobId": job.id, "deploymentId": job.deployment.id}


def _csv(job: BatchPrediction, target: stand_in.Target, columns: Sequence[str]) -> str:
    spec = job.spec
    kept = columns if spec.get("passthroughColumnsSet") == "all" else spec.get("passthroughColumns") or []
    kept = [name for name in kept if name in columns]
    classes = target.classes if spec.get("includeProbabilities", True) else ()
    header = [*(f"{target.name}_{label}_PREDICTION" for label in classes), f"{target.name}_PREDICTION"]
    lines = [
        [*(str(each.shares[label]) for label in classes), each.value, "APPROVED", *(each.row[name] for name in kept)]
        for each in job.scored
    ]
    names = {each["inputName"]: each["outputName"] for each in _remapping(spec) if each["outputName"]}
    columns = [*header, "DEPLOYMENT_APPROVAL_STATUS", *kept]
    return write_table([names.get(name, name) for name in columns], lines).decode()


def _remapping(spec: Json) -> list[dict[str, str | None]]:
    """Return the new names of columns as the API returns them, a list."""
    given = spec.get("columnNamesRemapping") or []
    return [{"inputName": old, "outputName": new} for old, new in given.items()] if isinstance(given, dict) else given


def _requested(call: Call) -> BatchPrediction:
    job = call.state.batch_predictions.get(call.path["predictionJobId"])
    if job is None or not _exists(call, job):
        raise not_found()
    return job


def _exists(call: Call, job: BatchPrediction) -> bool:
    return job.job is None or not job.job.expired(call.now())


def _state(call: Call, job: BatchPrediction) -> str:
    return job.job.state(call.now()) if job.job else "INITIALIZING"


def _serialize(call: Call, job: BatchPrediction) -> Json:
    state, now = _state(call, job), call.now()
    share = job.job.progress(now) if job.job else 0.0
    ended = job.job is not None and not job.job.active(now)
    elapsed = min(timestamps.now(), job.job.finished_at()) - job.job.created if job.job else timedelta()
    logs = _logs(job, state, ended=ended)
    local = job.spec["outputSettings"]["type"] == "localFile"
    return {
        "id": job.id,
        "status": state,
        "statusDetails": logs[-1],
        "percentageCompleted": round(100 * share, 1),
        "elapsedTimeSec": max(0, int(elapsed.total_seconds())),
        "scoredRows": int(len(job.scored) * share),
        "failedRows": int(len(job.failures) * share),
        "skippedRows": 0,
        "jobIntakeSize": job.intake_size,
        "jobOutputSize": len(job.result) if state == "COMPLETED" else 0,
        "logs": logs,
        "created": timestamps.iso_format(job.created),
        "createdBy": {"userId": users.USER_ID, "username": users.USER_NAME, "fullName": None},
        "queued": False,
        "queuePosition": None,
        "resultsDeleted": False,
        "jobSpec": {
            **_DEFAULTS,
            **job.spec,
            "csvSettings": {**_DEFAULTS["csvSettings"], **job.spec.get("csvSettings", {})},
            "columnNamesRemapping": _remapping(job.spec),
        },
        "links": _links(call, job, download=local and state == "COMPLETED"),
    }


def _links(call: Call, job: BatchPrediction, *, download: bool) -> Json:
    own = call.url(_JOB.format(predictionJobId=job.id))
    upload = {"csvUpload": f"{own}csvUpload/"} if job.spec["intakeSettings"]["type"] == "localFile" else {}
    return {"self": own, **upload, **({"download": f"{own}download/"} if download else {})}


def _logs(job: BatchPrediction, state: str, *, ended: bool) -> list[str]:
    lines = [f"Job created by {users.USER_NAME} at {timestamps.iso_format(job.created)}"]
    if job.job is None or state == "INITIALIZING":
        return lines
    lines.append("Job started processing")
    if not ended:
        return lines
    lines += job.failures[:10]
    result = job.job.planned.outcome
    if job.job.cancelled or result in {FAILED, CANCELLED}:
        return [*lines, job.job.planned.message or f"The job ended with {state}."]
    return [*lines, f"Job done processing: {len(job.scored)} rows" if result == SUCCEEDED else f"Job ended: {state}"]
