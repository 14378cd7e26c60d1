"""``/api/v2/mlops/portablePredictionServerImage/``."""

from __future__ import annotations

from typing import Any

from datarobot_provider.client.request import Request
from datarobot_provider.client.resources.base import Resource

_IMAGE = "mlops/portablePredictionServerImage/"


class PredictionServerImage(Resource):
    """The image of the portable prediction server."""

    def metadata(self) -> dict[str, Any]:
        """Return name, size and hash of the image: GET ``mlops/portablePredictionServerImage/metadata/``."""
        return self._send(Request("GET", _IMAGE + "metadata/")).object()

    def download_request(self) -> Request:
        """Return the request for the image: GET ``mlops/portablePredictionServerImage/``."""
        return Request("GET", _IMAGE)
