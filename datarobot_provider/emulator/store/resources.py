"""The resources that a model server asks for: memory, or a bundle that settles it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.web.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

_BUNDLE = "resourceBundleId"
_MEMORY = ("maximumMemory", "desiredMemory")


def check_bundle(body: Mapping[str, Any]) -> None:
    """Raise 422 if a request sets a resource bundle and memory: the reference calls the two incompatible."""
    given = [name for name in _MEMORY if body.get(name) is not None]
    if given and body.get(_BUNDLE) is not None:
        raise invalid(_BUNDLE, f"is incompatible with {given[0]}")


def without_replaced(inherited: dict[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of an earlier version without those that the settings in `body` are incompatible with."""
    replaced: set[str] = set()
    if body.get(_BUNDLE) is not None:
        replaced.update(_MEMORY)
    if any(body.get(name) is not None for name in _MEMORY):
        replaced.add(_BUNDLE)
    return {name: value for name, value in inherited.items() if name not in replaced}
