"""The two routes that initialize prediction explanations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client.request import Request, route
from datarobot_provider.client.resources.base import Accepted, Resource, accepted

if TYPE_CHECKING:
    from collections.abc import Mapping

_INITIALIZATION = "predictionExplanationsInitialization/"
_VERSION = "customModels/{custom_model_id}/versions/{custom_model_version_id}/" + _INITIALIZATION


class PredictionExplanations(Resource):
    """Prediction explanations of a version."""

    def initialize(self, custom_model_id: str, custom_model_version_id: str) -> Accepted:
        """Initialize them: POST ``…/versions/{customModelVersionId}/predictionExplanationsInitialization/``."""
        path = route(_VERSION, custom_model_id=custom_model_id, custom_model_version_id=custom_model_version_id)
        return accepted(self._send(Request("POST", path)))

    def initialize_in_environment(self, payload: Mapping[str, Any]) -> Accepted:
        """Initialize them in an environment: POST ``customModels/predictionExplanationsInitialization/``."""
        return accepted(self._send(Request("POST", "customModels/" + _INITIALIZATION, json=dict(payload))))
