"""Identifiers and timestamps in the forms the API uses."""

from __future__ import annotations

import secrets
import time
import uuid
from datetime import UTC, datetime

USER_ID = "64e0000000000000000000aa"
USER_NAME = "emulator@example.com"
USERS = {
    USER_NAME: USER_ID,
    "reviewer@example.com": "64e0000000000000000000ab",
    "operator@example.com": "64e0000000000000000000ac",
    "auditor@example.com": "64e0000000000000000000ad",
}
"""The users of the emulated installation and their ids. Whoever has a token is the first one."""
TENANT_ID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"


def object_id() -> str:
    """Return a new 24-digit hexadecimal id that begins with the time, as the API's object ids do."""
    return f"{int(time.time()):08x}{secrets.token_hex(8)}"


def status_id() -> str:
    """Return a new id for a status record (a UUID)."""
    return str(uuid.uuid4())


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """Return `moment` as ISO 8601 text with microseconds and a ``Z``."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
