"""``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/dependencyBuild/``."""

from __future__ import annotations

from typing import Any

from datarobot_provider.client.request import Request, Response, route
from datarobot_provider.client.resources.base import Resource

_VERSION = "customModels/{custom_model_id}/versions/{custom_model_version_id}/"


class DependencyBuilds(Resource):
    """Builds of a version's dependencies."""

    def start(self, custom_model_id: str, custom_model_version_id: str) -> dict[str, Any]:
        """Start the build: POST ``…/dependencyBuild/``."""
        return self._ask("POST", "dependencyBuild/", custom_model_id, custom_model_version_id).object()

    def get(self, custom_model_id: str, custom_model_version_id: str) -> dict[str, Any]:
        """Return the build: GET ``…/dependencyBuild/``."""
        return self._ask("GET", "dependencyBuild/", custom_model_id, custom_model_version_id).object()

    def log(self, custom_model_id: str, custom_model_version_id: str) -> str:
        """Return the log of a finished build: GET ``…/dependencyBuildLog/``."""
        return self._ask("GET", "dependencyBuildLog/", custom_model_id, custom_model_version_id).log_text()

    def cancel(self, custom_model_id: str, custom_model_version_id: str) -> None:
        """Cancel the build: DELETE ``…/dependencyBuild/``."""
        self._ask("DELETE", "dependencyBuild/", custom_model_id, custom_model_version_id)

    def _ask(self, method: str, what: str, custom_model_id: str, custom_model_version_id: str) -> Response:
        path = route(_VERSION, custom_model_id=custom_model_id, custom_model_version_id=custom_model_version_id)
        return self._send(Request(method, path + what))
