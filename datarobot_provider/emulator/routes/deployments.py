"""Deployments: list, read. The seed or the control API creates them."""

from __future__ import annotations

from datarobot_provider.emulator.common import timestamps
from datarobot_provider.emulator.common.errors import not_found
from datarobot_provider.emulator.store.entities import PREDICTION_ENVIRONMENT, Deployment
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

_PAGE = 20


@route("GET", "/deployments/")
def list_deployments(call: Call) -> Response:
    """List the deployments, sorted by label (GET /deployments/)."""
    search = (call.query.get("search") or "").lower()
    rows = [d for d in call.state.deployments.values() if search in d.label.lower()]
    model_id = call.query.get("customModelId")
    if model_id:
        model = call.state.models.get(model_id)
        served = {v.id for v in model.versions} if model else set()
        rows = [d for d in rows if d.version_id in served]
    rows.sort(key=lambda d: d.label, reverse=call.query.get("orderBy") == "-label")
    return call.page(rows, lambda d: _serialize(call, d), _PAGE)


@route("GET", "/deployments/{deploymentId}/")
def get_deployment(call: Call) -> Response:
    """Return a deployment (GET /deployments/{deploymentId}/)."""
    deployment = call.state.deployments.get(call.path["deploymentId"])
    if deployment is None:
        raise not_found()
    return Response(200, _serialize(call, deployment))


def _serialize(call: Call, deployment: Deployment) -> Json:
    return {
        "id": deployment.id,
        "label": deployment.label,
        "description": "",
        "status": "active",
        "importance": "LOW",
        "userProvidedId": None,
        "createdAt": timestamps.iso_format(deployment.created),
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
