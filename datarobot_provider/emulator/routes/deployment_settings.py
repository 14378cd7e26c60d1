"""Settings of deployments: read, change."""

from __future__ import annotations

from datarobot_provider.emulator.routes.deployments import check_unchanging, requested_deployment
from datarobot_provider.emulator.store.deployments import FieldChange
from datarobot_provider.emulator.web.routing import Call, Response, route

_SETTINGS = "/deployments/{deploymentId}/settings/"


@route("GET", _SETTINGS)
def get_settings(call: Call) -> Response:
    """Return the settings of a deployment (GET /deployments/{deploymentId}/settings/)."""
    return Response(200, requested_deployment(call).settings)


@route("PATCH", _SETTINGS)
def update_settings(call: Call) -> Response:
    """Change settings of a deployment; other settings stay as they are (PATCH .../settings/)."""
    deployment = requested_deployment(call)
    check_unchanging(call, deployment)
    changed = {name: _merged(deployment.settings.get(name), value) for name, value in call.body.items()}
    job = call.state.start_job("deployment_settings", {"deploymentId": deployment.id})
    call.state.on_success(job, FieldChange(deployment, {"settings": {**deployment.settings, **changed}}))
    return call.accepted(call.state.create_status_record(job, _SETTINGS.format(deploymentId=deployment.id)))


def _merged(current: object, new: object) -> object:
    return {**current, **new} if isinstance(current, dict) and isinstance(new, dict) else new
