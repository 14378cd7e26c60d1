"""Use cases: list, read. They are made through the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datarobot_provider.emulator.store import identity
from datarobot_provider.emulator.web.errors import not_found
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.state import UseCase

_COUNTS = (
    "models", "projects", "datasets", "files", "notebooks", "applications", "playgrounds", "vectorDatabases",
)  # fmt: skip
_USER = {"id": identity.USER_ID, "email": identity.USER_NAME, "fullName": identity.USER_NAME}


@route("GET", "/useCases/")
def list_use_cases(call: Call) -> Response:
    """List the use cases, newest first (GET /useCases/)."""
    words = (call.query.get("search") or "").lower()
    rows = [u for u in reversed(call.state.use_cases.values()) if words in u.name.lower()]
    return call.page(rows, _view)


@route("GET", "/useCases/{useCaseId}/")
def get_use_case(call: Call) -> Response:
    """Answer one use case (GET /useCases/{useCaseId}/)."""
    use_case = call.state.use_cases.get(call.path["useCaseId"])
    if use_case is None:
        raise not_found()
    return Response(200, _view(use_case))


def _view(use_case: UseCase) -> Json:
    """Return a use case as the API answers it; what belongs to it is not emulated, so it counts nothing."""
    moment = identity.timestamp(use_case.created)
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
