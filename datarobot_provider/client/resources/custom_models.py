"""``/api/v2/customModels/``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client.pagination import items
from datarobot_provider.client.request import Request, route
from datarobot_provider.client.resources.base import Accepted, Resource, Rows, accepted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MODELS = "customModels/"
_MODEL = _MODELS + "{custom_model_id}/"
_ACCESS = _MODEL + "accessControl/"


class CustomModels(Resource):
    """Custom models."""

    def create(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Create a model: POST ``customModels/``."""
        return self._send(Request("POST", _MODELS, json=dict(payload))).object()

    def get(self, custom_model_id: str) -> dict[str, Any]:
        """Return a model: GET ``customModels/{customModelId}/``."""
        return self._send(Request("GET", route(_MODEL, custom_model_id=custom_model_id))).object()

    def list(self, filters: Mapping[str, Any], limit: int | None = None) -> Rows:
        """Return models: GET ``customModels/``."""
        return items(self._send, _MODELS, filters, limit=limit)

    def update(self, custom_model_id: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Change a model: PATCH ``customModels/{customModelId}/``."""
        path = route(_MODEL, custom_model_id=custom_model_id)
        return self._send(Request("PATCH", path, json=dict(payload))).object()

    def delete(self, custom_model_id: str) -> None:
        """Delete a model: DELETE ``customModels/{customModelId}/``."""
        self._send(Request("DELETE", route(_MODEL, custom_model_id=custom_model_id)))

    def copy(self, custom_model_id: str) -> dict[str, Any]:
        """Copy a model: POST ``customModels/fromCustomModel/``."""
        body = {"customModelId": custom_model_id}
        return self._send(Request("POST", _MODELS + "fromCustomModel/", json=body)).object()

    def download_request(self, custom_model_id: str, *, pps: bool | None = None) -> Request:
        """Return the request for the files of the latest version: GET ``customModels/{customModelId}/download/``."""
        path = route(_MODEL + "download/", custom_model_id=custom_model_id)
        return Request("GET", path, params={"pps": pps})

    def access(self, custom_model_id: str, limit: int | None = None) -> Rows:
        """Return who may do what: GET ``customModels/{customModelId}/accessControl/``."""
        return items(self._send, route(_ACCESS, custom_model_id=custom_model_id), {}, limit=limit)

    def share(self, custom_model_id: str, roles: Sequence[Mapping[str, Any]]) -> None:
        """Change who may do what: PATCH ``customModels/{customModelId}/accessControl/``."""
        path = route(_ACCESS, custom_model_id=custom_model_id)
        self._send(Request("PATCH", path, json={"data": [dict(role) for role in roles]}))

    def assign_training_data(self, custom_model_id: str, payload: Mapping[str, Any]) -> Accepted:
        """Assign training data to a model (deprecated): PATCH ``customModels/{customModelId}/trainingData/``."""
        path = route(_MODEL + "trainingData/", custom_model_id=custom_model_id)
        return accepted(self._send(Request("PATCH", path, json=dict(payload))))

    def limits(self) -> dict[str, Any]:
        """Return the limits of the account: GET ``customModelLimits/``."""
        return self._send(Request("GET", "customModelLimits/")).object()
