"""``/api/v2/credentials/``."""

from __future__ import annotations

from datarobot_provider.client.pagination import items
from datarobot_provider.client.resources.base import Resource, Rows


class Credentials(Resource):
    """The credentials that DataRobot keeps for the connection's user; their secrets are never shown."""

    def list(self) -> Rows:
        """Return the credentials, the newest first: GET ``credentials/``."""
        return items(self._send, "credentials/", {})
