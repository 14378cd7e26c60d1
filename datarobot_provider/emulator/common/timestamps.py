"""Timestamps in the format of the API."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def iso_format(moment: datetime) -> str:
    """Return a time as an ISO 8601 string with microseconds and the suffix ``Z``."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
