"""The control API under ``/__emulator__/``: what a test or a demo uses to set the stage. JSON, no token needed.

=======  =============================  ===============================================================================
GET      health                         ``{"status": "ok", "timeScale": X}``
POST     datasets                       ``{"name", "csv", "id"?}`` -> 201 ``{"id", "versionId", "name", "columns",
                                        "rowCount"}``
DELETE   datasets/ID                    the dataset was deleted -> 204
POST     environments                   ``{"name", "id"?}`` -> 201 ``{"id", "versionId", "name"}``
POST     deployments                    ``{"label", "id"?, "modelId"?, "targetType"?, "columns"?}`` -> 201; a `modelId`
                                        that names a custom model or its version freezes that version
POST     use-cases                      ``{"name", "id"?}`` -> 201 ``{"id", "name"}``
POST     credentials                    ``{"name", "id"?, "credentialType"?, "description"?}`` -> 201 ``{"id", "name",
                                        "credentialType"}``
GET      datasets, environments,        ``{"data": [...]}``
         deployments, use-cases,
         credentials
POST     image                          ``{"size", "redirect", "corrupt"?, "short"?}`` -> 201 with the metadata; the
                                        prediction server image from now on, its hash takes a second per gigabyte or two
DELETE   image                          there is no image any more -> 204
POST     outcomes                       ``{"kind", "outcome", "times"?, "state"?, "message"?, "seconds"?, "checks"?}``
                                        -> 201; the next `times` jobs of that kind end so
POST     faults                         ``{"method"?, "path"?, "times"?, "after"?, "status"?, "retryAfter"?, "body"?,
                                        "contentType"?, "cut"?, "delay"?, "apply"?}`` -> 201 ``{"id"}``
GET      faults                         ``{"data": [...]}`` with `remaining` counts
DELETE   faults                         clear all -> 204
POST     status/STATUS_ID               ``{"status"?, "gone"?}`` -> 200; alters one status record now
POST     tokens                         ``{"token", "readOnly"?}`` -> 201 ``{"readOnly"}``; at least 8 characters
GET      requests?method=&path=REGEX    ``{"data": [...]}``: the API requests so far, see `requestlog.Exchange`
DELETE   requests                       forget them -> 204
GET      foreign-requests               ``{"data": [...]}``: the requests to the storage that an image redirects to,
                                        see `requestlog.ForeignExchange`
DELETE   foreign-requests               forget them -> 204
GET      jobs                           ``{"data": [{"kind", "ids", "state", "active", "created", "ends"}]}``; `ends` is
                                        null if it never does
POST     finish                         every job that runs ends now, as it was going to -> 204
POST     reset                          forget everything, plant the seed again -> 204
=======  =============================  ===============================================================================

Outcomes: ``succeeded``, ``failed``, ``cancelled`` (as if somebody did it remotely), ``expired`` (the records are gone),
``unknown`` (in `state`, a word nobody has heard of, for ever), ``stuck`` (in the first state for ever), ``warning``
(model tests). `seconds` is the duration whatever the time scale. Faults: `status` answers an error without touching the
state (`apply`: the state changes, but the answer is the fault), `cut` closes the connection ``before`` the request is
seen, ``after`` it was handled, or ``inside`` its response; `delay` waits first. `seconds` and `delay` are at most 10^9.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from datarobot_provider.emulator.control_api import bodies as controlbody
from datarobot_provider.emulator.control_api.bodies import ControlError, check_pattern, read_body
from datarobot_provider.emulator.evaluation import prediction_server_image as image
from datarobot_provider.emulator.store import credentials, identity, seed
from datarobot_provider.emulator.store.jobs import Fate
from datarobot_provider.emulator.web.faults import Fault
from datarobot_provider.emulator.web.tokens import TokenError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from starlette.requests import Request

    from datarobot_provider.emulator.store.state import Dataset, Deployment, Environment, UseCase
    from datarobot_provider.emulator.web.gateway import Gateway
    from datarobot_provider.emulator.web.request_log import ForeignLog


class Control:
    """The control API over one gateway and the storage's log. `folder` is the seed folder, planted again on a reset."""

    def __init__(self, gateway: Gateway, foreign: ForeignLog, folder: Path | None) -> None:
        self._gateway = gateway
        self._foreign = foreign
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
            ("POST", "/outcomes", self._order_outcome),
            ("GET", "/faults", self._list_faults),
            ("POST", "/faults", self._order_fault),
            ("DELETE", "/faults", self._clear_faults),
            ("POST", "/status/{id}", self._alter_status),
            ("POST", "/tokens", self._add_token),
            ("GET", "/requests", self._list_requests),
            ("DELETE", "/requests", self._clear_requests),
            ("GET", "/foreign-requests", self._list_foreign),
            ("DELETE", "/foreign-requests", self._clear_foreign),
            ("GET", "/jobs", self._list_jobs),
            ("POST", "/finish", self._finish),
            ("POST", "/reset", self._reset),
        ]
        return [Route(path, handler, methods=[method]) for method, path, handler in table]

    def plant(self) -> None:
        """Put the seed into the state."""
        if self._folder is not None:
            seed.plant(self._state, self._folder)

    async def _health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok", "timeScale": self._state.scale})

    async def _list_datasets(self, _: Request) -> Response:
        return _listing([_dataset(d) for d in self._state.datasets.values() if not d.deleted])

    async def _add_dataset(self, request: Request) -> Response:
        body = await read_body(request, controlbody.DATASET)
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
        return _listing([_environment(e) for e in self._state.environments.values()])

    async def _add_environment(self, request: Request) -> Response:
        environment = seed.make_environment(await read_body(request, controlbody.ENVIRONMENT))
        self._state.environments[environment.id] = environment
        return JSONResponse(_environment(environment), 201)

    async def _list_deployments(self, _: Request) -> Response:
        return _listing([_deployment(d) for d in self._state.deployments.values()])

    async def _add_deployment(self, request: Request) -> Response:
        deployment = seed.make_deployment(await read_body(request, controlbody.DEPLOYMENT))
        self._state.deploy(deployment)
        return JSONResponse(_deployment(deployment), 201)

    async def _list_use_cases(self, _: Request) -> Response:
        return _listing([_use_case(u) for u in self._state.use_cases.values()])

    async def _add_use_case(self, request: Request) -> Response:
        use_case = seed.make_use_case(await read_body(request, controlbody.USE_CASE))
        self._state.use_cases[use_case.id] = use_case
        return JSONResponse(_use_case(use_case), 201)

    async def _list_credentials(self, _: Request) -> Response:
        return _listing([credential.entry() for credential in self._state.credentials.values()])

    async def _add_credential(self, request: Request) -> Response:
        credential = credentials.make_credential(await read_body(request, controlbody.CREDENTIAL))
        self._state.credentials[credential.id] = credential
        return JSONResponse(credential.entry(), 201)

    async def _set_image(self, request: Request) -> Response:
        body = await read_body(request, controlbody.IMAGE)
        image_id = identity.object_id()
        # In a thread, so that the API is served meanwhile.
        digest = await asyncio.to_thread(image.digest, image_id, body["size"])
        self._state.image = image.Image(image_id, digest=digest, **body)
        return JSONResponse(self._state.image.metadata(), 201)

    async def _drop_image(self, _: Request) -> Response:
        self._state.image = None
        return Response(status_code=204)

    async def _order_outcome(self, request: Request) -> Response:
        body = await read_body(request, controlbody.OUTCOME)
        if body["outcome"] == "unknown" and "state" not in body:
            raise ControlError(422, "the outcome unknown needs a state")
        fate = Fate(
            outcome=body["outcome"],
            message=body.get("message"),
            state=body.get("state"),
            seconds=body.get("seconds"),
            checks=body.get("checks", {}),
        )
        self._state.outcomes.order(body["kind"], fate, body.get("times", 1))
        return JSONResponse(body, 201)

    async def _list_faults(self, _: Request) -> Response:
        return _listing([fault.view() for fault in self._gateway.faults.all])

    async def _order_fault(self, request: Request) -> Response:
        body = await read_body(request, controlbody.FAULT)
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

    async def _alter_status(self, request: Request) -> Response:
        body = await read_body(request, controlbody.STATUS)
        record = self._state.statuses.get(request.path_params["id"])
        if record is None:
            raise ControlError(404, "no such status record")
        record.word = body.get("status", record.word)
        record.gone = body.get("gone", record.gone)
        if record.word:
            self._state.outcomes.words.add(record.word)
        return JSONResponse({"statusId": record.id, "status": record.word, "gone": record.gone})

    async def _add_token(self, request: Request) -> Response:
        body = await read_body(request, controlbody.TOKEN)
        read_only = body.get("readOnly", False)
        try:
            self._gateway.tokens.add(body["token"], read_only=read_only)
        except TokenError as error:
            raise ControlError(422, str(error)) from error
        return JSONResponse({"readOnly": read_only}, 201)

    async def _list_requests(self, request: Request) -> Response:
        path = request.query_params.get("path")
        check_pattern(path)
        return _listing(self._gateway.log.select(request.query_params.get("method"), path))

    async def _clear_requests(self, _: Request) -> Response:
        self._gateway.log.clear()
        return Response(status_code=204)

    async def _list_foreign(self, _: Request) -> Response:
        return _listing(self._foreign.views())

    async def _clear_foreign(self, _: Request) -> Response:
        self._foreign.clear()
        return Response(status_code=204)

    async def _list_jobs(self, _: Request) -> Response:
        now = self._state.now()
        return _listing(
            [
                {
                    "kind": job.kind,
                    "ids": job.ids,
                    "state": job.word(now),
                    "active": job.active(now),
                    "created": identity.timestamp(job.created),
                    "ends": None if job.endless else identity.timestamp(job.finished_at()),
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
        self._foreign.clear()
        self._gateway.tokens.reset()
        self.plant()
        return Response(status_code=204)


async def control_error(_: Request, error: Exception) -> Response:
    """Return the response to a control request that makes no sense."""
    status = error.status if isinstance(error, ControlError) else 500
    return JSONResponse({"message": str(error)}, status)


def _listing(rows: list[dict[str, Any]]) -> Response:
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
