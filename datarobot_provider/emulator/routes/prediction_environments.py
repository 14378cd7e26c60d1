"""Prediction environments and prediction servers: list."""

from __future__ import annotations

from datarobot_provider.emulator.store.deployments import PREDICTION_ENVIRONMENT
from datarobot_provider.emulator.web.routing import Call, Response, route

_FIELDS = {
    **PREDICTION_ENVIRONMENT,
    "description": None,
    "isDeleted": False,
    "isManagedByManagementAgent": False,
    "permissions": ["READ"],
    "supportedModelFormats": ["customModel", "datarobot"],
}


@route("GET", "/predictionEnvironments/")
def list_environments(call: Call) -> Response:
    """List the prediction environments (GET /predictionEnvironments/)."""
    search = (call.query.get("search") or "").lower()
    rows = [_FIELDS] if search in PREDICTION_ENVIRONMENT["name"].lower() else []
    return call.page(rows, lambda row: row)


@route("GET", "/predictionServers/")
def list_servers(call: Call) -> Response:
    """List the dedicated prediction servers, of which there are none (GET /predictionServers/)."""
    return call.page([], lambda row: row)
