"""Every module of the package can be imported."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import pytest

import datarobot_provider

MODULES = [info.name for info in pkgutil.walk_packages(datarobot_provider.__path__, f"{datarobot_provider.__name__}.")]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_can_be_imported(name: str) -> None:
    assert import_module(name).__name__ == name


def test_all_packages_were_searched() -> None:
    assert len(MODULES) > 200
