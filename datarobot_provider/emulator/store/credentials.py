"""Credentials of the user, as the seed and the control API make them. Their secrets are neither asked for nor kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.store import identity

if TYPE_CHECKING:
    from datetime import datetime

_TEXT = {"type": "string", "minLength": 1}
SCHEMA = {
    "type": "object",
    "properties": {"id": _TEXT, "name": _TEXT, "credentialType": _TEXT, "description": {"type": "string"}},
    "required": ["name"],
    "additionalProperties": False,
}


@dataclass
class Credential:
    """A credential: what it is called, and its type such as ``api_token``, ``basic`` or ``s3``."""

    id: str
    name: str
    type: str
    description: str
    created: datetime = field(default_factory=identity.now)

    def entry(self) -> dict[str, Any]:
        """Return the credential as the control API shows it."""
        return {"id": self.id, "name": self.name, "credentialType": self.type}


def make_credential(entry: dict[str, Any]) -> Credential:
    """Return the credential described by a seed or control `entry`."""
    return Credential(
        id=entry.get("id") or identity.object_id(),
        name=entry["name"],
        type=entry.get("credentialType", "api_token"),
        description=entry.get("description", ""),
    )
