"""ASGI application of the emulator: the API, the control API, the object storage and the HTML pages."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount

from datarobot_provider.emulator import routes, ui_pages
from datarobot_provider.emulator.common.errors import ApiError
from datarobot_provider.emulator.control_api.request_bodies import ControlError
from datarobot_provider.emulator.control_api.routes import ControlApi, control_error
from datarobot_provider.emulator.store.state import State
from datarobot_provider.emulator.web import object_storage
from datarobot_provider.emulator.web.faults import Faults
from datarobot_provider.emulator.web.gateway import Gateway
from datarobot_provider.emulator.web.request_log import RequestLog, StorageRequestLog
from datarobot_provider.emulator.web.request_output import RequestOutput
from datarobot_provider.emulator.web.state_saving import StateSaving
from datarobot_provider.emulator.web.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from datarobot_provider.emulator.store.state_file import StateFile


class AbsoluteFormMiddleware:
    """Middleware that accepts an absolute URL as the target of a request, as RFC 9112 requires of a server."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        scheme, separator, rest = scope.get("path", "").partition("://")
        if separator and scheme.lower() in {"http", "https"}:
            path = "/" + rest.partition("/")[2]
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._app(scope, receive, send)


def create_app(
    token: str,
    seed: Path | None = None,
    time_scale: float = 1.0,
    on_request: Callable[[str], None] | None = None,
    state_file: StateFile | None = None,
) -> Starlette:
    """Return the emulator as an ASGI application. Its resources are in ``app.state.resources``.

    :param token: the token with full access.
    :param seed: the folder that contains ``seed.json``, or None.
    :param time_scale: the factor on the duration of every job, 0 to 1,000,000.
    :param on_request: called with a line about each request, without tokens, or None.
    :param state_file: the file in which the state is kept, or None. If it exists, it is loaded instead of the seed.
    :raises TokenError: if the token is invalid.
    :raises SeedError: if the seed folder is invalid.
    :raises StateFileError: if the state file is invalid.
    :raises ValueError: if the time scale is out of range.
    """
    routes.load()
    gateway = Gateway(State(time_scale), Tokens(token), Faults(), RequestLog())
    storage_log = StorageRequestLog()
    storage = object_storage.Storage(gateway.state, gateway.faults, storage_log, gateway.tokens)
    control = ControlApi(gateway, storage_log, seed)
    if state_file is None or not state_file.load(gateway.state):
        control.load_seed()
    middleware = [Middleware(AbsoluteFormMiddleware)]
    if on_request is not None:
        middleware.append(Middleware(RequestOutput, gateway.tokens, on_request))
    if state_file is not None:
        middleware.append(Middleware(StateSaving, gateway.state, state_file, _report))
    app = Starlette(
        middleware=middleware,
        routes=[
            Mount("/__emulator__", routes=control.routes()),
            *ui_pages.routes(gateway.state),
            Mount(object_storage.ROOT, app=storage),
            Mount("/", app=gateway),
        ],
        exception_handlers={
            ControlError: control_error,
            ApiError: ui_pages.not_found_page,
            404: _plain_error,
            405: _plain_error,
        },
    )
    app.state.resources = gateway.state
    return app


async def _plain_error(_: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 500)
    return JSONResponse({"message": getattr(error, "detail", "Internal Server Error")}, status)


def _report(problem: str) -> None:
    sys.stderr.write(f"datarobot-emulator: {problem}\n")
