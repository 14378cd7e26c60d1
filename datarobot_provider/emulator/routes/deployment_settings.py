"""Settings of deployments: read, change."""

from __future__ import annotations

from datarobot_provider.emulator.routes.deployments import check_unchanging, requested_deployment
from datarobot_provider.emulator.store.deployments import SettingsChange
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
    job = call.state.start_job("deployment_settings", {"deploymentId": deployment.id})
    call.state.on_success(job, SettingsChange(deployment, call.body))
    return call.accepted(call.state.create_status_record(job, _SETTINGS.format(deploymentId=deployment.id)))
