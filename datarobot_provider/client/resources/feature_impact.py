"""``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/featureImpact/``, and the image routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client.pagination import get_all_pages
from datarobot_provider.client.request import Request, route
from datarobot_provider.client.resources.base import Accepted, Resource, accepted

if TYPE_CHECKING:
    from collections.abc import Mapping

_IMPACT = "customModels/{custom_model_id}/versions/{custom_model_version_id}/featureImpact/"
_IMAGE_IMPACT = "customInferenceImages/{image_id}/featureImpact/"


class FeatureImpacts(Resource):
    """Feature impact of a version."""

    def start(self, custom_model_id: str, custom_model_version_id: str, payload: Mapping[str, Any]) -> Accepted:
        """Start the computation: POST ``…/featureImpact/``."""
        path = route(_IMPACT, custom_model_id=custom_model_id, custom_model_version_id=custom_model_version_id)
        return accepted(self._send(Request("POST", path, json=dict(payload))))

    def start_for_image(self, image_id: str, payload: Mapping[str, Any]) -> Accepted:
        """Start the computation for an image (deprecated): POST ``customInferenceImages/{imageId}/featureImpact/``."""
        return accepted(self._send(Request("POST", route(_IMAGE_IMPACT, image_id=image_id), json=dict(payload))))

    def get(self, custom_model_id: str, custom_model_version_id: str) -> dict[str, Any]:
        """Return the impacts: GET ``…/featureImpact/``."""
        ids = {"custom_model_id": custom_model_id, "custom_model_version_id": custom_model_version_id}
        return get_all_pages(self._send, route(_IMPACT, **ids))

    def get_for_image(self, image_id: str) -> dict[str, Any]:
        """Return the impacts of an image (deprecated): GET ``customInferenceImages/{imageId}/featureImpact/``."""
        return get_all_pages(self._send, route(_IMAGE_IMPACT, image_id=image_id))
