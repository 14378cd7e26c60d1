"""Deployments: list, read. They are made through the control API."""

from __future__ import annotations

from datarobot_provider.emulator.store import identity
from datarobot_provider.emulator.store.state import PREDICTION_ENVIRONMENT, Deployment
from datarobot_provider.emulator.web.errors import not_found
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

_PAGE = 20


@route("GET", "/deployments/")
def list_deployments(call: Call) -> Response:
    """List the deployments by label (GET /deployments/)."""
    words = (call.query.get("search") or "").lower()
    rows = [d for d in call.state.deployments.values() if words in d.label.lower()]
    model_id = call.query.get("customModelId")
    if model_id:
        model = call.state.models.get(model_id)
        served = {v.id for v in model.versions} if model else set()
        rows = [d for d in rows if d.version_id in served]
    rows.sort(key=lambda d: d.label, reverse=call.query.get("orderBy") == "-label")
    return call.page(rows, lambda d: _view(call, d), _PAGE)


@route("GET", "/deployments/{deploymentId}/")
def get_deployment(call: Call) -> Response:
    """Answer one deployment (GET /deployments/{deploymentId}/)."""
    deployment = call.state.deployments.get(call.path["deploymentId"])
    if deployment is None:
        raise not_found()
    return Response(200, _view(call, deployment))


def _view(call: Call, deployment: Deployment) -> Json:
    return {
        "id": deployment.id,
        "label": deployment.label,
        "description": "",
        "status": "active",
        "importance": "LOW",
        "userProvidedId": None,
        "createdAt": identity.timestamp(deployment.created),
        "model": _model(call, deployment),
        "predictionEnvironment": {**PREDICTION_ENVIRONMENT, "platform": "datarobotServerless"},
        "permissions": ["CAN_VIEW", "CAN_MAKE_PREDICTIONS"],
    }


def _model(call: Call, deployment: Deployment) -> Json:
    view: Json = {
        "id": deployment.model_id,
        "type": "Custom Inference Model",
        "targetName": None,
        "targetType": deployment.target_type,
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
