"""Routes of the emulated API, one module per type of resource."""

from __future__ import annotations

import importlib
import pkgutil


def load() -> None:
    """Import all modules of this package to register their routes."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        importlib.import_module(module.name)
