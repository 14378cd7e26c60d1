"""``/api/v2/guardConfigurations/`` and ``/api/v2/guardTemplates/``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client.pagination import items
from datarobot_provider.client.request import Request, route
from datarobot_provider.client.resources.base import Resource, Rows

if TYPE_CHECKING:
    from collections.abc import Mapping

_CONFIGURATIONS = "guardConfigurations/"
_CONFIGURATION = _CONFIGURATIONS + "{config_id}/"
_TEMPLATES = "guardTemplates/"
_MOST_ENVIRONMENTS = 32


class Guards(Resource):
    """Guard configurations and the templates they are made from."""

    def create(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Create a configuration: POST ``guardConfigurations/``."""
        return self._send(Request("POST", _CONFIGURATIONS, json=dict(payload))).object()

    def get(self, config_id: str) -> dict[str, Any]:
        """Return a configuration: GET ``guardConfigurations/{configId}/``."""
        return self._send(Request("GET", route(_CONFIGURATION, config_id=config_id))).object()

    def list(self, filters: Mapping[str, Any], limit: int | None = None) -> Rows:
        """Return the configurations of an entity: GET ``guardConfigurations/``."""
        return items(self._send, _CONFIGURATIONS, filters, limit=limit)

    def update(self, config_id: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Change a configuration: PATCH ``guardConfigurations/{configId}/``."""
        return self._send(Request("PATCH", route(_CONFIGURATION, config_id=config_id), json=dict(payload))).object()

    def delete(self, config_id: str) -> None:
        """Delete a configuration: DELETE ``guardConfigurations/{configId}/``."""
        self._send(Request("DELETE", route(_CONFIGURATION, config_id=config_id)))

    def push_to_new_version(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Apply guards to a new version: POST ``guardConfigurations/toNewCustomModelVersion/``."""
        path = _CONFIGURATIONS + "toNewCustomModelVersion/"
        return self._send(Request("POST", path, json=dict(payload))).object()

    def prediction_environments(self, custom_model_version_id: str, limit: int | None = None) -> Rows:
        """Return the prediction environments in use: GET ``guardConfigurations/predictionEnvironmentsInUse/``."""
        path = _CONFIGURATIONS + "predictionEnvironmentsInUse/"
        filters = {"customModelVersionId": custom_model_version_id}
        return items(self._send, path, filters, limit=limit, page_size=_MOST_ENVIRONMENTS)

    def templates(self, filters: Mapping[str, Any], limit: int | None = None) -> Rows:
        """Return the templates: GET ``guardTemplates/``."""
        return items(self._send, _TEMPLATES, filters, limit=limit)

    def template(self, template_id: str) -> dict[str, Any]:
        """Return a template: GET ``guardTemplates/{templateId}/``."""
        return self._send(Request("GET", route(_TEMPLATES + "{template_id}/", template_id=template_id))).object()
