"""The control API under ``/__emulator__/``. The bodies are JSON, and no token is required.

``GET /__emulator__/`` returns the index of the routes with their fields. docs/emulator.md describes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from datarobot_provider.emulator.control_api.index import ControlRoute, Json, data_response
from datarobot_provider.emulator.control_api.job_control import JobRoutes
from datarobot_provider.emulator.control_api.request_bodies import ControlError
from datarobot_provider.emulator.control_api.resources import ResourceRoutes
from datarobot_provider.emulator.control_api.traffic import TrafficRoutes
from datarobot_provider.emulator.store import seed_loader

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.routing import Route

    from datarobot_provider.emulator.web.gateway import Gateway
    from datarobot_provider.emulator.web.request_log import StorageRequestLog


class ControlApi:
    """The control API.

    :param gateway: the gateway of the API.
    :param storage_log: the log of the object storage.
    :param folder: the seed folder, which is loaded again on a reset, or None.
    """

    def __init__(self, gateway: Gateway, storage_log: StorageRequestLog, folder: Path | None) -> None:
        self._gateway = gateway
        self._storage_log = storage_log
        self._folder = folder
        self.table = [
            ControlRoute("GET", "/", self._index, "Lists the routes of the control API with their fields."),
            ControlRoute("GET", "/health", self._health, "Returns the time scale."),
            ControlRoute("POST", "/reset", self._reset, "Removes everything and loads the seed again."),
            *ResourceRoutes(gateway.state).table(),
            *JobRoutes(gateway.state).table(),
            *TrafficRoutes(gateway, storage_log).table(),
        ]

    def routes(self) -> list[Route]:
        """Return the routes below ``/__emulator__``."""
        return [route.to_starlette() for route in self.table]

    def load_seed(self) -> None:
        """Load the seed.

        :raises SeedError: if the seed folder is invalid.
        """
        if self._folder is not None:
            seed_loader.load_seed(self._gateway.state, self._folder)

    async def _index(self, _: Request, __: Json) -> Response:
        return data_response([route.to_json() for route in self.table])

    async def _health(self, _: Request, __: Json) -> Response:
        return JSONResponse({"status": "ok", "timeScale": self._gateway.state.scale})

    async def _reset(self, _: Request, __: Json) -> Response:
        self._gateway.state.clear()
        self._gateway.faults.all.clear()
        self._gateway.log.clear()
        self._storage_log.clear()
        self._gateway.tokens.reset()
        self.load_seed()
        return Response(status_code=204)


async def control_error(_: Request, error: Exception) -> Response:
    """Return an error response of the control API."""
    status = error.status if isinstance(error, ControlError) else 500
    return JSONResponse({"message": str(error)}, status)
