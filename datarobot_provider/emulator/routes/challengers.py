"""Challengers of the model of a deployment: create, list, read, delete."""

from __future__ import annotations

from datarobot_provider.emulator.common import identifiers
from datarobot_provider.emulator.common.errors import ApiError, invalid, not_found
from datarobot_provider.emulator.routes.deployments import registered_version, requested_deployment
from datarobot_provider.emulator.routes.model_replacement import compatibility
from datarobot_provider.emulator.store.deployments import PREDICTION_ENVIRONMENT, Challenger
from datarobot_provider.emulator.store.jobs import SUCCEEDED
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

_CHALLENGERS = "/deployments/{deploymentId}/challengers/"
_CHALLENGER = "/deployments/{deploymentId}/challengers/{challengerId}/"


@route("POST", _CHALLENGERS)
def create_challenger(call: Call) -> Response:
    """Add a challenger to a deployment that has them enabled (POST .../challengers/)."""
    deployment, package = requested_deployment(call), registered_version(call, call.body["modelPackageId"])
    if call.body.get("predictionEnvironmentId") not in {None, PREDICTION_ENVIRONMENT["id"]}:
        raise invalid("predictionEnvironmentId", "does not exist")
    if not deployment.settings["challengerModels"]["enabled"]:
        raise ApiError(422, "Challenger models are not enabled for the deployment.")
    problems = compatibility(call, deployment, package)
    if problems:
        raise ApiError(422, " ".join(problems.values()))
    challenger_id = identifiers.object_id()
    job = call.state.start_job("challenger", {"deploymentId": deployment.id, "challengerId": challenger_id})
    challenger = Challenger(challenger_id, call.body["name"], package, job)
    deployment.challengers[challenger.id] = challenger
    location = _CHALLENGER.format(deploymentId=deployment.id, challengerId=challenger.id)
    return call.accepted(call.state.create_status_record(job, location))


@route("GET", _CHALLENGERS)
def list_challengers(call: Call) -> Response:
    """List the challengers of a deployment (GET .../challengers/)."""
    return call.page(_existing(call), _serialize)


@route("GET", _CHALLENGER)
def get_challenger(call: Call) -> Response:
    """Return a challenger (GET .../challengers/{challengerId}/)."""
    return Response(200, _serialize(_requested(call)))


@route("DELETE", _CHALLENGER)
def delete_challenger(call: Call) -> Response:
    """Remove a challenger from a deployment (DELETE .../challengers/{challengerId}/)."""
    challenger = _requested(call)
    del requested_deployment(call).challengers[challenger.id]
    return Response(204)


def _requested(call: Call) -> Challenger:
    found = next((each for each in _existing(call) if each.id == call.path["challengerId"]), None)
    if found is None:
        raise not_found()
    return found


def _existing(call: Call) -> list[Challenger]:
    """Return the challengers of the requested deployment without those whose job has failed or expired."""
    challengers = requested_deployment(call).challengers.values()
    return [each for each in challengers if each.job.result(call.now()) in {None, SUCCEEDED}]


def _serialize(challenger: Challenger) -> Json:
    package = challenger.package
    return {
        "id": challenger.id,
        "name": challenger.name,
        "model": {
            "id": package.version_id,
            "name": package.name,
            "executionType": "custom_inference_model",
            "description": package.description,
        },
        "modelPackage": {"id": package.id, "name": package.name},
        "predictionEnvironment": {name: PREDICTION_ENVIRONMENT[name] for name in ("id", "name")},
    }
