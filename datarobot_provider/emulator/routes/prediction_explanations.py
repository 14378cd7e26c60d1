"""Initialization of prediction explanations of a version. The legacy route names the version in the body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datarobot_provider.emulator.common.errors import ApiError, invalid
from datarobot_provider.emulator.routes import training_data
from datarobot_provider.emulator.routes.versions import requested_version
from datarobot_provider.emulator.web.routing import Call, Response, route

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.entities import Version

_VERSION = "/customModels/{customModelId}/versions/{customModelVersionId}/"
_EXPLAINED = frozenset({"Binary", "Regression", "Multiclass", "Anomaly"})


@route("POST", _VERSION + "predictionExplanationsInitialization/")
def start_initialization(call: Call) -> Response:
    """Initialize prediction explanations of a version (POST .../predictionExplanationsInitialization/)."""
    return _start(call, requested_version(call))


@route("POST", "/customModels/predictionExplanationsInitialization/")
def start_initialization_by_body(call: Call) -> Response:
    """Initialize prediction explanations (POST /customModels/predictionExplanationsInitialization/)."""
    model = call.state.models.get(call.body["customModelId"])
    if model is None:
        raise invalid("customModelId", "no such custom model")
    version_id = call.body["customModelVersionId"]
    version = next((v for v in model.versions if v.id == version_id), None)
    if version is None:
        raise invalid("customModelVersionId", "no such version of the custom model")
    _check_environment(call)
    return _start(call, version)


def _check_environment(call: Call) -> None:
    environment_id, version_id = call.body.get("environmentId"), call.body.get("environmentVersionId")
    if environment_id and environment_id not in call.state.environments:
        raise invalid("environmentId", "no such execution environment")
    version = call.state.environment_versions.get(version_id or "")
    if version_id and (version is None or environment_id not in {None, version.environment.id}):
        raise invalid("environmentVersionId", "no such version of the execution environment")


def _start(call: Call, version: Version) -> Response:
    model = call.state.model(version.model_id)
    if model.fields["customModelType"] != "inference" or model.fields.get("targetType") not in _EXPLAINED:
        raise ApiError(422, "The custom model is not valid for prediction explanations.")
    training_data.assigned_training_data(call, version)
    ids = {"customModelId": model.id, "customModelVersionId": version.id}
    job = call.state.start_job("prediction_explanations", ids)
    return call.accepted(call.state.create_status_record(job, f"/customModels/{model.id}/versions/{version.id}/"))
