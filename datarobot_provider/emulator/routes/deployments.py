"""Deployments: create from a registered model version, list, read, change, activate, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datarobot_provider.emulator.common import identifiers, timestamps, users
from datarobot_provider.emulator.common.errors import ApiError, invalid, not_found
from datarobot_provider.emulator.store import deployment_health
from datarobot_provider.emulator.store.deployments import PREDICTION_ENVIRONMENT, Deployment, FieldChange, serve
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from datarobot_provider.emulator.store.entities import RegisteredVersion

_DEPLOYMENTS = "/deployments/"
_DEPLOYMENT = "/deployments/{deploymentId}/"
_PAGE = 20
_TRANSITIONS = {"active": "launching", "inactive": "stopping"}
_CHANGEABLE = ("label", "description", "importance")
_FILTERS: Mapping[str, Callable[[Call, Deployment], str]] = {
    "status": lambda call, d: d.status(call.now()),
    "importance": lambda _, d: d.importance,
    "serviceHealth": lambda _, d: str(deployment_health.service(d)["status"]),
    "modelHealth": lambda call, d: str(deployment_health.model(call.state, d)["status"]),
    "accuracyHealth": lambda _, d: str(deployment_health.accuracy(d)["status"]),
}


@route("POST", _DEPLOYMENTS + "fromModelPackage/")
def create_deployment(call: Call) -> Response:
    """Deploy a registered model version (POST /deployments/fromModelPackage/)."""
    body = call.body
    package = registered_version(call, body["modelPackageId"])
    for name, known in (("predictionEnvironmentId", PREDICTION_ENVIRONMENT["id"]), ("defaultPredictionServerId", None)):
        if body.get(name) not in {None, known}:
            raise invalid(name, "does not exist")
    own_id = body.get("userProvidedId")
    if own_id and any(d.user_provided_id == own_id for d in existing_deployments(call)):
        raise ApiError(409, f"A deployment with the userProvidedId {own_id} exists already.")
    deployment = Deployment(
        id=identifiers.object_id(),
        label=body["label"],
        model_id=package.version_id,
        target_type=package.model.target["type"],
        columns=None,
        description=body.get("description") or "",
        importance=body.get("importance", "LOW"),
        user_provided_id=own_id,
    )
    serve(deployment, package, "OTHER")
    ids = {"deploymentId": deployment.id, "customModelVersionId": package.version_id}
    deployment.launch = call.state.start_job("deployment", ids)
    call.state.deployments[deployment.id] = deployment
    record = call.state.create_status_record(deployment.launch, _DEPLOYMENT.format(deploymentId=deployment.id))
    return call.accepted(record, {"id": deployment.id})


@route("GET", _DEPLOYMENTS)
def list_deployments(call: Call) -> Response:
    """List the deployments, sorted by label (GET /deployments/)."""
    search = (call.query.get("search") or "").lower()
    rows = [d for d in existing_deployments(call) if search in f"{d.label}\n{d.description}".lower()]
    model_id = call.query.get("customModelId")
    if model_id:
        model = call.state.models.get(model_id)
        served = {v.id for v in model.versions} if model else set()
        rows = [d for d in rows if d.version_id in served]
    for name, of_deployment in _FILTERS.items():
        if wanted := call.list_argument(name):
            rows = [d for d in rows if of_deployment(call, d) in wanted]
    rows.sort(key=lambda d: d.created if (call.query.get("orderBy") or "").endswith("createdAtTimestamp") else d.label)
    if (call.query.get("orderBy") or "").startswith("-"):
        rows.reverse()
    return call.page(rows, lambda d: _serialize(call, d), _PAGE)


@route("GET", _DEPLOYMENT)
def get_deployment(call: Call) -> Response:
    """Return a deployment (GET /deployments/{deploymentId}/)."""
    return Response(200, _serialize(call, requested_deployment(call)))


@route("PATCH", _DEPLOYMENT)
def update_deployment(call: Call) -> Response:
    """Change label, description or importance of a deployment (PATCH /deployments/{deploymentId}/)."""
    deployment = requested_deployment(call)
    for name in _CHANGEABLE:
        setattr(deployment, name, call.body.get(name, getattr(deployment, name)))
    return Response(204)


@route("DELETE", _DEPLOYMENT)
def delete_deployment(call: Call) -> Response:
    """Delete a deployment that is not being changed (DELETE /deployments/{deploymentId}/)."""
    deployment = requested_deployment(call)
    check_unchanging(call, deployment)
    del call.state.deployments[deployment.id]
    return Response(204)


@route("PATCH", _DEPLOYMENT + "status/")
def update_status(call: Call) -> Response:
    """Activate or deactivate a deployment (PATCH /deployments/{deploymentId}/status/)."""
    deployment = requested_deployment(call)
    check_unchanging(call, deployment)
    job = call.state.start_job("deployment_status", {"deploymentId": deployment.id})
    job.extra["status"] = _TRANSITIONS[call.body["status"]]
    deployment.change = job
    call.state.on_success(job, FieldChange(deployment, {"active": call.body["status"] == "active"}))
    return call.accepted(call.state.create_status_record(job, _DEPLOYMENT.format(deploymentId=deployment.id)))


def existing_deployments(call: Call) -> list[Deployment]:
    """Return the deployments that the API knows."""
    return [d for d in call.state.deployments.values() if d.exists(call.now())]


def find_deployment(call: Call, deployment_id: str) -> Deployment | None:
    """Return the deployment with an id, or None if the API does not know it."""
    deployment = call.state.deployments.get(deployment_id)
    return deployment if deployment is not None and deployment.exists(call.now()) else None


def requested_deployment(call: Call) -> Deployment:
    """Return the deployment in the path.

    :raises ApiError: with status 404 if it does not exist.
    """
    deployment = find_deployment(call, call.path["deploymentId"])
    if deployment is None:
        raise not_found()
    return deployment


def check_unchanging(call: Call, deployment: Deployment) -> None:
    """Check that no job changes a deployment.

    :raises ApiError: with status 422 if its status or its model is being changed.
    """
    status = deployment.status(call.now())
    if status not in {"active", "inactive", "errored"}:
        raise ApiError(422, f"The deployment is being changed; its status is {status}.")


def registered_version(call: Call, package_id: str) -> RegisteredVersion:
    """Return the registered model version with an id. Clients do not wait for its build.

    :raises ApiError: with status 404 if it does not exist, or 422 if its build has failed.
    """
    package = call.state.registered_versions.get(package_id)
    if package is None or package.model.archived:
        raise ApiError(404, "Model package not found.")
    if package.build.state(call.now()) == "failed":
        raise ApiError(422, "The build of the model package has failed.")
    return package


def _serialize(call: Call, deployment: Deployment) -> Json:
    package = deployment.package
    requests = deployment.requests
    return {
        "id": deployment.id,
        "label": deployment.label,
        "description": deployment.description,
        "status": deployment.status(call.now()),
        "importance": deployment.importance,
        "userProvidedId": deployment.user_provided_id,
        "createdAt": timestamps.iso_format(deployment.created),
        "model": _model(call, deployment),
        "modelPackage": package and {"id": package.id, "name": package.name, "registeredModelId": package.model.id},
        "predictionEnvironment": {**PREDICTION_ENVIRONMENT, "isManagedByManagementAgent": False},
        "defaultPredictionServer": None,
        "predictionUsage": {
            "dailyRates": [sum(request.rows for request in requests)],
            "lastTimestamp": timestamps.iso_format(requests[-1].created) if requests else None,
        },
        "permissions": ["CAN_VIEW", "CAN_MAKE_PREDICTIONS", "CAN_REPLACE_MODEL", "CAN_DELETE_DEPLOYMENT"],
        "serviceHealth": deployment_health.service(deployment),
        "modelHealth": deployment_health.model(call.state, deployment),
        "accuracyHealth": deployment_health.accuracy(deployment),
        "governance": {"approvalStatus": "APPROVED", "hasOpenedChangeRequests": False},
        "owners": {"count": 1, "preview": [{"id": users.USER_ID, "email": users.USER_NAME}]},
        "tags": [],
    }


def _model(call: Call, deployment: Deployment) -> Json:
    view: Json = {
        "id": deployment.model_id,
        "type": "Custom Inference Model",
        "targetName": None,
        "targetType": deployment.target_type,
        "deployedAt": timestamps.iso_format(deployment.history[-1].since),
    }
    version = call.state.find_version(deployment.version_id) if deployment.version_id else None
    if version:
        model = call.state.model(version.model_id)
        view["targetName"] = model.fields.get("targetName")
        view["targetType"] = model.fields.get("targetType", deployment.target_type)
        view["customModelImage"] = {
            "customModelId": model.id,
            "customModelName": model.fields["name"],
            "customModelVersionId": version.id,
            "customModelVersionLabel": version.label,
        }
    return view
