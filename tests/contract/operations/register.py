"""Marks tests with the operations that they cover; ``docs/coverage.md`` is generated from the marks."""

from __future__ import annotations

import pytest


def covers(*operation_ids: str) -> pytest.MarkDecorator:
    """Mark a test with operations, each of which must succeed in the test and conform to the contract."""
    return pytest.mark.operation(*operation_ids)
