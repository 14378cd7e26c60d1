"""The fields of a guard that are newer than the reference pages, and what a guard lacks to be valid.

Sources: the package ``datarobot-moderations`` 11.4 (its configuration schema and its ``add-guard`` command, which sends
the API's own names), the newer public page of the guard routes (``awsAccount`` to ``googleServiceAccount``, and
``additionalGuardConfig``), the official client, DataRobot's Terraform provider and ``datarobotx-idp``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LLM_TYPES = ("openAi", "azureOpenAi", "google", "amazon", "datarobot", "nim", "llmGateway")
OOTB_TYPES = (
    "token_count", "faithfulness", "rouge_1", "cost", "agent_goal_accuracy", "agent_goal_accuracy_with_reference",
    "agent_guideline_adherence", "task_adherence", "tool_call_accuracy", "custom_metric", "nim_jailbreak",
    "nim_content_safety",
)  # fmt: skip
STAGES = ("prompt", "response")
_GOOGLE_MODELS = ("chat-bison", "google-gemini-1.5-flash", "google-gemini-1.5-pro")
_AWS_MODELS = (
    "amazon-titan", "anthropic-claude-2", "anthropic-claude-3-haiku", "anthropic-claude-3-sonnet",
    "anthropic-claude-3-opus", "anthropic-claude-3.5-sonnet-v1", "anthropic-claude-3.5-sonnet-v2", "amazon-nova-lite",
    "amazon-nova-micro", "amazon-nova-pro",
)  # fmt: skip
_LIBRARY = "of the moderation library 11.4"
_PAGE = "on the newer public page of the guard routes"

Schema = Mapping[str, Any]


def nullable_enum(words: tuple[str, ...]) -> Schema:
    """Return the schema of a string that is one of `words`, or null."""
    return {"type": ["string", "null"], "enum": [*words, None]}


_TEXT: Schema = {"type": ["string", "null"], "maxLength": 255}
_SWITCH: Schema = {"type": ["boolean", "null"]}
_PRICE: Schema = {"type": "number", "minimum": 0}
_UNIT: Schema = {"type": "integer", "minimum": 0}
_COST: Schema = {
    "type": ["object", "null"],
    "properties": {
        "currency": {"type": "string", "maxLength": 255},
        "inputPrice": _PRICE,
        "inputUnit": _UNIT,
        "outputPrice": _PRICE,
        "outputUnit": _UNIT,
    },
    "required": ["currency", "inputPrice", "inputUnit", "outputPrice", "outputUnit"],
    "additionalProperties": False,
}
_ADDITIONAL: Schema = {
    "type": ["object", "null"],
    "properties": {
        "agentGuideline": {"type": ["string", "null"], "maxLength": 4096},
        "cost": _COST,
        "toolCall": {"type": ["object", "null"]},
    },
    "additionalProperties": False,
}

LLM_TYPE = nullable_enum(LLM_TYPES)
OOTB_TYPE = nullable_enum(OOTB_TYPES)
STAGE_LIST: Schema = {"type": "array", "items": {"type": "string", "enum": list(STAGES)}, "maxItems": 16}
#: Optional text fields, shown as null where they were not given; the credentials are ids and no secrets.
TEXTS: Mapping[str, tuple[Schema, str]] = {
    "googleServiceAccount": (_TEXT, _PAGE),
    "googleRegion": (_TEXT, _PAGE),
    "googleModel": (nullable_enum(_GOOGLE_MODELS), _PAGE),
    "awsAccount": (_TEXT, _PAGE),
    "awsRegion": (_TEXT, _PAGE),
    "awsModel": (nullable_enum(_AWS_MODELS), _PAGE),
    "llmGatewayModelId": (_TEXT, _LIBRARY),
    "nimEndpoint": (_TEXT, _LIBRARY),
    "faasUrl": (_TEXT, _LIBRARY),
}
#: Optional fields that are shown only where they were given.
OTHERS: Mapping[str, tuple[Schema, str]] = {
    "additionalGuardConfig": (_ADDITIONAL, "sent by Terraform; " + _PAGE),
    "copyCitations": (_SWITCH, _LIBRARY),
    "isAgentic": (_SWITCH, _LIBRARY),
    "forwardToken": (_SWITCH, _LIBRARY),
    "streamingCharacterThreshold": ({"type": ["integer", "null"], "minimum": 1}, _LIBRARY),
}
FIELDS: Mapping[str, tuple[Schema, str]] = {**TEXTS, **OTHERS}

_NEEDED_BY_LLM = {
    "azureOpenAi": ("openaiApiBase", "openaiDeploymentId"),
    "google": ("googleRegion", "googleModel"),
    "amazon": ("awsRegion", "awsModel"),
    "datarobot": ("deploymentId",),
    "nim": ("openaiApiBase",),
}
_NEEDED_BY_TYPE = {"guardModel": ("deploymentId",), "ootb": ("ootbType",)}
_NEEDED_BY_OOTB_TYPE = {
    "faithfulness": ("llmType",),
    "agent_goal_accuracy": ("llmType",),
    "agent_guideline_adherence": ("llmType", "additionalGuardConfig.agentGuideline"),
    "task_adherence": ("llmType",),
    "cost": ("additionalGuardConfig.cost",),
    "custom_metric": ("faasUrl",),
    "nim_jailbreak": ("nimEndpoint",),
    "nim_content_safety": ("nimEndpoint",),
}


def problem(guard: Mapping[str, Any]) -> str | None:
    """Return why a guard cannot work, or None. The API takes it all the same and shows it as invalid."""
    for field, needs in (("type", _NEEDED_BY_TYPE), ("ootbType", _NEEDED_BY_OOTB_TYPE), ("llmType", _NEEDED_BY_LLM)):
        value = guard.get(field) or ""
        missing = [place for place in needs.get(value, ()) if not _at(guard, place)]
        if missing:
            return f"A guard with the {field} {value} needs {' and '.join(missing)}."
    return None


def _at(guard: Mapping[str, Any], place: str) -> Any:
    value: Any = guard
    for key in place.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
