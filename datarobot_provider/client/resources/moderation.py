"""``/api/v2/overallModerationConfiguration/``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client.request import Request
from datarobot_provider.client.resources.base import Resource

if TYPE_CHECKING:
    from collections.abc import Mapping

_OVERALL = "overallModerationConfiguration/"


class Moderation(Resource):
    """What holds for all guards of an entity."""

    def get(self, entity_id: str, entity_type: str) -> dict[str, Any]:
        """Return the configuration: GET ``overallModerationConfiguration/``."""
        params = {"entityId": entity_id, "entityType": entity_type}
        return self._send(Request("GET", _OVERALL, params=params)).object()

    def update(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Set the configuration: PATCH ``overallModerationConfiguration/``."""
        return self._send(Request("PATCH", _OVERALL, json=dict(payload))).object()
