"""Ping and API version, which clients request first."""

from __future__ import annotations

from datarobot_provider.emulator.web.routing import Call, Response, route

# The version of the newest known client. A client prints a warning if the API is older than itself.
_VERSION = {"major": 2, "minor": 50, "versionString": "2.50.0", "releasedVersion": "2.50.0"}


@route("GET", "/ping/")
def ping(_: Call) -> Response:
    """Respond to a ping (GET /ping/)."""
    return Response(200, {"response": "pong", "token": None})


@route("GET", "/version/")
def version(_: Call) -> Response:
    """Return the API version (GET /version/)."""
    return Response(200, dict(_VERSION))
