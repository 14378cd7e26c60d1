"""Users and tenant of the emulated installation."""

from __future__ import annotations

USER_ID = "64e0000000000000000000aa"
USER_NAME = "emulator@example.com"
#: The user names and their ids. Every token belongs to the first user.
USERS = {
    USER_NAME: USER_ID,
    "reviewer@example.com": "64e0000000000000000000ab",
    "operator@example.com": "64e0000000000000000000ac",
    "auditor@example.com": "64e0000000000000000000ad",
}
TENANT_ID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
