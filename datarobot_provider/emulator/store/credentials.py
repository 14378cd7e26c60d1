"""Credentials of the user, which the seed or the control API creates. They have no secrets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.common import identifiers, timestamps

if TYPE_CHECKING:
    from datetime import datetime

_STRING = {"type": "string", "minLength": 1}
SCHEMA = {
    "type": "object",
    "properties": {"id": _STRING, "name": _STRING, "credentialType": _STRING, "description": {"type": "string"}},
    "required": ["name"],
    "additionalProperties": False,
}


@dataclass
class Credential:
    """A credential.

    :param type: the credential type, for example ``api_token``, ``basic`` or ``s3``.
    """

    id: str
    name: str
    type: str
    description: str
    created: datetime = field(default_factory=timestamps.now)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object of the control API."""
        return {"id": self.id, "name": self.name, "credentialType": self.type}


def make_credential(entry: dict[str, Any]) -> Credential:
    """Create a credential.

    :param entry: an entry of the seed or the body of a control request.
    """
    return Credential(
        id=entry.get("id") or identifiers.object_id(),
        name=entry["name"],
        type=entry.get("credentialType", "api_token"),
        description=entry.get("description", ""),
    )
