"""Execution environments and their versions: list, read. Each environment has exactly one version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datarobot_provider.emulator.common import timestamps
from datarobot_provider.emulator.common.errors import not_found
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.entities import Environment

_ENVIRONMENTS = "/executionEnvironments/"
_ENVIRONMENT = "/executionEnvironments/{environmentId}/"
_BUILT = "success"


@route("GET", _ENVIRONMENTS)
def list_environments(call: Call) -> Response:
    """List the execution environments, newest first (GET /executionEnvironments/)."""
    search = (call.query.get("searchFor") or "").lower()
    rows = [e for e in reversed(call.state.environments.values()) if search in e.name.lower()]
    return call.page(rows, _serialize)


@route("GET", _ENVIRONMENT)
def get_environment(call: Call) -> Response:
    """Return an execution environment (GET /executionEnvironments/{environmentId}/)."""
    return Response(200, _serialize(_requested(call)))


@route("GET", _ENVIRONMENT + "versions/")
def list_environment_versions(call: Call) -> Response:
    """List the versions of an execution environment (GET /executionEnvironments/{environmentId}/versions/)."""
    rows = [_requested(call)] if call.query.get("buildStatus") in {None, _BUILT} else []
    return call.page(rows, _serialize_version)


@route("GET", _ENVIRONMENT + "versions/{environmentVersionId}/")
def get_environment_version(call: Call) -> Response:
    """Return a version of an execution environment (GET .../versions/{environmentVersionId}/)."""
    environment = _requested(call)
    if environment.version_id != call.path["environmentVersionId"]:
        raise not_found()
    return Response(200, _serialize_version(environment))


def _requested(call: Call) -> Environment:
    environment = call.state.environments.get(call.path["environmentId"])
    if environment is None:
        raise not_found()
    return environment


def _serialize(environment: Environment) -> Json:
    version = _serialize_version(environment)
    return {
        "id": environment.id,
        "name": environment.name,
        "description": "",
        "programmingLanguage": "python",
        "isPublic": True,
        "created": timestamps.iso_format(environment.created),
        "latestVersion": version,
        "latestSuccessfulVersion": version,
        "requiredMetadataKeys": [],
        "useCases": ["customModel"],
    }


def _serialize_version(environment: Environment) -> Json:
    return {
        "id": environment.version_id,
        "environmentId": environment.id,
        "buildStatus": _BUILT,
        "imageId": environment.version_id,
        "label": "v1",
        "description": "",
        "created": timestamps.iso_format(environment.created),
    }
