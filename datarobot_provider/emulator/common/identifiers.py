"""New identifiers in the formats of the API."""

from __future__ import annotations

import secrets
import time
import uuid


def object_id() -> str:
    """Return a new object id: 24 hexadecimal digits that begin with the current time."""
    return f"{int(time.time()):08x}{secrets.token_hex(8)}"


def status_id() -> str:
    """Return a new id of a status record, a UUID."""
    return str(uuid.uuid4())
