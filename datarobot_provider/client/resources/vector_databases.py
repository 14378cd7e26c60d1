"""``/api/v2/genai/customModelVectorDatabaseValidations/``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client.pagination import items
from datarobot_provider.client.request import Request, route
from datarobot_provider.client.resources.base import Resource

if TYPE_CHECKING:
    from collections.abc import Mapping

_VALIDATIONS = "genai/customModelVectorDatabaseValidations/"
_VALIDATION = _VALIDATIONS + "{validation_id}/"


class VectorDatabaseValidations(Resource):
    """Validations of deployments as vector databases."""

    def create(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Start a validation: POST ``genai/customModelVectorDatabaseValidations/``."""
        return self._send(Request("POST", _VALIDATIONS, json=dict(payload))).object()

    def get(self, validation_id: str) -> dict[str, Any]:
        """Return a validation: GET ``genai/customModelVectorDatabaseValidations/{validationId}/``."""
        return self._send(Request("GET", route(_VALIDATION, validation_id=validation_id))).object()

    def list(self, filters: Mapping[str, Any], limit: int | None = None) -> list[dict[str, Any]]:
        """Return validations: GET ``genai/customModelVectorDatabaseValidations/``."""
        return items(self._send, _VALIDATIONS, filters, limit=limit)

    def update(self, validation_id: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Change a validation: PATCH ``genai/customModelVectorDatabaseValidations/{validationId}/``."""
        path = route(_VALIDATION, validation_id=validation_id)
        return self._send(Request("PATCH", path, json=dict(payload))).object()

    def delete(self, validation_id: str) -> None:
        """Delete a validation: DELETE ``genai/customModelVectorDatabaseValidations/{validationId}/``."""
        self._send(Request("DELETE", route(_VALIDATION, validation_id=validation_id)))

    def revalidate(self, validation_id: str) -> dict[str, Any]:
        """Validate again: POST ``genai/customModelVectorDatabaseValidations/{validationId}/revalidate/``."""
        path = route(_VALIDATION + "revalidate/", validation_id=validation_id)
        return self._send(Request("POST", path)).object()
