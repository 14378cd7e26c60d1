"""Control routes of the HTTP traffic: faults, tokens, request logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from datarobot_provider.emulator.control_api import request_bodies
from datarobot_provider.emulator.control_api.index import ControlRoute, Json, data_response
from datarobot_provider.emulator.control_api.request_bodies import ControlError, check_pattern
from datarobot_provider.emulator.web.faults import Fault
from datarobot_provider.emulator.web.tokens import TokenError

if TYPE_CHECKING:
    from starlette.requests import Request

    from datarobot_provider.emulator.web.gateway import Gateway
    from datarobot_provider.emulator.web.request_log import StorageRequestLog


class TrafficRoutes:
    """The handlers of faults, tokens and request logs.

    :param gateway: the gateway of the API.
    :param storage_log: the log of the object storage.
    """

    def __init__(self, gateway: Gateway, storage_log: StorageRequestLog) -> None:
        self._gateway, self._storage_log = gateway, storage_log

    def table(self) -> list[ControlRoute]:
        """Return the routes."""
        filters = {
            "method": "The HTTP method, in any case.",
            "path": "A regular expression to search for in the path.",
        }
        return [
            ControlRoute("GET", "/faults", self._list_faults, "Lists the faults, with their `remaining` counts."),
            ControlRoute("POST", "/faults", self._add_fault, "Injects a fault into requests.", request_bodies.FAULT),
            ControlRoute("DELETE", "/faults", self._clear_faults, "Removes all faults."),
            ControlRoute(
                "POST",
                "/tokens",
                self._add_token,
                "Adds a token. The response to a change with a read-only token is 403.",
                request_bodies.TOKEN,
            ),
            ControlRoute(
                "GET",
                "/requests",
                self._list_requests,
                "Lists the requests to the API: status, user agent, number of bytes, whether the token is valid "
                "(never the token itself), and `violations` of the contract.",
                query=filters,
            ),
            ControlRoute("DELETE", "/requests", self._clear_requests, "Clears the list of the requests."),
            ControlRoute(
                "GET",
                "/foreign-requests",
                self._list_storage_requests,
                "Lists the requests to the object storage of the image: method, path, presence of an Authorization "
                "header, range, status.",
            ),
            ControlRoute(
                "DELETE",
                "/foreign-requests",
                self._clear_storage_requests,
                "Clears the list of the requests to the object storage.",
            ),
        ]

    async def _list_faults(self, _: Request, __: Json) -> Response:
        return data_response([fault.to_json() for fault in self._gateway.faults.all])

    async def _add_fault(self, _: Request, body: Json) -> Response:
        check_pattern(body.get("path"))
        names = {"retryAfter": "retry_after", "contentType": "content_type"}
        fault = Fault(**{names.get(name, name): value for name, value in body.items()})
        if fault.retry_after is not None:
            fault.retry_after = str(fault.retry_after)
        if fault.method:
            fault.method = fault.method.upper()
        self._gateway.faults.all.append(fault)
        return JSONResponse({"id": fault.id}, 201)

    async def _clear_faults(self, _: Request, __: Json) -> Response:
        self._gateway.faults.all.clear()
        return Response(status_code=204)

    async def _add_token(self, _: Request, body: Json) -> Response:
        read_only = body.get("readOnly", False)
        try:
            self._gateway.tokens.add(body["token"], read_only=read_only)
        except TokenError as error:
            raise ControlError(422, str(error)) from error
        return JSONResponse({"readOnly": read_only}, 201)

    async def _list_requests(self, request: Request, _: Json) -> Response:
        path = request.query_params.get("path")
        check_pattern(path)
        return data_response(self._gateway.log.select(request.query_params.get("method"), path))

    async def _clear_requests(self, _: Request, __: Json) -> Response:
        self._gateway.log.clear()
        return Response(status_code=204)

    async def _list_storage_requests(self, _: Request, __: Json) -> Response:
        return data_response(self._storage_log.to_json())

    async def _clear_storage_requests(self, _: Request, __: Json) -> Response:
        self._storage_log.clear()
        return Response(status_code=204)
