"""The file ``moderation_config.yaml`` by which a version's guards reach the moderation library of the model server."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator import identity
from datarobot_provider.emulator.state import Item

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAME = "moderation_config.yaml"
# The service keeps keys for language models in credentials, never in a file that can be downloaded.
_SECRET = frozenset({"openaiApiKey", "openaiCredential"})
_RENAMED = {"stages": "stage"}


def with_moderation_file(
    items: Iterable[Item], guards: Iterable[Mapping[str, Any]], overall: Mapping[str, Any] | None
) -> list[Item]:
    """Return the `items` of a version with the file that says the `guards` and the `overall` configuration."""
    entries = [
        _snake({_RENAMED.get(name, name): value for name, value in guard.items() if name not in _SECRET})
        for guard in guards
    ]
    # JSON is YAML, too.
    text = json.dumps({**_snake(overall or {}), "guards": entries}, indent=2)
    file = Item(identity.object_id(), NAME, io.BytesIO(text.encode()), identity.now())
    return [*(item for item in items if item.path != NAME), file]


def _snake(value: Any) -> Any:
    """Return `value` with the names the library reads: in snake case, and without what is null."""
    if isinstance(value, dict):
        return {
            re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", name): _snake(inner)
            for name, inner in value.items()
            if inner is not None
        }
    return [_snake(inner) for inner in value] if isinstance(value, list) else value
