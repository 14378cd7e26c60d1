"""Fixtures with certificates."""

from __future__ import annotations

import pytest

from tests.unit.certificates import Pems, make_pems


@pytest.fixture(scope="session")
def pems(tmp_path_factory: pytest.TempPathFactory) -> Pems:
    """Create a certificate and keys."""
    return make_pems(tmp_path_factory.mktemp("pems"))
