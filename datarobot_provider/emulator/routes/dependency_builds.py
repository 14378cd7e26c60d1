"""Dependency builds of versions: start, poll, cancel, read the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datarobot_provider.emulator.common import timestamps
from datarobot_provider.emulator.common.errors import ApiError, not_found
from datarobot_provider.emulator.job_results.build_log import build_log
from datarobot_provider.emulator.routes.versions import requested_version
from datarobot_provider.emulator.store.jobs import CANCELLED, FAILED, Job, PlannedOutcome
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.entities import Version

_VERSION = "/customModels/{customModelId}/versions/{customModelVersionId}/"
_BUILD = _VERSION + "dependencyBuild/"


@route("POST", _BUILD)
def start_build(call: Call) -> Response:
    """Start the dependency build of a version (POST .../dependencyBuild/)."""
    version = requested_version(call)
    if not version.requirements.build_needed:
        raise ApiError(422, f"Custom model version {version.id} has no dependencies to build.")
    job = version.build
    if job is not None and job.result(call.now()) != CANCELLED:
        raise ApiError(422, _rejection_reason(call, version, job))
    ids = {"customModelId": version.model_id, "customModelVersionId": version.id}
    default = PlannedOutcome() if version.requirements.rejection is None else PlannedOutcome(FAILED)
    version.build = call.state.start_job("dependency_build", ids, default)
    return Response(202, _serialize(call, version, version.build))


@route("GET", _BUILD)
def get_build(call: Call) -> Response:
    """Return the state of a dependency build (GET .../dependencyBuild/)."""
    version = requested_version(call)
    return Response(200, _serialize(call, version, _started_build(call, version)))


@route("DELETE", _BUILD)
def cancel_build(call: Call) -> Response:
    """Cancel a running build, so that the version counts as not built (DELETE .../dependencyBuild/)."""
    version = requested_version(call)
    job = _started_build(call, version)
    if not job.active(call.now()):
        raise ApiError(409, "The dependency build has reached a terminal state and cannot be cancelled.")
    job.cancel(call.now())
    return Response(204)


@route("GET", _VERSION + "dependencyBuildLog/")
def get_build_log(call: Call) -> Response:
    """Return the log of a finished build (GET .../dependencyBuildLog/)."""
    version = requested_version(call)
    job = _started_build(call, version)
    if job.active(call.now()):
        raise ApiError(404, "The dependency build is in progress; its log is not there yet.")
    return Response(200, {"data": build_log(version, job, failed=job.result(call.now()) == FAILED)})


def is_built(call: Call, version: Version) -> bool:
    """Return whether a version is built or requires no build."""
    if not version.requirements.build_needed:
        return True
    return version.build is not None and version.build.state(call.now()) == "success"


def _started_build(call: Call, version: Version) -> Job:
    """Return the build of a version.

    :raises ApiError: with status 422 if no build was started or the build was cancelled, or 404 if its record has
        expired.
    """
    job = version.build
    if job is None or job.result(call.now()) == CANCELLED:
        raise ApiError(422, f"Custom model version {version.id} build has not been started")
    if job.expired(call.now()):
        raise not_found()
    return job


def _rejection_reason(call: Call, version: Version, job: Job) -> str:
    result = job.result(call.now())
    if result is None:
        return f"The dependency build of custom model version {version.id} is in progress."
    if result == FAILED:
        return f"The dependency build of custom model version {version.id} has failed; change the requirements."
    return f"The dependencies of custom model version {version.id} are already built."


def _serialize(call: Call, version: Version, job: Job) -> Json:
    over = not job.active(call.now())
    log = f"/customModels/{version.model_id}/versions/{version.id}/dependencyBuildLog/"
    return {
        "buildStatus": job.state(call.now()),
        "buildStart": timestamps.iso_format(job.created),
        "buildEnd": timestamps.iso_format(job.finished_at()) if over else None,
        "buildLogLocation": call.url(log) if over else None,
    }
