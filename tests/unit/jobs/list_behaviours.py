"""What the list of an account may return, for the tests of waits that share it."""

from __future__ import annotations

from datarobot_provider.exceptions import (
    AccessDeniedError,
    ApiError,
    AuthenticationError,
    NotFoundError,
    RateLimitError,
    ServerError,
    TransportError,
)
from tests.unit.jobs.job_account import LIST

LOGGER = "datarobot_provider.jobs.job_list"
REFUSAL = {"method": "GET", "path": LIST}
REFUSED = {
    "403": AccessDeniedError(403, "no", **REFUSAL),
    "404": NotFoundError(404, "no", **REFUSAL),
    "405": ApiError(405, "no", **REFUSAL),
}
FAILED = {
    "503": ServerError(503, "later", **REFUSAL),
    "lost": TransportError("lost", reason="lost", sent=True),
    "429": RateLimitError(429, "busy", **REFUSAL),
    "401": AuthenticationError(401, "who?", **REFUSAL),
}


def raising(error):
    def listed(_entries, _now):
        raise error

    return listed


def always_running(entries, _now):
    return [{**entry, "status": "RUNNING", "message": ""} for entry in entries]


def with_progress(listed):
    """Return a list whose entries change each time it is read."""
    return lambda entries, now: [{**entry, "percentageCompleted": now} for entry in listed(entries, now)]


def pages(size):
    """Return a list in pages."""

    def listed(entries, where):
        number = int(where.rpartition("=")[2]) if isinstance(where, str) else 0
        rest = entries[(number + 1) * size :]
        following = f"https://datarobot.example/api/v2/status/?page={number + 1}" if rest else None
        return {"data": entries[number * size : (number + 1) * size], "next": following}

    return listed
