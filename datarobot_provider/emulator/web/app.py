"""The emulator's application: the API, the control API, the storage and a few pages on one server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount

from datarobot_provider.emulator import routes
from datarobot_provider.emulator.control_api.bodies import ControlError
from datarobot_provider.emulator.control_api.routes import Control, control_error
from datarobot_provider.emulator.store.state import State
from datarobot_provider.emulator.web import blobs, pages
from datarobot_provider.emulator.web.errors import ApiError
from datarobot_provider.emulator.web.faults import Faults
from datarobot_provider.emulator.web.gateway import Gateway
from datarobot_provider.emulator.web.request_log import ForeignLog, RequestLog
from datarobot_provider.emulator.web.tokens import Tokens

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send


class OriginForm:
    """Lets a request with a whole URL as its target reach its route: a server has to take both forms (RFC 9112)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        scheme, separator, rest = scope.get("path", "").partition("://")
        if separator and scheme.lower() in {"http", "https"}:
            path = "/" + rest.partition("/")[2]
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._app(scope, receive, send)


def create_app(token: str, seed: Path | None = None, time_scale: float = 1.0) -> Starlette:
    """Return the emulator as an ASGI application.

    Parameters: the `token` that gives full access, the `seed` folder if there is one, and the factor `time_scale` on
    the duration of every job, 0 to 1,000,000. Raises `tokens.TokenError` or `seed.SeedError` if the token or the seed
    cannot be used, and ValueError for another factor.
    """
    routes.load()
    gateway = Gateway(State(time_scale), Tokens(token), Faults(), RequestLog())
    foreign = ForeignLog()
    control = Control(gateway, foreign, seed)
    control.plant()
    return Starlette(
        middleware=[Middleware(OriginForm)],
        routes=[
            Mount("/__emulator__", routes=control.routes()),
            *pages.routes(gateway.state),
            Mount(blobs.ROOT, app=blobs.Storage(gateway.state, gateway.faults, foreign, gateway.tokens)),
            Mount("/", app=gateway),
        ],
        exception_handlers={
            ControlError: control_error,
            ApiError: pages.missing,
            404: _plain_error,
            405: _plain_error,
        },
    )


async def _plain_error(_: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 500)
    return JSONResponse({"message": getattr(error, "detail", "Internal Server Error")}, status)
