"""Guard templates and guard configurations, and creation of a model version with guards."""

from __future__ import annotations

from http import HTTPStatus

from datarobot_provider.emulator.common import identifiers, timestamps, users
from datarobot_provider.emulator.common.errors import ApiError, not_found
from datarobot_provider.emulator.evaluation.guard_check import guard_problem
from datarobot_provider.emulator.openapi import guard_fields
from datarobot_provider.emulator.routes import moderation
from datarobot_provider.emulator.routes.versions import latest_or_404
from datarobot_provider.emulator.store.entities import PREDICTION_ENVIRONMENT, VERSION_ENTITY, Guard
from datarobot_provider.emulator.store.guard_templates import TEMPLATES
from datarobot_provider.emulator.store.moderation_file import with_moderation_file
from datarobot_provider.emulator.store.versioning import add_version, copy_of
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

_CONFIGURATIONS = "/guardConfigurations/"
_CONFIGURATION = "/guardConfigurations/{configId}/"
_PAGE = 200
_ENVIRONMENTS = 32
_CONFLICT = HTTPStatus.CONFLICT
_NULLABLE = (
    "deploymentId", "llmType", "ootbType", "openaiApiBase", "openaiDeploymentId", "openaiCredential",
    *guard_fields.STRING_FIELDS,
)  # fmt: skip
_OBJECTS = ("modelInfo", "nemoInfo")
_INHERITED = ("description", "type", "ootbType", "isAgentic", "copyCitations")
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
    return call.page(list(reversed(_guards_of(call, entity_type, entity_id))), lambda guard: guard.body, _PAGE)


@route("POST", _CONFIGURATIONS)
def create_guard(call: Call) -> Response:
    """Create a guard configuration of an entity (POST /guardConfigurations/)."""
    body = call.body
    template = _template(body["templateId"])
    moderation.check_entity(call, body["entityType"], body["entityId"])
    _check_not_frozen(call, body["entityType"], body["entityId"])
    inherited = {name: template[name] for name in _INHERITED if name in template}
    guard = _add(call, body["entityType"], body["entityId"], {**inherited, **body})
    return Response(201, guard.body)


@route("GET", _CONFIGURATIONS + "predictionEnvironmentsInUse/")
def list_environments_in_use(call: Call) -> Response:
    """List the prediction environments that the guards of a version use (GET .../predictionEnvironmentsInUse/)."""
    version_id = call.query["customModelVersionId"]
    moderation.check_entity(call, VERSION_ENTITY, version_id)
    used_by = [
        {"configurationId": guard.id, "deploymentId": guard.body["deploymentId"], "name": guard.body["name"]}
        for guard in _guards_of(call, VERSION_ENTITY, version_id)
        if guard.body["deploymentId"]
    ]
    rows = [{**PREDICTION_ENVIRONMENT, "usedBy": used_by[:_ENVIRONMENTS]}] if used_by else []
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
        _check_name_unused(call, guard.entity_type, guard.entity_id, call.body["name"])
    _check_deployment(call, call.body)
    guard.body.update(_serialize({**guard.body, **call.body}))
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
        _check_deployment(call, entry)
    draft = copy_of(latest)
    draft.items = with_moderation_file(draft.items, call.body["data"], call.body.get("overallConfig"))
    version = add_version(model, draft)
    for entry in call.body["data"]:
        _add(call, VERSION_ENTITY, version.id, entry)
    if "overallConfig" in call.body:
        moderation.store_configuration(call, VERSION_ENTITY, version.id, call.body["overallConfig"])
    return Response(200, {"customModelVersionId": version.id})


def _template(template_id: str) -> Json:
    for template in TEMPLATES:
        if template["id"] == template_id:
            return template
    raise not_found()


def _requested(call: Call) -> Guard:
    guard = call.state.guards.get(call.path["configId"])
    if guard is None:
        raise not_found()
    return guard


def _guards_of(call: Call, entity_type: str, entity_id: str) -> list[Guard]:
    entity = (entity_type, entity_id)
    return [guard for guard in call.state.guards.values() if (guard.entity_type, guard.entity_id) == entity]


def _add(call: Call, entity_type: str, entity_id: str, entry: Json) -> Guard:
    _check_name_unused(call, entity_type, entity_id, entry["name"])
    _check_deployment(call, entry)
    guard = Guard(identifiers.object_id(), entity_type, entity_id, {})
    guard.body = {
        **_serialize(entry),
        "id": guard.id,
        "entityId": entity_id,
        "entityType": entity_type,
        "createdAt": timestamps.iso_format(timestamps.now()),
        "creatorId": users.USER_ID,
        "creatorName": users.USER_NAME,
    }
    call.state.guards[guard.id] = guard
    return guard


def _serialize(entry: Json) -> Json:
    """Return the API fields of a guard. The API key of a language model is never returned."""
    problem = guard_problem(entry)
    return {
        "name": entry["name"],
        # The official client cannot read a guard whose description is missing or empty.
        "description": entry.get("description", entry["name"]),
        "type": entry["type"],
        "stages": entry["stages"],
        "parameters": entry.get("parameters", []),
        **{name: entry.get(name) for name in _NULLABLE},
        **{name: entry[name] for name in _OBJECTS if entry.get(name)},
        **{name: entry[name] for name in guard_fields.OTHER_FIELDS if entry.get(name) not in (None, {})},
        **_intervention(entry.get("intervention")),
        "openaiApiKey": None,
        "isValid": problem is None,
        "errorMessage": problem,
    }


def _intervention(intervention: Json | None) -> Json:
    """Return the intervention with a message, which may be empty."""
    return {"intervention": {**intervention, "message": intervention.get("message") or ""}} if intervention else {}


def _check_deployment(call: Call, entry: Json) -> None:
    deployment_id = entry.get("deploymentId")
    if deployment_id is not None and deployment_id not in call.state.deployments:
        raise ApiError(404, "Deployment not found.")


def _check_name_unused(call: Call, entity_type: str, entity_id: str, name: str) -> None:
    if any(guard.body["name"] == name for guard in _guards_of(call, entity_type, entity_id)):
        raise ApiError(_CONFLICT, "A guard configuration with this name exists already.")


def _check_not_frozen(call: Call, entity_type: str, entity_id: str) -> None:
    version = call.state.find_version(entity_id) if entity_type == VERSION_ENTITY else None
    if version and call.state.is_frozen(version):
        raise ApiError(_CONFLICT, "The custom model version is frozen.")
