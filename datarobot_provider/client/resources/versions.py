"""``/api/v2/customModels/{customModelId}/versions/``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.multipart import UploadBody
from datarobot_provider.client.pagination import items
from datarobot_provider.client.request import Request, route
from datarobot_provider.client.resources.base import Accepted, Resource, Rows, accepted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from datarobot_provider.client.files import ModelFile

_VERSIONS = "customModels/{custom_model_id}/versions/"
_VERSION = _VERSIONS + "{custom_model_version_id}/"
_RUNTIME_PARAMETERS = "runtimeParameterValues"


class Versions(Resource):
    """Versions of a custom model."""

    def create(
        self,
        custom_model_id: str,
        fields: Sequence[tuple[str, str]],
        files: Sequence[ModelFile],
        report: Callable[[str], None] = lambda _: None,
    ) -> dict[str, Any]:
        """Create a version from these files alone: POST ``customModels/{customModelId}/versions/``."""
        return self._upload("POST", custom_model_id, fields, files, report)

    def create_from_latest(
        self,
        custom_model_id: str,
        fields: Sequence[tuple[str, str]],
        files: Sequence[ModelFile],
        report: Callable[[str], None] = lambda _: None,
    ) -> dict[str, Any]:
        """Create a version from the latest one, with changes: PATCH ``customModels/{customModelId}/versions/``."""
        return self._upload("PATCH", custom_model_id, fields, files, report)

    def create_from_repository(
        self, custom_model_id: str, payload: Mapping[str, Any], *, from_latest: bool
    ) -> Accepted:
        """Create a version from a repository: POST or, from the latest, PATCH ``…/versions/fromRepository/``."""
        path = route(_VERSIONS + "fromRepository/", custom_model_id=custom_model_id)
        return accepted(self._send(Request("PATCH" if from_latest else "POST", path, json=dict(payload))))

    def create_with_training_data(self, custom_model_id: str, payload: Mapping[str, Any]) -> Accepted:
        """Create a version with training data (deprecated): PATCH ``…/versions/withTrainingData/``."""
        path = route(_VERSIONS + "withTrainingData/", custom_model_id=custom_model_id)
        return accepted(self._send(Request("PATCH", path, json=dict(payload))))

    def get(self, custom_model_id: str, custom_model_version_id: str) -> dict[str, Any]:
        """Return a version: GET ``customModels/{customModelId}/versions/{customModelVersionId}/``."""
        return self._send(Request("GET", _path(_VERSION, custom_model_id, custom_model_version_id))).object()

    def list(self, custom_model_id: str, filters: Mapping[str, Any], limit: int | None = None) -> Rows:
        """Return versions, newest first: GET ``customModels/{customModelId}/versions/``."""
        return items(self._send, route(_VERSIONS, custom_model_id=custom_model_id), filters, limit=limit)

    def latest(self, custom_model_id: str) -> dict[str, Any] | None:
        """Return the newest version, or ``None``: GET ``customModels/{customModelId}/versions/``."""
        return next(iter(self.list(custom_model_id, {}, limit=1)), None)

    def update(self, custom_model_id: str, custom_model_version_id: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Change a version: PATCH ``customModels/{customModelId}/versions/{customModelVersionId}/``."""
        path = _path(_VERSION, custom_model_id, custom_model_version_id)
        return self._send(Request("PATCH", path, json=dict(payload))).object()

    def download_request(
        self, custom_model_id: str, custom_model_version_id: str, *, pps: bool | None = None
    ) -> Request:
        """Return the request for a version's files: GET ``…/versions/{customModelVersionId}/download/``."""
        path = _path(_VERSION + "download/", custom_model_id, custom_model_version_id)
        return Request("GET", path, params={"pps": pps})

    def _upload(
        self,
        method: str,
        custom_model_id: str,
        fields: Sequence[tuple[str, str]],
        files: Sequence[ModelFile],
        report: Callable[[str], None],
    ) -> dict[str, Any]:
        path = route(_VERSIONS, custom_model_id=custom_model_id)
        upload = Request(method, path, upload=lambda: UploadBody(fields, files, report), secret_values=_private(fields))
        return self._send(upload).object()


def _private(fields: Sequence[tuple[str, str]]) -> frozenset[str]:
    """Return the strings among the values of the runtime parameters, which may be secrets."""
    values = [row["value"] for name, text in fields if name == _RUNTIME_PARAMETERS for row in json.loads(text)]
    return frozenset(value for value in values if isinstance(value, str))


def _path(template: str, custom_model_id: str, custom_model_version_id: str) -> str:
    return route(template, custom_model_id=custom_model_id, custom_model_version_id=custom_model_version_id)
