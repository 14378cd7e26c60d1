"""``/api/v2/version/``: the installation itself."""

from __future__ import annotations

from typing import Any

from datarobot_provider.client.request import Request
from datarobot_provider.client.resources.base import Resource


class Platform(Resource):
    """The installation."""

    def version(self) -> dict[str, Any]:
        """Return the API's version: GET ``version/``."""
        return self._send(Request("GET", "version/")).object()
