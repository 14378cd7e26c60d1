"""Use cases: create, list, read, update, delete, and the entities in them."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from datarobot_provider.emulator.common import identifiers, timestamps, users
from datarobot_provider.emulator.common.errors import ApiError, invalid, not_found
from datarobot_provider.emulator.store.entities import UseCase, UseCaseReference
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

if TYPE_CHECKING:
    from collections.abc import Iterable

_USE_CASES = "/useCases/"
_USE_CASE = "/useCases/{useCaseId}/"
_ENTITY = "/useCases/{useCaseId}/{entityType}/{entityId}/"
_UNTITLED = "Untitled Use Case"
_COUNTS = (
    "models", "projects", "datasets", "files", "notebooks", "applications", "playgrounds", "vectorDatabases",
)  # fmt: skip
_KINDS = (
    "projects", "datasets", "files", "applications", "recipes", "notebooks", "playgrounds", "vectorDatabases",
    "customModelVersions", "registeredModelVersions", "deployments", "customApplications", "customJobs",
)  # fmt: skip
_USER = {"id": users.USER_ID, "email": users.USER_NAME, "fullName": users.USER_NAME}
_ORDERS = {
    "name": lambda each: each.name,
    "createdAt": lambda each: each.created,
    "updatedAt": lambda each: each.updated,
}


@route("POST", _USE_CASES)
def create_use_case(call: Call) -> Response:
    """Create a use case (POST /useCases/)."""
    name, description = call.body.get("name") or _UNTITLED, call.body.get("description") or ""
    use_case = UseCase(identifiers.object_id(), name, description)
    call.state.use_cases[use_case.id] = use_case
    return Response(201, _serialize(use_case))


@route("GET", _USE_CASES)
def list_use_cases(call: Call) -> Response:
    """List the use cases, newest first (GET /useCases/)."""
    search = (call.query.get("search") or "").lower()
    found = [each for each in reversed(call.state.use_cases.values()) if search in each.name.lower()]
    for parameter, kind in (("projectId", "projects"), ("applicationId", "applications")):
        if wanted := call.query.get(parameter):
            found = [each for each in found if (kind, wanted) in each.references]
    return call.page(_ordered(found, call.query.get("orderBy")), _serialize)


@route("GET", _USE_CASE)
def get_use_case(call: Call) -> Response:
    """Return a use case (GET /useCases/{useCaseId}/)."""
    return Response(200, _serialize(_requested(call)))


@route("PATCH", _USE_CASE)
def update_use_case(call: Call) -> Response:
    """Change a use case (PATCH /useCases/{useCaseId}/). A null does not change a field."""
    use_case = _requested(call)
    use_case.name = call.body.get("name") or use_case.name
    if call.body.get("description") is not None:
        use_case.description = call.body["description"]
    use_case.updated = timestamps.now()
    return Response(200, _serialize(use_case))


@route("DELETE", _USE_CASE)
def delete_use_case(call: Call) -> Response:
    """Delete a use case; its entities remain (DELETE /useCases/{useCaseId}/)."""
    del call.state.use_cases[_requested(call).id]
    return Response(204)


@route("POST", _ENTITY)
def add_to_use_case(call: Call) -> Response:
    """Add an entity to a use case (POST /useCases/{useCaseId}/{entityType}/{entityId}/).

    Only datasets are emulated. Other entities exist if they have an id.
    """
    use_case, key = _requested(call), _key(call)
    dataset = call.state.datasets.get(key[1])
    if key[0] == "datasets" and (dataset is None or dataset.deleted):
        raise not_found()
    if key in use_case.references:
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, f"{key[0]}/{key[1]} is already linked to this Use Case.")
    reference = UseCaseReference(identifiers.object_id(), *key)
    use_case.references[key] = reference
    return Response(201, _serialize_reference(use_case, reference))


@route("DELETE", _ENTITY)
def remove_from_use_case(call: Call) -> Response:
    """Remove an entity from a use case (DELETE /useCases/{useCaseId}/{entityType}/{entityId}/)."""
    if _requested(call).references.pop(_key(call), None) is None:
        raise not_found()
    return Response(204)


def _requested(call: Call) -> UseCase:
    use_case = call.state.use_cases.get(call.path["useCaseId"])
    if use_case is None:
        raise not_found()
    return use_case


def _key(call: Call) -> tuple[str, str]:
    """Return the kind and the id of an entity in the path."""
    kind = call.path["entityType"]
    if kind not in _KINDS:
        raise invalid("entityType", f"should be one of {', '.join(_KINDS)}")
    return kind, call.path["entityId"]


def _ordered(use_cases: list[UseCase], order: str | None) -> list[UseCase]:
    if order is None:
        return use_cases
    name = order.removeprefix("-")
    if name not in _ORDERS:
        raise invalid("orderBy", f"should be one of {', '.join(_ORDERS)}, with or without a minus")
    return sorted(use_cases, key=_ORDERS[name], reverse=order.startswith("-"))


def _serialize(use_case: UseCase) -> Json:
    """Return a use case as the API returns it."""
    return {
        "id": use_case.id,
        "name": use_case.name,
        "description": use_case.description,
        "createdAt": timestamps.iso_format(use_case.created),
        "created": _USER,
        "updatedAt": timestamps.iso_format(use_case.updated),
        "updated": _USER,
        "members": [_USER],
        **{f"{name}Count": _count(name, use_case.references) for name in _COUNTS},
    }


def _count(kind: str, references: Iterable[tuple[str, str]]) -> int:
    return sum(1 for each, _ in references if each == kind)


def _serialize_reference(use_case: UseCase, reference: UseCaseReference) -> Json:
    return {
        "id": reference.id,
        "entityType": reference.kind.removesuffix("s"),
        "entityId": reference.entity_id,
        "experimentContainerId": use_case.id,
        "createdAt": timestamps.iso_format(reference.created),
        "created": _USER,
        "isDeleted": False,
    }
