"""Resource limits of custom models."""

from __future__ import annotations

from datarobot_provider.emulator.web.routing import Call, Response, route

_GIBIBYTE = 1 << 30


@route("GET", "/customModelLimits/")
def get_limits(_: Call) -> Response:
    """Return the resource limits of custom models (GET /customModelLimits/)."""
    body = {
        "desiredCustomModelContainerSize": 2 * _GIBIBYTE,
        "maxCustomModelContainerSize": 14 * _GIBIBYTE,
        "maxCustomModelReplicasPerDeployment": 8,
        "maxCustomModelTestingParallelUsers": 20,
    }
    return Response(200, body)
