"""Says which operations of the contract a test is about; the page ``docs/coverage.md`` is made from it."""

from __future__ import annotations

import pytest


def covers(*operation_ids: str) -> pytest.MarkDecorator:
    """Mark a test: it must see each of these operations answered well, with nothing beside the contract."""
    return pytest.mark.operation(*operation_ids)
