"""Schemas of the guard fields that are newer than the reference pages.

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
_LIBRARY = "supported by the moderation library 11.4"
_PAGE = "documented on the newer public page of the guard routes"

Schema = Mapping[str, Any]


def nullable_enum(values: tuple[str, ...]) -> Schema:
    """Return the schema of a nullable string with an enumeration."""
    return {"type": ["string", "null"], "enum": [*values, None]}


_STRING: Schema = {"type": ["string", "null"], "maxLength": 255}
_BOOLEAN: Schema = {"type": ["boolean", "null"]}
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
#: Optional string fields, returned as null if they were not sent. The credentials are ids and no secrets.
STRING_FIELDS: Mapping[str, tuple[Schema, str]] = {
    "googleServiceAccount": (_STRING, _PAGE),
    "googleRegion": (_STRING, _PAGE),
    "googleModel": (nullable_enum(_GOOGLE_MODELS), _PAGE),
    "awsAccount": (_STRING, _PAGE),
    "awsRegion": (_STRING, _PAGE),
    "awsModel": (nullable_enum(_AWS_MODELS), _PAGE),
    "llmGatewayModelId": (_STRING, _LIBRARY),
    "nimEndpoint": (_STRING, _LIBRARY),
    "faasUrl": (_STRING, _LIBRARY),
}
#: Optional fields that are returned only if they were sent.
OTHER_FIELDS: Mapping[str, tuple[Schema, str]] = {
    "additionalGuardConfig": (_ADDITIONAL, "sent by Terraform; " + _PAGE),
    "copyCitations": (_BOOLEAN, _LIBRARY),
    "isAgentic": (_BOOLEAN, _LIBRARY),
    "forwardToken": (_BOOLEAN, _LIBRARY),
    "streamingCharacterThreshold": ({"type": ["integer", "null"], "minimum": 1}, _LIBRARY),
}
FIELDS: Mapping[str, tuple[Schema, str]] = {**STRING_FIELDS, **OTHER_FIELDS}
