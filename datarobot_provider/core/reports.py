"""Reports for the task log: the checks of a model test as a table, feature impacts as bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_BAR_WIDTH = 30
_MAX_FEATURES = 10
_MAX_NAME_LENGTH = 40
_MAX_MESSAGE_LENGTH = 150


def checks_table(test: Mapping[str, Any]) -> list[str]:
    """Return the checks of a model test as a table: a header, and one line per check.

    :param test: a model test as the API returns it.
    :returns: the lines; empty if the test has no checks.
    """
    checks = {name: check for name, check in (test.get("testingStatus") or {}).items() if isinstance(check, Mapping)}
    if not checks:
        return []
    rows = [("check", "status", "message")]
    rows += [
        (name, str(check.get("status")), _last_line(str(check.get("message") or ""))) for name, check in checks.items()
    ]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = [f"{name:<{widths[0]}}  {status:<{widths[1]}}  {message}".rstrip() for name, status, message in rows]
    return [lines[0], "-" * max(len(line) for line in lines), *lines[1:]]


def impact_bars(impacts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a bar chart of the features with the highest impact, one line per feature.

    :param impacts: feature impacts as the API returns them.
    """
    ranked = sorted(filter(None, impacts), key=lambda impact: -_impact(impact))[:_MAX_FEATURES]
    names = [str(impact.get("featureName"))[:_MAX_NAME_LENGTH] for impact in ranked]
    width = max(map(len, names), default=0)
    return [
        f"{name:<{width}}  {'#' * max(0, round(_impact(impact) * _BAR_WIDTH)):<{_BAR_WIDTH}}  {_impact(impact):.3f}"
        for name, impact in zip(names, ranked, strict=True)
    ]


def _last_line(message: str) -> str:
    """Return the last line of a message: in a traceback, it contains the error. The full text is in the remote log."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return lines[-1][:_MAX_MESSAGE_LENGTH] if lines else ""


def _impact(impact: Mapping[str, Any]) -> float:
    value = impact.get("impactNormalized")
    return float(value) if isinstance(value, int | float) else 0.0
