"""What a task log shows of a result: the checks of a test as a table, feature impacts as bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_BAR = 30
_TOP = 10
_LONGEST_NAME = 40
_LONGEST_MESSAGE = 150


def checks_table(test: Mapping[str, Any]) -> list[str]:
    """Return the checks of a model test, one line each, with a heading.

    :param test: a test as the API returns it.
    """
    checks = {name: check for name, check in (test.get("testingStatus") or {}).items() if isinstance(check, Mapping)}
    if not checks:
        return []
    rows = [("check", "status", "message")]
    rows += [(name, str(check.get("status")), _gist(str(check.get("message") or ""))) for name, check in checks.items()]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = [f"{name:<{widths[0]}}  {status:<{widths[1]}}  {message}".rstrip() for name, status, message in rows]
    return [lines[0], "-" * max(len(line) for line in lines), *lines[1:]]


def impact_bars(impacts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the features of the highest impact, one bar each.

    :param impacts: feature impacts as the API returns them.
    """
    ranked = sorted(filter(None, impacts), key=lambda impact: -_impact(impact))[:_TOP]
    names = [str(impact.get("featureName"))[:_LONGEST_NAME] for impact in ranked]
    width = max(map(len, names), default=0)
    return [
        f"{name:<{width}}  {'#' * max(0, round(_impact(impact) * _BAR)):<{_BAR}}  {_impact(impact):.3f}"
        for name, impact in zip(names, ranked, strict=True)
    ]


def _gist(message: str) -> str:
    """Return the last line, which is where a traceback says what went wrong; the remote log has the rest."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return lines[-1][:_LONGEST_MESSAGE] if lines else ""


def _impact(impact: Mapping[str, Any]) -> float:
    value = impact.get("impactNormalized")
    return float(value) if isinstance(value, int | float) else 0.0
