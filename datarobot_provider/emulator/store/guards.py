"""Guard configurations: construction and checks."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.common import identifiers, timestamps, users
from datarobot_provider.emulator.common.errors import INVALID, ApiError
from datarobot_provider.emulator.evaluation.guard_check import guard_problem
from datarobot_provider.emulator.openapi import guard_fields
from datarobot_provider.emulator.openapi.contract import Contract
from datarobot_provider.emulator.store.entities import Guard
from datarobot_provider.emulator.store.guard_templates import TEMPLATES

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.state import State

Json = dict[str, Any]
_CREATE_SCHEMA = "GuardConfigurationCreate"
_NULLABLE = (
    "deploymentId", "llmType", "ootbType", "openaiApiBase", "openaiDeploymentId", "openaiCredential",
    *guard_fields.STRING_FIELDS,
)  # fmt: skip
_OBJECTS = ("modelInfo", "nemoInfo")
_INHERITED = ("description", "type", "ootbType", "isAgentic", "copyCitations")


def find_template(name: str) -> Json | None:
    """Return the guard template with a name or an id, or None.

    :param name: the name or the id.
    """
    return next((template for template in TEMPLATES if name in {template["name"], template["id"]}), None)


def with_template(template: Json, body: Json) -> Json:
    """Return the fields of a guard that is created from a template.

    :param template: the template.
    :param body: the fields that were sent, which have precedence.
    """
    return {**{name: template[name] for name in _INHERITED if name in template}, **body}


def guards_of(state: State, entity_type: str, entity_id: str) -> list[Guard]:
    """Return the guards of an entity, oldest first.

    :param entity_type: the type of the entity.
    :param entity_id: the id of the entity.
    """
    entity = (entity_type, entity_id)
    return [guard for guard in state.guards.values() if (guard.entity_type, guard.entity_id) == entity]


def add_guard(state: State, entity_type: str, entity_id: str, entry: Json) -> Guard:
    """Add a guard to an entity.

    :param entity_type: the type of the entity.
    :param entity_id: the id of the entity.
    :param entry: the fields that were sent, together with those of the template.
    :raises ApiError: with status 409 if the name is not unique, or 404 if the deployment does not exist.
    """
    check_name_unused(state, entity_type, entity_id, entry["name"])
    check_deployment(state, entry)
    guard = Guard(identifiers.object_id(), entity_type, entity_id, {})
    guard.body = {
        **guard_body(entry),
        "id": guard.id,
        "entityId": entity_id,
        "entityType": entity_type,
        "createdAt": timestamps.iso_format(timestamps.now()),
        "creatorId": users.USER_ID,
        "creatorName": users.USER_NAME,
    }
    state.guards[guard.id] = guard
    return guard


def add_from_template(state: State, template: Json, entity_type: str, entity_id: str, values: Json) -> Guard:
    """Add a guard with the name, the stages and the intervention of a template, unless other values are given.

    :param template: the template.
    :param entity_type: the type of the entity.
    :param entity_id: the id of the entity.
    :param values: fields of the request that creates a guard, without the entity and the template.
    :raises ApiError: with status 422 if a field violates the contract, or as in `add_guard`.
    """
    intervention = dict(template["intervention"])
    intervention["message"] = intervention.pop("modifyMessage")
    body = {
        "name": template["name"],
        "stages": template["allowedStages"],
        "intervention": intervention,
        **values,
        "templateId": template["id"],
        "entityType": entity_type,
        "entityId": entity_id,
    }
    problems = Contract.load().body_problems(_CREATE_SCHEMA, body)
    if problems:
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, INVALID, problems)
    return add_guard(state, entity_type, entity_id, with_template(template, body))


def guard_body(entry: Json) -> Json:
    """Return the API fields of a guard. The API key of a language model is neither stored nor returned.

    :param entry: the fields that were sent, together with those of the template.
    """
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


def check_deployment(state: State, entry: Json) -> None:
    """Check that the deployment of a guard exists.

    :param entry: the fields of the guard.
    :raises ApiError: with status 404 if it does not exist.
    """
    deployment_id = entry.get("deploymentId")
    if deployment_id is not None and deployment_id not in state.deployments:
        raise ApiError(HTTPStatus.NOT_FOUND, "Deployment not found.")


def check_name_unused(state: State, entity_type: str, entity_id: str, name: str) -> None:
    """Check that no guard of an entity has a name.

    :param entity_type: the type of the entity.
    :param entity_id: the id of the entity.
    :param name: the name.
    :raises ApiError: with status 409 if a guard has it.
    """
    if any(guard.body["name"] == name for guard in guards_of(state, entity_type, entity_id)):
        raise ApiError(HTTPStatus.CONFLICT, "A guard configuration with this name exists already.")
