"""Guard templates and guard configurations, and creation of a model version with guards."""

from __future__ import annotations

from http import HTTPStatus

from datarobot_provider.emulator.common.errors import ApiError, not_found
from datarobot_provider.emulator.routes import moderation
from datarobot_provider.emulator.routes.versions import latest_or_404
from datarobot_provider.emulator.store import guards
from datarobot_provider.emulator.store.deployments import PREDICTION_ENVIRONMENT
from datarobot_provider.emulator.store.entities import VERSION_ENTITY, Guard
from datarobot_provider.emulator.store.guard_templates import TEMPLATES
from datarobot_provider.emulator.store.moderation_file import with_moderation_file
from datarobot_provider.emulator.store.versioning import add_version, copy_of
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

_CONFIGURATIONS = "/guardConfigurations/"
_CONFIGURATION = "/guardConfigurations/{configId}/"
_PAGE = 200
_ENVIRONMENTS = 32
_CONFLICT = HTTPStatus.CONFLICT
_TRUE = ("true", "True")


@route("GET", "/guardTemplates/")
def list_templates(call: Call) -> Response:
    """List the guard templates, with filters by name and for agentic templates (GET /guardTemplates/)."""
    name = call.argument("name") or None
    only_agentic = call.argument("isAgentic") in _TRUE
    agentic_too = only_agentic or call.argument("includeAgentic") in _TRUE
    candidates = [t for t in TEMPLATES if t["isAgentic"] or not only_agentic]
    rows = [t for t in candidates if name in {None, t["name"]} and (agentic_too or not t["isAgentic"])]
    return call.page(rows, dict, _PAGE)


@route("GET", "/guardTemplates/{templateId}/")
def get_template(call: Call) -> Response:
    """Return a guard template (GET /guardTemplates/{templateId}/)."""
    return Response(200, _template(call.path["templateId"]))


@route("GET", _CONFIGURATIONS)
def list_guards(call: Call) -> Response:
    """List the guard configurations of an entity (GET /guardConfigurations/)."""
    entity_type, entity_id = call.query["entityType"], call.query["entityId"]
    moderation.check_entity(call, entity_type, entity_id)
    return call.page(
        list(reversed(guards.guards_of(call.state, entity_type, entity_id))), lambda guard: guard.body, _PAGE
    )


@route("POST", _CONFIGURATIONS)
def create_guard(call: Call) -> Response:
    """Create a guard configuration of an entity (POST /guardConfigurations/)."""
    body = call.body
    template = _template(body["templateId"])
    moderation.check_entity(call, body["entityType"], body["entityId"])
    _check_not_frozen(call, body["entityType"], body["entityId"])
    entry = guards.with_template(template, body)
    guard = guards.add_guard(call.state, body["entityType"], body["entityId"], entry)
    return Response(201, guard.body)


@route("GET", _CONFIGURATIONS + "predictionEnvironmentsInUse/")
def list_environments_in_use(call: Call) -> Response:
    """List the prediction environments that the guards of a version use (GET .../predictionEnvironmentsInUse/)."""
    version_id = call.query["customModelVersionId"]
    moderation.check_entity(call, VERSION_ENTITY, version_id)
    used_by = [
        {"configurationId": guard.id, "deploymentId": guard.body["deploymentId"], "name": guard.body["name"]}
        for guard in guards.guards_of(call.state, VERSION_ENTITY, version_id)
        if guard.body["deploymentId"]
    ]
    environment = {name: PREDICTION_ENVIRONMENT[name] for name in ("id", "name")}
    rows = [{**environment, "usedBy": used_by[:_ENVIRONMENTS]}] if used_by else []
    return call.page(rows, dict, _ENVIRONMENTS)


@route("GET", _CONFIGURATION)
def get_guard(call: Call) -> Response:
    """Return a guard configuration (GET /guardConfigurations/{configId}/)."""
    return Response(200, _requested(call).body)


@route("PATCH", _CONFIGURATION)
def update_guard(call: Call) -> Response:
    """Update a guard configuration (PATCH /guardConfigurations/{configId}/)."""
    guard = _requested(call)
    _check_not_frozen(call, guard.entity_type, guard.entity_id)
    if call.body.get("name", guard.body["name"]) != guard.body["name"]:
        guards.check_name_unused(call.state, guard.entity_type, guard.entity_id, call.body["name"])
    guards.check_deployment(call.state, call.body)
    guard.body.update(guards.guard_body({**guard.body, **call.body}))
    return Response(200, guard.body)


@route("DELETE", _CONFIGURATION)
def delete_guard(call: Call) -> Response:
    """Delete a guard configuration (DELETE /guardConfigurations/{configId}/)."""
    del call.state.guards[_requested(call).id]
    return Response(204)


@route("POST", _CONFIGURATIONS + "toNewCustomModelVersion/")
def push_guards(call: Call) -> Response:
    """Create a new version of a model with guards (POST .../toNewCustomModelVersion/)."""
    model = call.state.model(call.body["customModelId"])
    latest = latest_or_404(model)
    if call.state.is_frozen(latest):
        raise ApiError(_CONFLICT, "The latest version of the custom model is frozen.")
    names = [entry["name"] for entry in call.body["data"]]
    if len(set(names)) < len(names):
        raise ApiError(_CONFLICT, "Guard configurations of one version need different names.")
    for entry in call.body["data"]:
        guards.check_deployment(call.state, entry)
    draft = copy_of(latest)
    draft.items = with_moderation_file(draft.items, call.body["data"], call.body.get("overallConfig"))
    version = add_version(model, draft)
    for entry in call.body["data"]:
        guards.add_guard(call.state, VERSION_ENTITY, version.id, entry)
    if "overallConfig" in call.body:
        moderation.store_configuration(call, VERSION_ENTITY, version.id, call.body["overallConfig"])
    return Response(200, {"customModelVersionId": version.id})


def _template(template_id: str) -> Json:
    template = next((t for t in TEMPLATES if t["id"] == template_id), None)
    if template is None:
        raise not_found()
    return template


def _requested(call: Call) -> Guard:
    guard = call.state.guards.get(call.path["configId"])
    if guard is None:
        raise not_found()
    return guard


def _check_not_frozen(call: Call, entity_type: str, entity_id: str) -> None:
    version = call.state.find_version(entity_id) if entity_type == VERSION_ENTITY else None
    if version and call.state.is_frozen(version):
        raise ApiError(_CONFLICT, "The custom model version is frozen.")
