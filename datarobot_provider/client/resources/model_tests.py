"""``/api/v2/customModelTests/``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client.pagination import items
from datarobot_provider.client.request import Request, route
from datarobot_provider.client.resources.base import Accepted, Resource, Rows, accepted

if TYPE_CHECKING:
    from collections.abc import Mapping

_TESTS = "customModelTests/"
_TEST = _TESTS + "{custom_model_test_id}/"


class ModelTests(Resource):
    """Tests of a model version."""

    def start(self, payload: Mapping[str, Any]) -> Accepted:
        """Start a test: POST ``customModelTests/``."""
        return accepted(self._send(Request("POST", _TESTS, json=dict(payload))))

    def get(self, custom_model_test_id: str) -> dict[str, Any]:
        """Return a test: GET ``customModelTests/{customModelTestId}/``."""
        return self._send(Request("GET", route(_TEST, custom_model_test_id=custom_model_test_id))).object()

    def list(self, custom_model_id: str, filters: Mapping[str, Any] | None = None, limit: int | None = None) -> Rows:
        """Return the tests of a model, newest first: GET ``customModelTests/``."""
        return items(self._send, _TESTS, {"customModelId": custom_model_id, **(filters or {})}, limit=limit)

    def log(self, custom_model_test_id: str) -> str:
        """Return the whole log of a test: GET ``customModelTests/{customModelTestId}/log/``."""
        path = route(_TEST + "log/", custom_model_test_id=custom_model_test_id)
        return self._send(Request("GET", path)).log_text()

    def log_tail(self, custom_model_test_id: str, lines: int) -> str:
        """Return the end of a test's log: GET ``customModelTests/{customModelTestId}/tail/``."""
        path = route(_TEST + "tail/", custom_model_test_id=custom_model_test_id)
        return self._send(Request("GET", path, params={"lines": lines})).log_text()

    def cancel(self, custom_model_test_id: str) -> None:
        """Cancel a test: DELETE ``customModelTests/{customModelTestId}/``."""
        self._send(Request("DELETE", route(_TEST, custom_model_test_id=custom_model_test_id)))
