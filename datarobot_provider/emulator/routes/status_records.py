"""Status records, which clients poll until they redirect to the result of a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datarobot_provider.emulator.common import timestamps
from datarobot_provider.emulator.common.errors import not_found
from datarobot_provider.emulator.store.jobs import CANCELLED, EXPIRED, FAILED, UNKNOWN, Job
from datarobot_provider.emulator.web.routing import PAGE, Call, Json, Response, route

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.entities import StatusRecord

_FIRST_SHARE = 0.25
_BAD_ENDS = {FAILED: "ERROR", CANCELLED: "ABORTED", EXPIRED: "EXPIRED"}


@route("GET", "/status/{statusId}/")
def get_status(call: Call) -> Response:
    """Return a status record (GET /status/{statusId}/)."""
    return _status_response(call, genai=False)


@route("GET", "/status/")
def list_statuses(call: Call) -> Response:
    """List the status records, newest first (GET /status/)."""
    settings = call.state.status_list
    moment = call.now() - settings.late
    records = [
        record
        for record in reversed(call.state.statuses.values())
        if not (record.deleted or record.genai or record.job.kind in settings.without)
        and record.job.started <= moment
        and not (settings.running_only and not record.job.active(moment))
    ]
    # Public clients request all records with a limit of 0.
    size = len(records) if call.query.get("limit") == 0 else PAGE
    return call.page(records, lambda record: _serialize(record, record.status or _status(record, moment)), size)


@route("DELETE", "/status/{statusId}/")
def delete_status(call: Call) -> Response:
    """Delete a status record without stopping its job (DELETE /status/{statusId}/)."""
    _requested(call, genai=False).deleted = True
    return Response(204)


@route("GET", "/genai/status/{statusId}/")
def get_genai_status(call: Call) -> Response:
    """Return the status record of a GenAI job (GET /genai/status/{statusId}/)."""
    return _status_response(call, genai=True)


def _status_response(call: Call, *, genai: bool) -> Response:
    record = _requested(call, genai=genai)
    if record.status is not None:
        return Response(200, _serialize(record, record.status))
    status = _status(record, call.now())
    if status == "COMPLETED":
        return Response(303, None, {"Location": call.url(record.location)})
    return Response(200, _serialize(record, status))


def _requested(call: Call, *, genai: bool) -> StatusRecord:
    record = call.state.statuses.get(call.path["statusId"])
    if record is None or record.deleted or record.genai != genai:
        raise not_found()
    return record


def _status(record: StatusRecord, now: float) -> str:
    job = record.job
    result = job.result(now)
    if result is None:
        return _running_status(job, now)
    if result == FAILED and record.completed_on_failure:
        return "COMPLETED"
    return _BAD_ENDS.get(result, "COMPLETED")


def _running_status(job: Job, now: float) -> str:
    if job.planned.outcome == UNKNOWN and job.planned.state:
        return job.planned.state
    return "INITIALIZED" if job.progress(now) < _FIRST_SHARE else "RUNNING"


def _serialize(record: StatusRecord, status: str) -> Json:
    failed = status in _BAD_ENDS.values()
    return {
        "statusId": record.id,
        "status": status,
        "message": (record.job.planned.message or f"The job ended with {status}.") if failed else "",
        "description": "",
        "code": 1 if failed else 0,
        "created": timestamps.iso_format(record.job.created),
        "statusType": record.job.kind,
        "type": None,
    }
