"""The routes a client calls first: ping and version."""

from __future__ import annotations

from datarobot_provider.emulator.routing import Call, Reply, route


@route("GET", "/ping/")
def ping(_: Call) -> Reply:
    """Answer a ping (GET /ping/)."""
    return Reply(200, {"response": "pong", "token": None})


@route("GET", "/version/")
def version(_: Call) -> Reply:
    """Name the API version (GET /version/)."""
    return Reply(200, {"major": 2, "minor": 49, "versionString": "2.49.0", "releasedVersion": "2.49.0"})
