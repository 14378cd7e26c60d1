"""Writer of ``moderation_config.yaml``, which configures the moderation library of the model server.

The library rejects unknown fields and types. Therefore only the fields of its configuration schema are written, with
the names of that schema (package ``datarobot-moderations`` 11.4).
"""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.common import identifiers, timestamps
from datarobot_provider.emulator.store.entities import Item

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAME = "moderation_config.yaml"
_EVERY_GUARD = (
    "name", "description", "stages", "intervention", "copyCitations", "isAgentic", "additionalGuardConfig",
    "streamingCharacterThreshold",
)  # fmt: skip
# Without API keys: the service stores them in credentials and never in a file that can be downloaded.
_LANGUAGE_MODEL = (
    "deploymentId", "llmType", "llmGatewayModelId", "openaiApiBase", "openaiDeploymentId", "googleRegion",
    "googleModel", "awsRegion", "awsModel",
)  # fmt: skip
_MODEL = ("model", ("deploymentId", "modelInfo"))
# The API's type of a guard -> the library's type, and the fields that the library reads in addition to `_EVERY_GUARD`.
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
    """Return the files of a version with the moderation file added or replaced.

    :param items: the files of the version.
    :param guards: the API fields of the guards.
    :param overall: the overall moderation configuration, or None.
    """
    # JSON is a subset of YAML.
    text = json.dumps({**_to_snake_case(overall or {}), "guards": [_entry(guard) for guard in guards]}, indent=2)
    file = Item(identifiers.object_id(), NAME, io.BytesIO(text.encode()), timestamps.now())
    return [*(item for item in items if item.path != NAME), file]


def _entry(guard: Mapping[str, Any]) -> Any:
    """Return a guard in the format of the library. Empty objects, which some clients send, are omitted."""
    library_type, own = _TYPES[guard["type"]]
    entry: dict[str, Any] = {"type": library_type}
    for name in (*_EVERY_GUARD, *own):
        value = guard.get(name)
        if isinstance(value, dict):
            value = {key: inner for key, inner in value.items() if key not in _NOT_READ.get(name, ())}
        if value not in (None, {}):
            entry[name] = value
    return _to_snake_case(entry)


def _to_snake_case(value: Any) -> Any:
    """Return a value with the keys of the library, in snake case, and without null values."""
    if isinstance(value, dict):
        return {
            re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", _RENAMED.get(name) or name): _to_snake_case(inner)
            for name, inner in value.items()
            if inner is not None
        }
    return [_to_snake_case(inner) for inner in value] if isinstance(value, list) else value
