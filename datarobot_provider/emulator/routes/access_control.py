"""Access control of custom models: list and change the roles of users."""

from __future__ import annotations

from datarobot_provider.emulator.common import users
from datarobot_provider.emulator.common.errors import INVALID, ApiError, FieldProblem
from datarobot_provider.emulator.store.entities import Grant
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

_ACCESS = "/customModels/{customModelId}/accessControl/"
_OWNER = "OWNER"


@route("GET", _ACCESS)
def list_access(call: Call) -> Response:
    """List the users of a custom model with their roles (GET /customModels/{customModelId}/accessControl/)."""
    model = call.state.model(call.path["customModelId"])
    username, user_id = call.argument("username"), call.argument("userId")
    if username is not None and user_id is not None:
        raise ApiError(400, "Give either username or userId, not both.")
    rows = [
        (name, grant)
        for name, grant in model.grants.items()
        if username in {None, name} and user_id in {None, users.USERS[name]}
    ]
    return call.page(rows, lambda row: _serialize(*row), total=False)


@route("PATCH", _ACCESS)
def update_access(call: Call) -> Response:
    """Grant, change and revoke roles in one transaction (PATCH /customModels/{customModelId}/accessControl/)."""
    model = call.state.model(call.path["customModelId"])
    entries = call.body["data"]
    unknown = [
        FieldProblem(("body", "data", str(index), "username"), "There is no such user.")
        for index, entry in enumerate(entries)
        if entry["username"] not in users.USERS
    ]
    if unknown:
        raise ApiError(422, INVALID, unknown)
    grants = dict(model.grants)
    for entry in entries:
        grants.pop(entry["username"], None)
        if entry["role"] is not None:
            grants[entry["username"]] = Grant(entry["role"], entry.get("canShare", True))
    if not any(grant.role == _OWNER for grant in grants.values()):
        raise ApiError(409, "The custom model would be left without an owner.")
    model.grants = grants
    return Response(204)


def _serialize(username: str, grant: Grant) -> Json:
    return {
        "username": username,
        "userId": users.USERS[username],
        "role": grant.role,
        "canShare": grant.can_share,
    }
