"""Routes of the control API under ``/__emulator__/``. The bodies are JSON, and no token is required.

=======  =============================  ===============================================================================
GET      health                         ``{"status": "ok", "timeScale": X}``
POST     datasets                       ``{"name", "csv", "id"?}`` -> 201 ``{"id", "versionId", "name", "columns",
                                        "rowCount"}``
DELETE   datasets/ID                    marks the dataset as deleted -> 204
POST     environments                   ``{"name", "id"?}`` -> 201 ``{"id", "versionId", "name"}``
POST     deployments                    ``{"label", "id"?, "modelId"?, "targetType"?, "columns"?}`` -> 201; a `modelId`
                                        that names a custom model or its version freezes that version
POST     use-cases                      ``{"name", "id"?}`` -> 201 ``{"id", "name"}``
POST     credentials                    ``{"name", "id"?, "credentialType"?, "description"?}`` -> 201 ``{"id", "name",
                                        "credentialType"}``
GET      datasets, environments,        ``{"data": [...]}``
         deployments, use-cases,
         credentials
POST     image                          ``{"size", "redirect", "corrupt"?, "short"?}`` -> 201 with the metadata; sets
                                        the prediction server image. Its hash takes a second for one or two gigabytes
DELETE   image                          removes the image -> 204
POST     outcomes                       ``{"kind", "outcome", "times"?, "state"?, "message"?, "seconds"?, "checks"?}``
                                        -> 201; sets the outcome of the next `times` jobs of that kind
POST     faults                         ``{"method"?, "path"?, "times"?, "after"?, "status"?, "retryAfter"?, "body"?,
                                        "contentType"?, "cut"?, "delay"?, "apply"?}`` -> 201 ``{"id"}``
GET      faults                         ``{"data": [...]}`` with `remaining` counts
DELETE   faults                         removes all faults -> 204
POST     status/STATUS_ID               ``{"status"?, "gone"?}`` -> 200; changes one status record
POST     tokens                         ``{"token", "readOnly"?}`` -> 201 ``{"readOnly"}``; at least 8 characters
GET      requests?method=&path=REGEX    ``{"data": [...]}``: the requests to the API, see `RequestRecord`
DELETE   requests                       clears the log -> 204
GET      foreign-requests               ``{"data": [...]}``: the requests to the object storage, see
                                        `StorageRequestRecord`
DELETE   foreign-requests               clears the log -> 204
GET      jobs                           ``{"data": [{"kind", "ids", "state", "active", "created", "ends"}]}``; `ends` is
                                        null for an endless job
POST     finish                         ends all running jobs now with their planned outcomes -> 204
POST     reset                          removes everything and loads the seed again -> 204
=======  =============================  ===============================================================================

Outcomes: ``succeeded``, ``failed``, ``cancelled`` (by another client), ``expired`` (the records no longer exist),
``unknown`` (stays indefinitely in `state`, an undocumented state), ``stuck`` (stays indefinitely in the first state),
``warning`` (model tests). `seconds` is the duration regardless of the time scale. Faults: `status` returns an error
without handling the request; with `apply`, the request is handled and the response is the error. `cut` aborts the
connection ``before`` or ``after`` the request is handled, or ``inside`` the response. `delay` waits first. `seconds`
and `delay` are at most 10^9.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from datarobot_provider.emulator.common import identifiers, timestamps
from datarobot_provider.emulator.control_api import request_bodies
from datarobot_provider.emulator.control_api.request_bodies import ControlError, check_pattern, read_body
from datarobot_provider.emulator.store import credentials, seed
from datarobot_provider.emulator.store import prediction_server_image as image
from datarobot_provider.emulator.store.jobs import PlannedOutcome
from datarobot_provider.emulator.web.faults import Fault
from datarobot_provider.emulator.web.tokens import TokenError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from starlette.requests import Request

    from datarobot_provider.emulator.store.entities import Dataset, Deployment, Environment, UseCase
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
        self._state = gateway.state
        self._folder = folder

    def routes(self) -> list[Route]:
        """Return the routes below ``/__emulator__``."""
        table: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
            ("GET", "/health", self._health),
            ("GET", "/datasets", self._list_datasets),
            ("POST", "/datasets", self._add_dataset),
            ("DELETE", "/datasets/{id}", self._delete_dataset),
            ("GET", "/environments", self._list_environments),
            ("POST", "/environments", self._add_environment),
            ("GET", "/deployments", self._list_deployments),
            ("POST", "/deployments", self._add_deployment),
            ("GET", "/use-cases", self._list_use_cases),
            ("POST", "/use-cases", self._add_use_case),
            ("GET", "/credentials", self._list_credentials),
            ("POST", "/credentials", self._add_credential),
            ("POST", "/image", self._set_image),
            ("DELETE", "/image", self._drop_image),
            ("POST", "/outcomes", self._add_outcome),
            ("GET", "/faults", self._list_faults),
            ("POST", "/faults", self._add_fault),
            ("DELETE", "/faults", self._clear_faults),
            ("POST", "/status/{id}", self._change_status),
            ("POST", "/tokens", self._add_token),
            ("GET", "/requests", self._list_requests),
            ("DELETE", "/requests", self._clear_requests),
            ("GET", "/foreign-requests", self._list_storage_requests),
            ("DELETE", "/foreign-requests", self._clear_storage_requests),
            ("GET", "/jobs", self._list_jobs),
            ("POST", "/finish", self._finish),
            ("POST", "/reset", self._reset),
        ]
        return [Route(path, handler, methods=[method]) for method, path, handler in table]

    def load_seed(self) -> None:
        """Load the seed."""
        if self._folder is not None:
            seed.load_seed(self._state, self._folder)

    async def _health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok", "timeScale": self._state.scale})

    async def _list_datasets(self, _: Request) -> Response:
        return _data_response([_dataset(d) for d in self._state.datasets.values() if not d.deleted])

    async def _add_dataset(self, request: Request) -> Response:
        body = await read_body(request, request_bodies.DATASET)
        try:
            dataset = seed.make_dataset(body["name"], body["csv"], body.get("id"))
        except ValueError as error:
            raise ControlError(422, str(error)) from error
        self._state.datasets[dataset.id] = dataset
        return JSONResponse(_dataset(dataset), 201)

    async def _delete_dataset(self, request: Request) -> Response:
        dataset = self._state.datasets.get(request.path_params["id"])
        if dataset is None:
            raise ControlError(404, "no such dataset")
        dataset.deleted = True
        return Response(status_code=204)

    async def _list_environments(self, _: Request) -> Response:
        return _data_response([_environment(e) for e in self._state.environments.values()])

    async def _add_environment(self, request: Request) -> Response:
        environment = seed.make_environment(await read_body(request, request_bodies.ENVIRONMENT))
        self._state.environments[environment.id] = environment
        return JSONResponse(_environment(environment), 201)

    async def _list_deployments(self, _: Request) -> Response:
        return _data_response([_deployment(d) for d in self._state.deployments.values()])

    async def _add_deployment(self, request: Request) -> Response:
        deployment = seed.make_deployment(await read_body(request, request_bodies.DEPLOYMENT))
        self._state.add_deployment(deployment)
        return JSONResponse(_deployment(deployment), 201)

    async def _list_use_cases(self, _: Request) -> Response:
        return _data_response([_use_case(u) for u in self._state.use_cases.values()])

    async def _add_use_case(self, request: Request) -> Response:
        use_case = seed.make_use_case(await read_body(request, request_bodies.USE_CASE))
        self._state.use_cases[use_case.id] = use_case
        return JSONResponse(_use_case(use_case), 201)

    async def _list_credentials(self, _: Request) -> Response:
        return _data_response([credential.to_json() for credential in self._state.credentials.values()])

    async def _add_credential(self, request: Request) -> Response:
        credential = credentials.make_credential(await read_body(request, request_bodies.CREDENTIAL))
        self._state.credentials[credential.id] = credential
        return JSONResponse(credential.to_json(), 201)

    async def _set_image(self, request: Request) -> Response:
        body = await read_body(request, request_bodies.IMAGE)
        created = image.Image(identifiers.object_id(), **body)
        # In a thread, so that the API remains available while the content is hashed.
        metadata = await asyncio.to_thread(created.metadata)
        self._state.image = created
        return JSONResponse(metadata, 201)

    async def _drop_image(self, _: Request) -> Response:
        self._state.image = None
        return Response(status_code=204)

    async def _add_outcome(self, request: Request) -> Response:
        body = await read_body(request, request_bodies.OUTCOME)
        if body["outcome"] == "unknown" and "state" not in body:
            raise ControlError(422, "the outcome unknown requires a state")
        planned = PlannedOutcome(
            outcome=body["outcome"],
            message=body.get("message"),
            state=body.get("state"),
            seconds=body.get("seconds"),
            checks=body.get("checks", {}),
        )
        self._state.outcomes.plan(body["kind"], planned, body.get("times", 1))
        return JSONResponse(body, 201)

    async def _list_faults(self, _: Request) -> Response:
        return _data_response([fault.to_json() for fault in self._gateway.faults.all])

    async def _add_fault(self, request: Request) -> Response:
        body = await read_body(request, request_bodies.FAULT)
        check_pattern(body.get("path"))
        names = {"retryAfter": "retry_after", "contentType": "content_type"}
        fault = Fault(**{names.get(name, name): value for name, value in body.items()})
        if fault.retry_after is not None:
            fault.retry_after = str(fault.retry_after)
        if fault.method:
            fault.method = fault.method.upper()
        self._gateway.faults.all.append(fault)
        return JSONResponse({"id": fault.id}, 201)

    async def _clear_faults(self, _: Request) -> Response:
        self._gateway.faults.all.clear()
        return Response(status_code=204)

    async def _change_status(self, request: Request) -> Response:
        body = await read_body(request, request_bodies.STATUS)
        record = self._state.statuses.get(request.path_params["id"])
        if record is None:
            raise ControlError(404, "no such status record")
        record.status = body.get("status", record.status)
        record.deleted = body.get("gone", record.deleted)
        if record.status:
            self._state.outcomes.injected_values.add(record.status)
        return JSONResponse({"statusId": record.id, "status": record.status, "gone": record.deleted})

    async def _add_token(self, request: Request) -> Response:
        body = await read_body(request, request_bodies.TOKEN)
        read_only = body.get("readOnly", False)
        try:
            self._gateway.tokens.add(body["token"], read_only=read_only)
        except TokenError as error:
            raise ControlError(422, str(error)) from error
        return JSONResponse({"readOnly": read_only}, 201)

    async def _list_requests(self, request: Request) -> Response:
        path = request.query_params.get("path")
        check_pattern(path)
        return _data_response(self._gateway.log.select(request.query_params.get("method"), path))

    async def _clear_requests(self, _: Request) -> Response:
        self._gateway.log.clear()
        return Response(status_code=204)

    async def _list_storage_requests(self, _: Request) -> Response:
        return _data_response(self._storage_log.to_json())

    async def _clear_storage_requests(self, _: Request) -> Response:
        self._storage_log.clear()
        return Response(status_code=204)

    async def _list_jobs(self, _: Request) -> Response:
        now = self._state.now()
        return _data_response(
            [
                {
                    "kind": job.kind,
                    "ids": job.ids,
                    "state": job.state(now),
                    "active": job.active(now),
                    "created": timestamps.iso_format(job.created),
                    "ends": None if job.never_ends else timestamps.iso_format(job.finished_at()),
                }
                for job in self._state.jobs
            ]
        )

    async def _finish(self, _: Request) -> Response:
        for job in self._state.jobs:
            job.finish(self._state.now())
        return Response(status_code=204)

    async def _reset(self, _: Request) -> Response:
        self._state.clear()
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


def _data_response(rows: list[dict[str, Any]]) -> Response:
    return JSONResponse({"data": rows})


def _dataset(dataset: Dataset) -> dict[str, Any]:
    return {
        "id": dataset.id,
        "versionId": dataset.version_id,
        "name": dataset.name,
        "columns": dataset.columns,
        "rowCount": len(dataset.rows),
    }


def _environment(environment: Environment) -> dict[str, Any]:
    return {"id": environment.id, "versionId": environment.version_id, "name": environment.name}


def _use_case(use_case: UseCase) -> dict[str, Any]:
    return {"id": use_case.id, "name": use_case.name}


def _deployment(deployment: Deployment) -> dict[str, Any]:
    return {
        "id": deployment.id,
        "label": deployment.label,
        "modelId": deployment.model_id,
        "targetType": deployment.target_type,
        "columns": deployment.columns,
    }
