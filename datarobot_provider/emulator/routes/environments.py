"""Execution environments: create, list, read, change, delete."""

from __future__ import annotations

from datarobot_provider.emulator.common import identifiers, timestamps
from datarobot_provider.emulator.common.errors import ApiError, not_found
from datarobot_provider.emulator.openapi.deviations import TRUE_STRINGS
from datarobot_provider.emulator.routes.environment_versions import serialize_version
from datarobot_provider.emulator.store.entities import Environment
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

_ENVIRONMENTS = "/executionEnvironments/"
_ENVIRONMENT = "/executionEnvironments/{environmentId}/"
_SETTINGS = ("description", "programmingLanguage", "isPublic", "useCases", "requiredMetadataKeys")


@route("POST", _ENVIRONMENTS)
def create_environment(call: Call) -> Response:
    """Create an execution environment without a version (POST /executionEnvironments/)."""
    settings = {name: call.body[name] for name in _SETTINGS if name in call.body}
    environment = Environment(identifiers.object_id(), call.body["name"], settings)
    call.state.environments[environment.id] = environment
    return Response(201, {"id": environment.id})


@route("GET", _ENVIRONMENTS)
def list_environments(call: Call) -> Response:
    """List the execution environments, newest first (GET /executionEnvironments/)."""
    search = (call.query.get("searchFor") or "").lower()
    rows = [e for e in reversed(call.state.environments.values()) if search in e.name.lower()]
    if use := call.query.get("useCases"):
        rows = [e for e in rows if use in e.settings.get("useCases", ())]
    if public := call.query.get("isPublic"):
        rows = [e for e in rows if e.settings.get("isPublic", False) == (public in TRUE_STRINGS)]
    if own := call.query.get("isOwn"):
        # The public environments of the seed belong to DataRobot, all others to the user.
        rows = [e for e in rows if e.settings.get("isPublic", False) != (own in TRUE_STRINGS)]
    return call.page(rows, lambda e: _serialize(call, e))


@route("GET", _ENVIRONMENT)
def get_environment(call: Call) -> Response:
    """Return an execution environment (GET /executionEnvironments/{environmentId}/)."""
    return Response(200, _serialize(call, _requested(call)))


@route("PATCH", _ENVIRONMENT)
def update_environment(call: Call) -> Response:
    """Change an execution environment (PATCH /executionEnvironments/{environmentId}/)."""
    environment = _requested(call)
    environment.name = call.body.get("name", environment.name)
    environment.settings |= {name: call.body[name] for name in _SETTINGS if name in call.body}
    return Response(200, _serialize(call, environment))


@route("DELETE", _ENVIRONMENT)
def delete_environment(call: Call) -> Response:
    """Delete an execution environment that no model uses (DELETE /executionEnvironments/{environmentId}/)."""
    environment = _requested(call)
    versions = [v for model in call.state.models.values() for v in model.versions]
    if any(v.environment and v.environment.environment is environment for v in versions):
        raise ApiError(409, "The execution environment is used by custom models and cannot be deleted.")
    for version in call.state.versions_of(environment):
        del call.state.environment_versions[version.id]
    del call.state.environments[environment.id]
    return Response(204)


def _requested(call: Call) -> Environment:
    environment = call.state.environments.get(call.path["environmentId"])
    if environment is None:
        raise not_found()
    return environment


def _serialize(call: Call, environment: Environment) -> Json:
    latest = next(iter(call.state.versions_of(environment)), None)
    built = call.state.built_version(environment)
    return {
        "id": environment.id,
        "name": environment.name,
        "description": "",
        "programmingLanguage": "other",
        "isPublic": False,
        "created": timestamps.iso_format(environment.created),
        "latestVersion": serialize_version(call, latest) if latest else None,
        "latestSuccessfulVersion": serialize_version(call, built) if built else None,
        "requiredMetadataKeys": [],
        "useCases": [],
        **environment.settings,
    }
