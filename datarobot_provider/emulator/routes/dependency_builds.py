"""Dependency builds of versions: start, look, cancel, read the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datarobot_provider.emulator.evaluation import build_log as buildlog
from datarobot_provider.emulator.routes.versions import wanted_version
from datarobot_provider.emulator.store import identity
from datarobot_provider.emulator.store.jobs import CANCELLED, FAILED, Fate, Job
from datarobot_provider.emulator.web.errors import ApiError, not_found
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.state import Version

_VERSION = "/customModels/{customModelId}/versions/{customModelVersionId}/"
_BUILD = _VERSION + "dependencyBuild/"


@route("POST", _BUILD)
def start_build(call: Call) -> Response:
    """Start the dependency build of a version (POST .../dependencyBuild/)."""
    version = wanted_version(call)
    if not version.requirements.build_needed:
        raise ApiError(422, f"Custom model version {version.id} has no dependencies to build.")
    job = version.build
    if job is not None and job.result(call.now()) != CANCELLED:
        raise ApiError(422, _why_not_again(call, version, job))
    ids = {"customModelId": version.model_id, "customModelVersionId": version.id}
    natural = Fate() if version.requirements.refusal is None else Fate(FAILED)
    version.build = call.state.start("dependency_build", ids, natural)
    return Response(202, _view(call, version, version.build))


@route("GET", _BUILD)
def get_build(call: Call) -> Response:
    """Answer the state of a version's build (GET .../dependencyBuild/)."""
    version = wanted_version(call)
    return Response(200, _view(call, version, _started(call, version)))


@route("DELETE", _BUILD)
def cancel_build(call: Call) -> Response:
    """Cancel a running build; the version is as if it had never been built (DELETE .../dependencyBuild/)."""
    version = wanted_version(call)
    job = _started(call, version)
    if not job.active(call.now()):
        raise ApiError(409, "The dependency build has reached a terminal state and cannot be cancelled.")
    job.cancel(call.now())
    return Response(204)


@route("GET", _VERSION + "dependencyBuildLog/")
def get_build_log(call: Call) -> Response:
    """Answer the log of a finished build (GET .../dependencyBuildLog/)."""
    version = wanted_version(call)
    job = _started(call, version)
    if job.active(call.now()):
        raise ApiError(404, "The dependency build is in progress; its log is not there yet.")
    return Response(200, {"data": buildlog.text(version, job, failed=job.result(call.now()) == FAILED)})


def built(call: Call, version: Version) -> bool:
    """Return whether a version can be run: there is nothing to build, or it is built."""
    if not version.requirements.build_needed:
        return True
    return version.build is not None and version.build.word(call.now()) == "success"


def _started(call: Call, version: Version) -> Job:
    """Return the build, or raise: 422 before one was started or after it was cancelled, 404 when its record is gone."""
    job = version.build
    if job is None or job.result(call.now()) == CANCELLED:
        raise ApiError(422, f"Custom model version {version.id} build has not been started")
    if job.gone(call.now()):
        raise not_found()
    return job


def _why_not_again(call: Call, version: Version, job: Job) -> str:
    result = job.result(call.now())
    if result is None:
        return f"The dependency build of custom model version {version.id} is in progress."
    if result == FAILED:
        return f"The dependency build of custom model version {version.id} has failed; change the requirements."
    return f"The dependencies of custom model version {version.id} are already built."


def _view(call: Call, version: Version, job: Job) -> Json:
    over = not job.active(call.now())
    log = f"/customModels/{version.model_id}/versions/{version.id}/dependencyBuildLog/"
    return {
        "buildStatus": job.word(call.now()),
        "buildStart": identity.timestamp(job.created),
        "buildEnd": identity.timestamp(job.finished_at()) if over else None,
        "buildLogLocation": call.url(log) if over else None,
    }
