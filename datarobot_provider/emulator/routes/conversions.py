"""Conversions of the files of a version to a JAR: start, list, read, stop."""

from __future__ import annotations

from datarobot_provider.emulator.common import identifiers, timestamps
from datarobot_provider.emulator.common.errors import ApiError, invalid, not_found
from datarobot_provider.emulator.openapi.deviations import TRUE_STRINGS
from datarobot_provider.emulator.routes.versions import requested_version
from datarobot_provider.emulator.store.entities import Conversion, Version
from datarobot_provider.emulator.store.jobs import FAILED, SUCCEEDED
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

_ALL = "/customModels/{customModelId}/versions/{customModelVersionId}/conversions/"
_ONE = _ALL + "{conversionId}/"


@route("POST", _ALL)
def start_conversion(call: Call) -> Response:
    """Start the conversion of the main program of a version (POST .../conversions/)."""
    version = requested_version(call)
    item_id = call.body["mainProgramItemId"]
    if item_id not in {item.id for item in version.items}:
        raise invalid("mainProgramItemId", "is not a file of the version")
    if any(conversion.job.active(call.now()) for conversion in version.conversions):
        raise ApiError(422, "A conversion of the custom model version is in progress.")
    conversion_id = identifiers.object_id()
    ids = {"customModelId": version.model_id, "customModelVersionId": version.id, "conversionId": conversion_id}
    job = call.state.start_job("conversion", ids)
    version.conversions.append(Conversion(conversion_id, item_id, job))
    record = call.state.create_status_record(job, _ONE.format(**ids))
    return call.accepted(record, {"conversionId": conversion_id, "statusId": record.id})


@route("GET", _ALL)
def list_conversions(call: Call) -> Response:
    """List the conversions of a version, newest first (GET .../conversions/)."""
    version = requested_version(call)
    rows = [c for c in reversed(version.conversions) if not c.job.expired(call.now())]
    if call.query.get("isLatest") in TRUE_STRINGS:
        rows = rows[:1]
    return call.page(rows, lambda c: _serialize(call, version, c))


@route("GET", _ONE)
def get_conversion(call: Call) -> Response:
    """Return a conversion (GET .../conversions/{conversionId}/)."""
    version = requested_version(call)
    return Response(200, _serialize(call, version, _requested(call, version)))


@route("DELETE", _ONE)
def stop_conversion(call: Call) -> Response:
    """Stop a running conversion (DELETE .../conversions/{conversionId}/)."""
    conversion = _requested(call, requested_version(call))
    if not conversion.job.active(call.now()):
        raise ApiError(422, "The given conversion is not active.")
    conversion.job.cancel(call.now())
    return Response(204)


def _requested(call: Call, version: Version) -> Conversion:
    for conversion in version.conversions:
        if conversion.id == call.path["conversionId"] and not conversion.job.expired(call.now()):
            return conversion
    raise not_found()


def _serialize(call: Call, version: Version, conversion: Conversion) -> Json:
    job = conversion.job
    result = job.result(call.now())
    main = next(item.path for item in version.items if item.id == conversion.item_id)
    view = {
        "id": conversion.id,
        "customModelVersionId": version.id,
        "mainProgramItemId": conversion.item_id,
        "created": timestamps.iso_format(job.created),
        "conversionInProgress": result is None,
        "conversionSucceeded": None if result is None else result == SUCCEEDED,
        "shouldStop": job.state(call.now()) == "canceled",
        "logMessage": (job.planned.message or f"{main} could not be converted.") if result == FAILED else None,
    }
    if result == SUCCEEDED:
        view["generatedMetadata"] = {"outputDatasets": ["output"], "outputColumns": [["prediction"]]}
    return view
