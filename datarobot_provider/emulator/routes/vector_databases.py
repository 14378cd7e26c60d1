"""Vector database validations of deployments: create, list, read, update, delete, revalidate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.common import identifiers, timestamps, users
from datarobot_provider.emulator.common.errors import ApiError, FieldProblem, not_found
from datarobot_provider.emulator.store.entities import Validation
from datarobot_provider.emulator.store.jobs import FAILED, SUCCEEDED, Job, PlannedOutcome
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.deployments import Deployment

_ALL = "/genai/customModelVectorDatabaseValidations/"
_ONE = "/genai/customModelVectorDatabaseValidations/{validationId}/"
_PAGE = 100
_TESTED_FIELDS = frozenset({"deploymentId", "modelId", "promptColumnName", "targetColumnName"})
_SUPPORTED = frozenset({"Unstructured", "VectorDatabase"})
_WRONG_KIND = "Only unstructured deployment types are supported"
_WRONG_FORMAT = "Deployment prediction does not comply with the expected format"
_UNKNOWN = "Unknown vector database error occurred"
_NO_DEPLOYMENT = "External vector database deployment has been deleted"


@route("POST", _ALL)
def create_validation(call: Call) -> Response:
    """Validate a deployment as a vector database (POST /genai/customModelVectorDatabaseValidations/)."""
    deployment = _deployment(call, call.body["deploymentId"])
    fields = {"name": "Untitled", "predictionTimeout": 300, "useCaseId": None, **call.body}
    fields["modelId"] = fields.get("modelId") or deployment.model_id
    validation_id = identifiers.object_id()
    job = _start_job(call, validation_id, fields)
    validation = Validation(validation_id, fields, timestamps.now(), job)
    call.state.validations[validation_id] = validation
    record = call.state.create_status_record(job, f"{_ALL}{validation_id}/", genai=True, completed_on_failure=True)
    return call.accepted(record, _serialize(call, validation))


@route("GET", _ALL)
def list_validations(call: Call) -> Response:
    """List validations, newest first by default (GET /genai/customModelVectorDatabaseValidations/)."""
    rows = [v for v in reversed(call.state.validations.values()) if _exists(call, v) and _matches(call, v)]
    order = call.query.get("sort") or call.argument("orderBy")
    if order:
        name = order.removeprefix("-")
        rows.sort(key=lambda v: str(_serialize(call, v).get(name) or ""), reverse=order.startswith("-"))
    return call.page(rows, lambda v: _serialize(call, v), _PAGE)


@route("GET", _ONE)
def get_validation(call: Call) -> Response:
    """Return a validation (GET /genai/customModelVectorDatabaseValidations/{validationId}/)."""
    return Response(200, _serialize(call, _requested(call)))


@route("PATCH", _ONE)
def update_validation(call: Call) -> Response:
    """Update a validation and validate again if a tested field changes (PATCH .../{validationId}/)."""
    validation = _requested(call)
    changes = {name: value for name, value in call.body.items() if value is not None}
    if "deploymentId" in changes:
        changes.setdefault("modelId", _deployment(call, changes["deploymentId"]).model_id)
    validation.fields.update(changes)
    if _TESTED_FIELDS & set(changes):
        validation.job = _start_job(call, validation.id, validation.fields)
    return Response(200, _serialize(call, validation))


@route("DELETE", _ONE)
def delete_validation(call: Call) -> Response:
    """Delete a validation (DELETE /genai/customModelVectorDatabaseValidations/{validationId}/)."""
    validation = _requested(call)
    if validation.job.active(call.now()):
        validation.job.cancel(call.now())
    del call.state.validations[validation.id]
    return Response(204)


@route("POST", _ONE + "revalidate/")
def revalidate(call: Call) -> Response:
    """Validate again (POST /genai/customModelVectorDatabaseValidations/{validationId}/revalidate/)."""
    validation = _requested(call)
    validation.job = _start_job(call, validation.id, validation.fields)
    return Response(200, _serialize(call, validation))


def _start_job(call: Call, validation_id: str, fields: dict[str, Any]) -> Job:
    problem = _problem(call.state.deployments.get(fields["deploymentId"]), fields)
    default = PlannedOutcome(FAILED, problem) if problem else PlannedOutcome()
    ids = {"validationId": validation_id, "deploymentId": fields["deploymentId"]}
    return call.state.start_job("vector_database_validation", ids, default)


def _problem(deployment: Deployment | None, fields: dict[str, Any]) -> str | None:
    if deployment is None:
        return _NO_DEPLOYMENT
    if deployment.target_type not in _SUPPORTED:
        return _WRONG_KIND
    used = {fields["promptColumnName"], fields["targetColumnName"]}
    if deployment.columns is not None and used - set(deployment.columns):
        return _WRONG_FORMAT
    return None


def _deployment(call: Call, deployment_id: str) -> Deployment:
    deployment = call.state.deployments.get(deployment_id)
    if deployment is None:
        problem = FieldProblem(("body", "deploymentId"), "Deployment not found", "value_error")
        raise ApiError(422, "Deployment not found", [problem])
    return deployment


def _exists(call: Call, validation: Validation) -> bool:
    """Return whether a validation exists: its job has neither expired nor been cancelled."""
    return validation.job.result(call.now()) not in {"expired", "cancelled"}


def _requested(call: Call) -> Validation:
    validation = call.state.validations.get(call.path["validationId"])
    if validation is None or not _exists(call, validation):
        raise not_found()
    return validation


def _matches(call: Call, validation: Validation) -> bool:
    fields, query = validation.fields, call.query
    use_cases = [value for name, value in call.arguments if name == "useCaseId"]
    if use_cases and fields["useCaseId"] not in use_cases:
        return False
    if query.get("search") and query["search"].lower() not in fields["name"].lower():
        return False
    if query.get("completedOnly") and validation.job.result(call.now()) != SUCCEEDED:
        return False
    names = ("deploymentId", "modelId", "promptColumnName", "targetColumnName")
    return all(query.get(name) in {None, fields[name]} for name in names)


def _serialize(call: Call, validation: Validation) -> Json:
    fields, result = validation.fields, validation.job.result(call.now())
    deployment = call.state.deployments.get(fields["deploymentId"])
    message = validation.job.planned.message
    return {
        "id": validation.id,
        "name": fields["name"],
        "promptColumnName": fields["promptColumnName"],
        "targetColumnName": fields["targetColumnName"],
        "deploymentId": fields["deploymentId"],
        "modelId": fields["modelId"],
        "useCaseId": fields["useCaseId"],
        "predictionTimeout": fields["predictionTimeout"],
        "validationStatus": validation.job.state(call.now()),
        "deploymentAccessData": _access(call, deployment) if result == SUCCEEDED and deployment else None,
        "errorMessage": (message or _UNKNOWN) if result == FAILED else None,
        "tenantId": users.TENANT_ID,
        "userId": users.USER_ID,
        "userName": users.USER_NAME,
        "deploymentName": deployment.label if deployment else None,
        "creationDate": timestamps.iso_format(validation.created),
    }


def _access(call: Call, deployment: Deployment) -> Json:
    return {
        "predictionApiUrl": f"{call.origin}/predApi/v1.0/deployments/{deployment.id}/predictionsUnstructured",
        "datarobotKey": None,
        "authorizationHeader": "[REDACTED]",
        "inputType": "JSON",
        "modelType": "UNSTRUCTURED",
    }
