"""Status records: where clients follow a job until it redirects them to its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datarobot_provider.emulator.store import identity
from datarobot_provider.emulator.store.jobs import CANCELLED, EXPIRED, FAILED, UNKNOWN, Job
from datarobot_provider.emulator.web.errors import not_found
from datarobot_provider.emulator.web.routing import PAGE, Call, Json, Response, route

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.state import StatusRecord

_FIRST_SHARE = 0.25
_BAD_ENDS = {FAILED: "ERROR", CANCELLED: "ABORTED", EXPIRED: "EXPIRED"}


@route("GET", "/status/{statusId}/")
def get_status(call: Call) -> Response:
    """Answer a status record (GET /status/{statusId}/)."""
    return _look(call, genai=False)


@route("GET", "/status/")
def list_statuses(call: Call) -> Response:
    """List the status records, newest first (GET /status/)."""
    records = [r for r in reversed(call.state.statuses.values()) if not (r.gone or r.genai)]
    # Public clients ask for all records with a limit of 0.
    size = len(records) if call.query.get("limit") == 0 else PAGE
    return call.page(records, lambda record: _view(record, record.word or _word(record, call.now())), size)


@route("DELETE", "/status/{statusId}/")
def delete_status(call: Call) -> Response:
    """Forget a status record; its job goes on (DELETE /status/{statusId}/)."""
    _wanted(call, genai=False).gone = True
    return Response(204)


@route("GET", "/genai/status/{statusId}/")
def get_genai_status(call: Call) -> Response:
    """Answer the status record of a GenAI job (GET /genai/status/{statusId}/)."""
    return _look(call, genai=True)


def _look(call: Call, *, genai: bool) -> Response:
    record = _wanted(call, genai=genai)
    if record.word is not None:
        return Response(200, _view(record, record.word))
    word = _word(record, call.now())
    if word == "COMPLETED":
        return Response(303, None, {"Location": call.url(record.location)})
    return Response(200, _view(record, word))


def _wanted(call: Call, *, genai: bool) -> StatusRecord:
    record = call.state.statuses.get(call.path["statusId"])
    if record is None or record.gone or record.genai != genai:
        raise not_found()
    return record


def _word(record: StatusRecord, now: float) -> str:
    job = record.job
    result = job.result(now)
    if result is None:
        return _running_word(job, now)
    if result == FAILED and record.failure_ends_well:
        return "COMPLETED"
    return _BAD_ENDS.get(result, "COMPLETED")


def _running_word(job: Job, now: float) -> str:
    if job.fate.outcome == UNKNOWN and job.fate.state:
        return job.fate.state
    return "INITIALIZED" if job.progress(now) < _FIRST_SHARE else "RUNNING"


def _view(record: StatusRecord, word: str) -> Json:
    failed = word in _BAD_ENDS.values()
    return {
        "statusId": record.id,
        "status": word,
        "message": (record.job.fate.message or f"The job ended with {word}.") if failed else "",
        "description": "",
        "code": 1 if failed else 0,
        "created": identity.timestamp(record.job.created),
        "statusType": record.job.kind,
        "type": None,
    }
