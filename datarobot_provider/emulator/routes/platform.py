"""The routes a client calls first: ping and version."""

from __future__ import annotations

from datarobot_provider.emulator.web.routing import Call, Response, route

# That of the newest client known; an older one warns the user of every client that is newer.
_VERSION = {"major": 2, "minor": 50, "versionString": "2.50.0", "releasedVersion": "2.50.0"}


@route("GET", "/ping/")
def ping(_: Call) -> Response:
    """Answer a ping (GET /ping/)."""
    return Response(200, {"response": "pong", "token": None})


@route("GET", "/version/")
def version(_: Call) -> Response:
    """Name the API version (GET /version/)."""
    return Response(200, dict(_VERSION))
