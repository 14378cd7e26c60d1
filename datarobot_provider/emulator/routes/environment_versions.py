"""Versions of execution environments: create from a Docker context or an image, list, read, download."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from datarobot_provider.emulator.common import identifiers, timestamps
from datarobot_provider.emulator.common.errors import invalid, not_found
from datarobot_provider.emulator.evaluation.docker_context import build_context, build_image
from datarobot_provider.emulator.store.entities import EnvironmentVersion
from datarobot_provider.emulator.store.jobs import FAILED, PlannedOutcome
from datarobot_provider.emulator.web.routing import Call, Json, Response, Stream, route

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.entities import Environment

_VERSIONS = "/executionEnvironments/{environmentId}/versions/"
_VERSION = "/executionEnvironments/{environmentId}/versions/{environmentVersionId}/"
#: Clients use both spellings.
_CONTEXT = ("docker_context", "dockerContext")
_IMAGE = ("dockerImage", "docker_image")


@route("POST", _VERSIONS)
def create_version(call: Call) -> Response:
    """Create a version and start its build (POST /executionEnvironments/{environmentId}/versions/).

    An image, uploaded or given by its URI, is used without a build; the context is only stored then.
    """
    environment, uri = _environment(call), call.body.get("dockerImageUri")
    names = [name for name in call.body if name in _CONTEXT + _IMAGE]
    uploads = dict(zip(names, (upload.file.read() for upload in call.files), strict=True))
    context = next((uploads[name] for name in _CONTEXT if name in uploads), None)
    image = next((call.body[name] for name in _IMAGE if name in uploads), None)
    if context is None and image is None and not uri:
        raise invalid("docker_context", "this field is required unless dockerImageUri is given")
    log, error = build_image(str(uri or image)) if uri or image else build_context(context or b"")
    version = EnvironmentVersion(
        id=identifiers.object_id(),
        environment=environment,
        label=call.body.get("label"),
        description=call.body.get("description"),
        image_uri=uri,
        context=io.BytesIO(context) if context is not None else None,
        context_size=len(context) if context is not None else None,
        log=log,
        error=error,
    )
    ids = {"environmentId": environment.id, "environmentVersionId": version.id}
    default = PlannedOutcome(FAILED, error) if error else PlannedOutcome()
    version.build = call.state.start_job("environment_build", ids, default)
    call.state.environment_versions[version.id] = version
    return Response(202, {"id": version.id})


@route("GET", _VERSIONS)
def list_versions(call: Call) -> Response:
    """List the versions of an execution environment, newest first (GET .../{environmentId}/versions/)."""
    wanted = call.query.get("buildStatus")
    rows = [v for v in call.state.versions_of(_environment(call)) if wanted in {None, v.status(call.now())}]
    return call.page(rows, lambda v: serialize_version(call, v))


@route("GET", _VERSION)
def get_version(call: Call) -> Response:
    """Return a version of an execution environment (GET .../versions/{environmentVersionId}/)."""
    return Response(200, serialize_version(call, _requested(call)))


@route("GET", _VERSION + "buildLog/")
def get_build_log(call: Call) -> Response:
    """Return the log of a build; it is empty while the build is running (GET .../buildLog/)."""
    version = _requested(call)
    if version.status(call.now()) in {"submitted", "processing"}:
        return Response(200, {"log": "", "error": ""})
    planned = version.build.planned if version.build else PlannedOutcome()
    failed = version.status(call.now()) == "failed"
    error = (planned.message or version.error or "The build failed.") if failed else ""
    lines = [*version.log, *([f"ERROR: {error}"] if error else [])]
    return Response(200, {"log": "\n".join(lines) + "\n", "error": error})


@route("GET", _VERSION + "download/")
def download_version(call: Call) -> Response:
    """Return the Docker context of a version (GET .../versions/{environmentVersionId}/download/)."""
    version = _requested(call)
    if version.context is None:
        raise not_found()
    version.context.seek(0)
    content = version.context.read()
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f'attachment; filename="{version.id}.tar"',
    }
    return Response(200, headers=headers, stream=Stream(len(content), iter([content])))


def serialize_version(call: Call, version: EnvironmentVersion) -> Json:
    """Return a version of an execution environment as the API returns it."""
    return {
        "id": version.id,
        "environmentId": version.environment.id,
        "buildStatus": version.status(call.now()),
        "imageId": version.id,
        "label": version.label,
        "description": version.description,
        "created": timestamps.iso_format(version.created),
        "dockerContextSize": version.context_size,
        "dockerImageSize": None,
        "sourceDockerImageUri": version.image_uri,
    }


def _environment(call: Call) -> Environment:
    environment = call.state.environments.get(call.path["environmentId"])
    if environment is None:
        raise not_found()
    return environment


def _requested(call: Call) -> EnvironmentVersion:
    wanted = call.path["environmentVersionId"]
    version = next((v for v in call.state.versions_of(_environment(call)) if v.id == wanted), None)
    if version is None:
        raise not_found()
    return version
