"""The file ``moderation_config.yaml`` by which a version's guards reach the moderation library of the model server.

The library refuses a file with a field or a type that it does not know, so only its own fields are written, under its
own names (``datarobot-moderations`` 11.4, the package's configuration schema).
"""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.store import identity
from datarobot_provider.emulator.store.state import Item

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAME = "moderation_config.yaml"
_EVERY_GUARD = (
    "name", "description", "stages", "intervention", "copyCitations", "isAgentic", "additionalGuardConfig",
    "streamingCharacterThreshold",
)  # fmt: skip
# Without keys: the service keeps those for language models in credentials, never in a file that can be downloaded.
_LANGUAGE_MODEL = (
    "deploymentId", "llmType", "llmGatewayModelId", "openaiApiBase", "openaiDeploymentId", "googleRegion",
    "googleModel", "awsRegion", "awsModel",
)  # fmt: skip
_MODEL = ("model", ("deploymentId", "modelInfo"))
# The API's type of a guard -> the library's, and the fields that the library reads of it beside those of every guard.
_TYPES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "ootb": ("ootb", (*_LANGUAGE_MODEL, "ootbType", "faasUrl", "nimEndpoint", "forwardToken")),
    "guardModel": _MODEL,
    "userModel": _MODEL,
    "pii": _MODEL,
    "nemo": ("nemo_guardrails", _LANGUAGE_MODEL),
}
_NOT_READ = {"intervention": ("allowedActions", "conditionLogic"), "modelInfo": ("modelName",)}
_RENAMED = {"stages": "stage", "outputColumnName": "targetName"}


def with_moderation_file(
    items: Iterable[Item], guards: Iterable[Mapping[str, Any]], overall: Mapping[str, Any] | None
) -> list[Item]:
    """Return the `items` of a version with the file that says the `guards` and the `overall` configuration."""
    # JSON is YAML, too.
    text = json.dumps({**_snake(overall or {}), "guards": [_entry(guard) for guard in guards]}, indent=2)
    file = Item(identity.object_id(), NAME, io.BytesIO(text.encode()), identity.now())
    return [*(item for item in items if item.path != NAME), file]


def _entry(guard: Mapping[str, Any]) -> Any:
    """Return a guard as the library reads it; an empty object, which some clients send, means nothing."""
    library_type, own = _TYPES[guard["type"]]
    entry: dict[str, Any] = {"type": library_type}
    for name in (*_EVERY_GUARD, *own):
        value = guard.get(name)
        if isinstance(value, dict):
            value = {key: inner for key, inner in value.items() if key not in _NOT_READ.get(name, ())}
        if value not in (None, {}):
            entry[name] = value
    return _snake(entry)


def _snake(value: Any) -> Any:
    """Return `value` with the names the library reads: in snake case, and without what is null."""
    if isinstance(value, dict):
        return {
            re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", _RENAMED.get(name) or name): _snake(inner)
            for name, inner in value.items()
            if inner is not None
        }
    return [_snake(inner) for inner in value] if isinstance(value, list) else value
