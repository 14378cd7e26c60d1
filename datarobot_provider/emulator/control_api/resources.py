"""Control routes that create, list and remove resources."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from datarobot_provider.emulator.common import identifiers
from datarobot_provider.emulator.control_api import request_bodies
from datarobot_provider.emulator.control_api.index import ControlRoute, Json, data_response
from datarobot_provider.emulator.control_api.request_bodies import ControlError
from datarobot_provider.emulator.store import credentials, seed, seed_loader
from datarobot_provider.emulator.store import prediction_server_image as image

if TYPE_CHECKING:
    from starlette.requests import Request

    from datarobot_provider.emulator.store.deployments import Deployment
    from datarobot_provider.emulator.store.entities import Dataset, EnvironmentVersion, UseCase
    from datarobot_provider.emulator.store.state import State


class ResourceRoutes:
    """The handlers of the resources.

    :param state: the state of the emulator.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    def table(self) -> list[ControlRoute]:
        """Return the routes."""
        bodies = request_bodies
        return [
            ControlRoute("GET", "/datasets", self._list_datasets, "Lists the datasets."),
            ControlRoute("POST", "/datasets", self._add_dataset, "Creates a dataset.", bodies.DATASET),
            ControlRoute("DELETE", "/datasets/{id}", self._delete_dataset, "Marks the dataset as deleted."),
            ControlRoute(
                "GET", "/environments", self._list_environments, "Lists the versions of the execution environments."
            ),
            ControlRoute(
                "POST", "/environments", self._add_environment, "Creates an execution environment.", bodies.ENVIRONMENT
            ),
            ControlRoute("GET", "/deployments", self._list_deployments, "Lists the deployments."),
            ControlRoute(
                "POST",
                "/deployments",
                self._add_deployment,
                "Creates a deployment. A `modelId` that names a custom model or one of its versions deploys that "
                "version, which becomes frozen.",
                bodies.DEPLOYMENT,
            ),
            ControlRoute("GET", "/use-cases", self._list_use_cases, "Lists the use cases."),
            ControlRoute("POST", "/use-cases", self._add_use_case, "Creates a use case.", bodies.USE_CASE),
            ControlRoute("GET", "/credentials", self._list_credentials, "Lists the credentials."),
            ControlRoute(
                "POST",
                "/credentials",
                self._add_credential,
                "Creates a credential, which a runtime parameter of the type `credential` can name.",
                bodies.CREDENTIAL,
            ),
            ControlRoute("POST", "/image", self._set_image, "Sets the prediction server image.", bodies.IMAGE),
            ControlRoute("DELETE", "/image", self._drop_image, "Removes the prediction server image."),
            ControlRoute("POST", "/seed", self._add_seed, "Adds the resources of a seed, all or none.", bodies.SEED),
        ]

    async def _list_datasets(self, _: Request, __: Json) -> Response:
        return data_response([_dataset(d) for d in self._state.datasets.values() if not d.deleted])

    async def _add_dataset(self, _: Request, body: Json) -> Response:
        try:
            dataset = seed.make_dataset(body["name"], body["csv"], body.get("id"))
        except ValueError as error:
            raise ControlError(422, str(error)) from error
        self._state.datasets[dataset.id] = dataset
        return JSONResponse(_dataset(dataset), 201)

    async def _delete_dataset(self, request: Request, _: Json) -> Response:
        dataset = self._state.datasets.get(request.path_params["id"])
        if dataset is None:
            raise ControlError(404, "no such dataset")
        dataset.deleted = True
        return Response(status_code=204)

    async def _list_environments(self, _: Request, __: Json) -> Response:
        return data_response([_environment(v) for v in self._state.environment_versions.values()])

    async def _add_environment(self, _: Request, body: Json) -> Response:
        version = seed.make_environment(body)
        self._state.environments[version.environment.id] = version.environment
        self._state.environment_versions[version.id] = version
        return JSONResponse(_environment(version), 201)

    async def _list_deployments(self, _: Request, __: Json) -> Response:
        return data_response([_deployment(d) for d in self._state.deployments.values()])

    async def _add_deployment(self, _: Request, body: Json) -> Response:
        deployment = seed.make_deployment(body)
        self._state.add_deployment(deployment)
        return JSONResponse(_deployment(deployment), 201)

    async def _list_use_cases(self, _: Request, __: Json) -> Response:
        return data_response([_use_case(u) for u in self._state.use_cases.values()])

    async def _add_use_case(self, _: Request, body: Json) -> Response:
        use_case = seed.make_use_case(body)
        self._state.use_cases[use_case.id] = use_case
        return JSONResponse(_use_case(use_case), 201)

    async def _list_credentials(self, _: Request, __: Json) -> Response:
        return data_response([credential.to_json() for credential in self._state.credentials.values()])

    async def _add_credential(self, _: Request, body: Json) -> Response:
        credential = credentials.make_credential(body)
        self._state.credentials[credential.id] = credential
        return JSONResponse(credential.to_json(), 201)

    async def _set_image(self, _: Request, body: Json) -> Response:
        created = image.Image(identifiers.object_id(), **body)
        # In a thread, so that the API remains available while the content is hashed.
        metadata = await asyncio.to_thread(created.metadata)
        self._state.image = created
        return JSONResponse(metadata, 201)

    async def _drop_image(self, _: Request, __: Json) -> Response:
        self._state.image = None
        return Response(status_code=204)

    async def _add_seed(self, _: Request, body: Json) -> Response:
        try:
            added = seed_loader.load_document(self._state, body)
        except seed_loader.SeedError as error:
            raise ControlError(422, str(error)) from error
        return JSONResponse({"data": [{"kind": each.kind, "name": each.name, "id": each.id} for each in added]}, 201)


def _dataset(dataset: Dataset) -> Json:
    return {
        "id": dataset.id,
        "versionId": dataset.version_id,
        "name": dataset.name,
        "columns": dataset.columns,
        "rowCount": len(dataset.rows),
    }


def _environment(version: EnvironmentVersion) -> Json:
    return {"id": version.environment.id, "versionId": version.id, "name": version.environment.name}


def _use_case(use_case: UseCase) -> Json:
    return {"id": use_case.id, "name": use_case.name}


def _deployment(deployment: Deployment) -> Json:
    return {
        "id": deployment.id,
        "label": deployment.label,
        "modelId": deployment.model_id,
        "targetType": deployment.target_type,
        "columns": deployment.columns,
    }
