"""Use cases: list, read. The seed or the control API creates them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datarobot_provider.emulator.common import timestamps, users
from datarobot_provider.emulator.common.errors import not_found
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.entities import UseCase

_COUNTS = (
    "models", "projects", "datasets", "files", "notebooks", "applications", "playgrounds", "vectorDatabases",
)  # fmt: skip
_USER = {"id": users.USER_ID, "email": users.USER_NAME, "fullName": users.USER_NAME}


@route("GET", "/useCases/")
def list_use_cases(call: Call) -> Response:
    """List the use cases, newest first (GET /useCases/)."""
    search = (call.query.get("search") or "").lower()
    rows = [u for u in reversed(call.state.use_cases.values()) if search in u.name.lower()]
    return call.page(rows, _serialize)


@route("GET", "/useCases/{useCaseId}/")
def get_use_case(call: Call) -> Response:
    """Return a use case (GET /useCases/{useCaseId}/)."""
    use_case = call.state.use_cases.get(call.path["useCaseId"])
    if use_case is None:
        raise not_found()
    return Response(200, _serialize(use_case))


def _serialize(use_case: UseCase) -> Json:
    """Return a use case as the API returns it. Its content is not emulated, so all counts are 0."""
    moment = timestamps.iso_format(use_case.created)
    return {
        "id": use_case.id,
        "name": use_case.name,
        "description": "",
        "createdAt": moment,
        "created": _USER,
        "updatedAt": moment,
        "updated": _USER,
        "members": [_USER],
        **{f"{name}Count": 0 for name in _COUNTS},
    }
