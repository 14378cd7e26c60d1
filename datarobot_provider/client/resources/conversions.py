"""``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/conversions/``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client.pagination import items
from datarobot_provider.client.request import Request, route
from datarobot_provider.client.resources.base import Resource, Rows

if TYPE_CHECKING:
    from collections.abc import Mapping

_CONVERSIONS = "customModels/{custom_model_id}/versions/{custom_model_version_id}/conversions/"
_CONVERSION = _CONVERSIONS + "{conversion_id}/"


class Conversions(Resource):
    """Conversions of a version."""

    def start(self, custom_model_id: str, custom_model_version_id: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Start a conversion: POST ``…/conversions/``."""
        path = route(_CONVERSIONS, custom_model_id=custom_model_id, custom_model_version_id=custom_model_version_id)
        return self._send(Request("POST", path, json=dict(payload))).object()

    def get(self, **ids: str) -> dict[str, Any]:
        """Return a conversion: GET ``…/conversions/{conversionId}/``."""
        return self._send(Request("GET", route(_CONVERSION, **ids))).object()

    def list(
        self,
        custom_model_id: str,
        custom_model_version_id: str,
        filters: Mapping[str, Any],
        limit: int | None = None,
    ) -> Rows:
        """Return conversions: GET ``…/conversions/``."""
        path = route(_CONVERSIONS, custom_model_id=custom_model_id, custom_model_version_id=custom_model_version_id)
        return items(self._send, path, filters, limit=limit)

    def stop(self, **ids: str) -> None:
        """Stop a conversion: DELETE ``…/conversions/{conversionId}/``."""
        self._send(Request("DELETE", route(_CONVERSION, **ids)))
