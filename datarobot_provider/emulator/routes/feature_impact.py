"""Feature impact of versions: start, read the result. The legacy routes call the version an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datarobot_provider.emulator.common.errors import ApiError, not_found
from datarobot_provider.emulator.job_results.feature_impact import feature_impacts
from datarobot_provider.emulator.openapi.contract import API
from datarobot_provider.emulator.routes import training_data
from datarobot_provider.emulator.routes.versions import requested_version
from datarobot_provider.emulator.store.jobs import SUCCEEDED, Job
from datarobot_provider.emulator.web.routing import Call, Response, route

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.entities import TrainingData, Version

_IMPACT = "/customModels/{customModelId}/versions/{customModelVersionId}/featureImpact/"
_IMAGE_IMPACT = "/customInferenceImages/{imageId}/featureImpact/"


@route("POST", _IMPACT)
def start_feature_impact(call: Call) -> Response:
    """Start computing the feature impact of a version (POST .../featureImpact/)."""
    return _start(call, requested_version(call))


@route("GET", _IMPACT)
def get_feature_impact(call: Call) -> Response:
    """Return the feature impact of a version (GET .../featureImpact/)."""
    return _result(call, requested_version(call))


@route("POST", _IMAGE_IMPACT)
def start_image_feature_impact(call: Call) -> Response:
    """Start computing the feature impact of an image (POST /customInferenceImages/{imageId}/featureImpact/)."""
    version = call.state.find_version(call.path["imageId"])
    if version is None:
        raise ApiError(422, "The image does not belong to a custom inference model.")
    return _start(call, version)


@route("GET", _IMAGE_IMPACT)
def get_image_feature_impact(call: Call) -> Response:
    """Return the feature impact of an image (GET /customInferenceImages/{imageId}/featureImpact/)."""
    version = call.state.find_version(call.path["imageId"])
    if version is None:
        raise not_found()
    return _result(call, version)


def _start(call: Call, version: Version) -> Response:
    training = _training(call, version)
    rows = call.body.get("rowCount")
    if rows is not None and rows > len(training.dataset.rows):
        raise ApiError(422, f"rowCount exceeds the {len(training.dataset.rows)} rows of the training data.")
    job = version.feature_impact
    if job is not None and job.result(call.now()) in {None, SUCCEEDED}:
        raise ApiError(404, "Feature impact has already been submitted.", extra={"jobId": job.ids["statusId"]})
    ids = {"customModelId": version.model_id, "customModelVersionId": version.id}
    job = call.state.start_job("feature_impact", ids)
    job.extra["rowCount"] = rows
    # The status record redirects to the route that started the job: that of the version or that of the image.
    record = call.state.create_status_record(job, call.full_path.removeprefix(API))
    version.feature_impact = job
    return call.accepted(record, {"statusId": record.id})


def _result(call: Call, version: Version) -> Response:
    training = _training(call, version)
    job = version.feature_impact
    if job is None:
        raise not_found()
    if job.active(call.now()):
        raise ApiError(422, "The feature impact job is in progress for the custom model version.")
    if job.result(call.now()) != SUCCEEDED:
        raise ApiError(404, "No feature impact data found for the custom model version.")
    impacts = _impacts(call, version, training, job)
    body = {
        "count": len(impacts),
        "next": None,
        "previous": None,
        "featureImpacts": impacts,
        "ranRedundancyDetection": False,
        "rowCount": job.extra["rowCount"],
        "shapBased": False,
    }
    return Response(200, body)


def _training(call: Call, version: Version) -> TrainingData:
    model = call.state.model(version.model_id)
    if model.fields["customModelType"] != "inference" or model.unstructured:
        raise ApiError(422, "Feature impact is for structured custom inference models.")
    return training_data.assigned_training_data(call, version)


def _impacts(call: Call, version: Version, training: TrainingData, job: Job) -> list[dict[str, object]]:
    if "impacts" not in job.extra:
        target = call.state.model(version.model_id).fields.get("targetName")
        partition = version.holdout.get("partitionColumn") or training.partition
        job.extra["impacts"] = feature_impacts(training.dataset, target, partition)[:1000]
    impacts: list[dict[str, object]] = job.extra["impacts"]
    return impacts
