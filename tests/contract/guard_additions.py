"""Guard fields that DataRobot's clients use in addition to the reference pages, independent of the emulator.

Sources: the package ``datarobot-moderations`` 11.4, the newer public page of the guard routes, the official client 3.20
and DataRobot's Terraform provider.
"""

from __future__ import annotations

from typing import Any

LLM_TYPES = ["openAi", "azureOpenAi", "google", "amazon", "datarobot", "nim", "llmGateway", None]
OOTB_TYPES = [
    "token_count",
    "rouge_1",
    "faithfulness",
    "agent_goal_accuracy",
    "agent_goal_accuracy_with_reference",
    "agent_guideline_adherence",
    "task_adherence",
    "tool_call_accuracy",
    "custom_metric",
    "cost",
    "nim_jailbreak",
    "nim_content_safety",
    None,
]
GOOGLE_MODELS = ["chat-bison", "google-gemini-1.5-flash", "google-gemini-1.5-pro", None]
AWS_MODELS = [
    "amazon-titan",
    "anthropic-claude-2",
    "anthropic-claude-3-haiku",
    "anthropic-claude-3-sonnet",
    "anthropic-claude-3-opus",
    "anthropic-claude-3.5-sonnet-v1",
    "anthropic-claude-3.5-sonnet-v2",
    "amazon-nova-lite",
    "amazon-nova-micro",
    "amazon-nova-pro",
    None,
]
_STRING = {"type": ["string", "null"]}
_BOOLEAN = {"type": ["boolean", "null"]}
FIELDS: dict[str, Any] = {
    "llmType": {**_STRING, "enum": LLM_TYPES},
    "googleServiceAccount": _STRING,
    "googleRegion": _STRING,
    "googleModel": {**_STRING, "enum": GOOGLE_MODELS},
    "awsAccount": _STRING,
    "awsRegion": _STRING,
    "awsModel": {**_STRING, "enum": AWS_MODELS},
    "llmGatewayModelId": _STRING,
    "nimEndpoint": _STRING,
    "faasUrl": _STRING,
    "additionalGuardConfig": {"type": "object"},
    "copyCitations": _BOOLEAN,
    "isAgentic": _BOOLEAN,
    "forwardToken": _BOOLEAN,
    "streamingCharacterThreshold": {"type": ["integer", "null"], "minimum": 1},
}
_OOTB_TYPE = {"ootbType": {**_STRING, "enum": OOTB_TYPES}}
_SCHEMAS: dict[str, dict[str, Any]] = {
    "GuardConfigurationCreate": FIELDS,
    "GuardConfigurationUpdate": FIELDS,
    "GuardConfigurationFullPost": {**FIELDS, **_OOTB_TYPE},
    "GuardConfigurationRetrieveResponse": {**FIELDS, **_OOTB_TYPE},
    "GuardTemplateRetrieveResponse": {**FIELDS, **_OOTB_TYPE},
}
_OPTIONAL = {"GuardConfigurationFullPost": "description", "GuardConfigurationInterventionResponse": "message"}
_INCLUDE_AGENTIC = {"name": "includeAgentic", "in": "query", "schema": {"type": "boolean"}}


def extend_contract(document: dict[str, Any]) -> dict[str, Any]:
    """Return the contract with the additional guard fields."""
    schemas = document["components"]["schemas"]
    for name, fields in _SCHEMAS.items():
        schemas[name]["properties"].update(fields)
    for name, field in _OPTIONAL.items():
        schemas[name]["required"].remove(field)
    document["paths"]["/api/v2/guardTemplates/"]["get"].setdefault("parameters", []).append(_INCLUDE_AGENTIC)
    return document
