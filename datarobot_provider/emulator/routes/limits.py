"""What the installation allows a custom model to use."""

from __future__ import annotations

from datarobot_provider.emulator.routing import Call, Reply, route

_GIBIBYTE = 1 << 30


@route("GET", "/customModelLimits/")
def get_limits(_: Call) -> Reply:
    """Answer the resource limits of custom models (GET /customModelLimits/)."""
    body = {
        "desiredCustomModelContainerSize": 2 * _GIBIBYTE,
        "maxCustomModelContainerSize": 14 * _GIBIBYTE,
        "maxCustomModelReplicasPerDeployment": 8,
        "maxCustomModelTestingParallelUsers": 20,
    }
    return Reply(200, body)
