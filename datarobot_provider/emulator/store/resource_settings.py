"""Resource settings of a model server: memory limits, or a resource bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.common.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

_BUNDLE = "resourceBundleId"
_MEMORY = ("maximumMemory", "desiredMemory")


def check_resource_bundle(body: Mapping[str, Any]) -> None:
    """Check that a request does not set both a resource bundle and memory.

    :raises ApiError: with status 422 if it sets both, which the reference calls incompatible.
    """
    given = [name for name in _MEMORY if body.get(name) is not None]
    if given and body.get(_BUNDLE) is not None:
        raise invalid(_BUNDLE, f"is incompatible with {given[0]}")


def without_incompatible(inherited: dict[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inherited settings without those that are incompatible with a request.

    :param inherited: the settings of an earlier version.
    :param body: the body of the request.
    """
    replaced: set[str] = set()
    if body.get(_BUNDLE) is not None:
        replaced.update(_MEMORY)
    if any(body.get(name) is not None for name in _MEMORY):
        replaced.add(_BUNDLE)
    return {name: value for name, value in inherited.items() if name not in replaced}
