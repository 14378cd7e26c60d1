"""Replacement of the model of a deployment: validate, replace, list the models that were served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datarobot_provider.emulator.common import timestamps, users
from datarobot_provider.emulator.common.errors import ApiError, FieldProblem
from datarobot_provider.emulator.evaluation import stand_in
from datarobot_provider.emulator.routes.deployments import check_unchanging, registered_version, requested_deployment
from datarobot_provider.emulator.store import deployment_health
from datarobot_provider.emulator.store.deployments import Champion, Deployment, Replacement
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.entities import RegisteredVersion

_DEPLOYMENT = "/deployments/{deploymentId}/"


@route("POST", _DEPLOYMENT + "model/validation/")
def validate_replacement(call: Call) -> Response:
    """Check whether a registered model version can replace the model (POST .../model/validation/)."""
    deployment = requested_deployment(call)
    return Response(200, _validation(call, deployment, registered_version(call, call.body["modelPackageId"])))


@route("PATCH", _DEPLOYMENT + "model/")
def replace_model(call: Call) -> Response:
    """Replace the model of a deployment (PATCH /deployments/{deploymentId}/model/)."""
    deployment, package = requested_deployment(call), registered_version(call, call.body["modelPackageId"])
    check_unchanging(call, deployment)
    validation = _validation(call, deployment, package)
    if validation["status"] == "failing":
        checks = validation["checks"].items()
        problems = [FieldProblem(("body", name), each["message"]) for name, each in checks if each["message"]]
        raise ApiError(422, validation["message"], problems)
    job = call.state.start_job("model_replacement", {"deploymentId": deployment.id})
    job.extra["status"] = "replacingModel"
    deployment.change = job
    call.state.on_success(job, Replacement(deployment, package, call.body["reason"]))
    record = call.state.create_status_record(job, _DEPLOYMENT.format(deploymentId=deployment.id))
    return call.accepted(record, validation)


@route("GET", _DEPLOYMENT + "modelHistory/")
def list_history(call: Call) -> Response:
    """List the models that a deployment has served, newest first (GET .../modelHistory/)."""
    return call.page([*reversed(requested_deployment(call).history)], _serialize)


def compatibility(call: Call, deployment: Deployment, package: RegisteredVersion) -> dict[str, str]:
    """Return the differences between a model package and the model of a deployment: check -> message."""
    current = deployment_health.target(call.state, deployment)
    version = call.state.find_version(package.version_id)
    new = stand_in.target_of(call.state.model(version.model_id).fields) if version else current
    problems = {}
    if new.kind != current.kind:
        problems["targetType"] = f"The target type is {new.kind}, but the deployment has {current.kind}."
    if new.name != current.name:
        problems["target"] = f"The target is {new.name}, but the deployment has {current.name}."
    if set(new.classes) != set(current.classes):
        problems["targetClasses"] = (
            f"The classes are {list(new.classes)}, but the deployment has {list(current.classes)}."
        )
    return problems


def _validation(call: Call, deployment: Deployment, package: RegisteredVersion) -> Json:
    problems = compatibility(call, deployment, package)
    if deployment.package is package:
        problems["notCurrentModel"] = "The deployment serves this model package already."
    names = ("targetType", "target", "targetClasses", "notCurrentModel", "permission", "supported", "predictionReady")
    checks = {
        name: {"status": "failing" if name in problems else "passing", "message": problems.get(name, "")}
        for name in names
    }
    message = "The model cannot replace the current one." if problems else "The model can replace the current one."
    return {"status": "failing" if problems else "passing", "message": message, "checks": checks}


def _serialize(champion: Champion) -> Json:
    package = champion.package
    return {
        "model": {"id": champion.model_id},
        "modelPackage": package and {"id": package.id, "name": package.name},
        "deployedAt": timestamps.iso_format(champion.since),
        "replacedAt": timestamps.iso_format(champion.replaced) if champion.replaced else None,
        "reason": champion.reason,
        "user": {"id": users.USER_ID, "username": users.USER_NAME},
    }
