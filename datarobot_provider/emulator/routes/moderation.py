"""Overall moderation configuration of an entity: the timeout of its guards."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from datarobot_provider.emulator.common import identifiers, timestamps, users
from datarobot_provider.emulator.common.errors import not_found
from datarobot_provider.emulator.store.entities import VERSION_ENTITY, Version
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.state import State

_OVERALL = "/overallModerationConfiguration/"


@route("GET", _OVERALL)
def get_overall(call: Call) -> Response:
    """Return the overall configuration of an entity (GET /overallModerationConfiguration/)."""
    entity_type, entity_id = call.query["entityType"], call.query["entityId"]
    check_entity(call, entity_type, entity_id)
    found = call.state.moderation.get((entity_type, entity_id))
    if found is None:
        raise not_found()
    return Response(200, found)


@route("PATCH", _OVERALL)
def update_overall(call: Call) -> Response:
    """Update the overall configuration of an entity (PATCH /overallModerationConfiguration/)."""
    entity_type, entity_id = call.body["entityType"], call.body["entityId"]
    check_entity(call, entity_type, entity_id)
    return Response(200, store_configuration(call, entity_type, entity_id, call.body))


def store_configuration(call: Call, entity_type: str, entity_id: str, values: Json) -> Json:
    """Store the overall configuration of an entity and return it as the API returns it."""
    body = {
        "entityType": entity_type,
        "entityId": entity_id,
        "timeoutSec": values["timeoutSec"],
        "timeoutAction": values["timeoutAction"],
        "updatedAt": timestamps.iso_format(timestamps.now()),
        "updaterId": users.USER_ID,
    }
    call.state.moderation[(entity_type, entity_id)] = body
    return body


def copy_guards(state: State, source: Version, version: Version) -> None:
    """Copy the guards and the overall configuration of a version to a new version.

    :param state: the state of the emulator.
    :param source: the version from which the new version was created.
    :param version: the new version.
    """
    for guard in [g for g in state.guards.values() if (g.entity_type, g.entity_id) == (VERSION_ENTITY, source.id)]:
        copied_id = identifiers.object_id()
        body = {**guard.body, "id": copied_id, "entityId": version.id}
        state.guards[copied_id] = replace(guard, id=copied_id, entity_id=version.id, body=body)
    overall = state.moderation.get((VERSION_ENTITY, source.id))
    if overall:
        state.moderation[(VERSION_ENTITY, version.id)] = {**overall, "entityId": version.id}


def check_entity(call: Call, entity_type: str, entity_id: str) -> None:
    """Check that an entity exists. Playgrounds are not emulated, so every playground exists.

    :raises ApiError: with status 404 if the entity does not exist.
    """
    if entity_type == "customModel":
        call.state.model(entity_id)
    elif entity_type == VERSION_ENTITY and call.state.find_version(entity_id) is None:
        raise not_found()
