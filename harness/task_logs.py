"""Airflow's structured task logs as plain text."""

from __future__ import annotations

from typing import Any

FRAMES = 3


def readable(records: list[dict[str, Any]], *, last: int = 40) -> str:
    """Return the last lines of a task's log: time, level, message and exception.

    :param records: the records of the log, as the API returns them.
    :param last: the number of lines; default 40.
    """
    lines = [line for record in records if not _is_heading(record) for line in _lines(record)]
    return "\n".join(lines[-last:])


def _is_heading(record: dict[str, Any]) -> bool:
    """Return whether a record is not part of the log itself: its source, or a group marker of the log viewer."""
    message = str(record.get("event", ""))
    return (record.get("timestamp") is None and "level" not in record) or message.startswith(
        ("::group::", "::endgroup::")
    )


def _lines(record: dict[str, Any]) -> list[str]:
    clock = str(record.get("timestamp") or "")[11:19]
    level = str(record.get("level") or "info").upper()
    first, *more = str(record.get("event", "")).splitlines() or [""]
    exceptions = record.get("error_detail") or []
    return [f"{clock:8} {level:7} {first}", *(f"    {line}" for line in more), *_exceptions(exceptions)]


def _exceptions(details: list[dict[str, Any]]) -> list[str]:
    """Return the lines of an exception and its causes: the last frames and the message of each."""
    lines: list[str] = []
    for detail in details:
        lines += ["    caused by"] if lines else []
        frames = (detail.get("frames") or [])[-FRAMES:]
        lines += [f"    {frame['filename']}:{frame['lineno']} in {frame['name']}" for frame in frames]
        message = str(detail.get("exc_value", "")).splitlines() or [""]
        lines += [f"    {detail.get('exc_type')}: {message[0]}", *(f"    {line}" for line in message[1:])]
    return lines
