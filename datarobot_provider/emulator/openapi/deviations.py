"""Intended deviations of the emulator from the published contract, with their reasons.

The contract was created from reference pages. Clients that work with the real service are known to send or to require
more. The emulator accepts the request fields in `REQUEST` and sends the response fields in `RESPONSE`. A field that is
neither in the contract nor in these tables is rejected in a request, and recorded as a violation in a response.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from datarobot_provider.emulator.openapi import guard_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

TRUE_STRINGS = ("true", "True")
BOOLEAN_STRINGS = (*TRUE_STRINGS, "false", "False")


class Amendment(NamedTuple):
    """A changed field of a schema of the contract.

    :param schema: the name of the schema.
    :param field: the name of the field.
    :param spec: the JSON schema that replaces or adds the field, or None to keep it.
    :param reason: why the field deviates.
    :param optional: whether the field is no longer required.
    """

    schema: str
    field: str
    spec: Mapping[str, Any] | None
    reason: str
    optional: bool = False


class ExtraResponse(NamedTuple):
    """A response that the contract does not list.

    :param status: the status of the response.
    :param schema: the name of the schema of its body, or None if the body is not validated.
    :param reason: why the response deviates.
    """

    method: str
    path: str
    status: int
    schema: str | None
    reason: str


_TAGS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"name": {"type": "string"}, "value": {"type": "string"}},
        "required": ["name", "value"],
    },
}
_SKIP_WARN_FAIL = {"type": "string", "enum": ["skip", "warn", "fail"]}
_BOOLEAN_OR_STRING = {"oneOf": [{"type": "boolean"}, {"enum": list(BOOLEAN_STRINGS)}]}
_MAJOR = {"oneOf": [{"type": ["boolean", "null"]}, {"enum": [*BOOLEAN_STRINGS, "None"]}]}
_TARGET_TYPES = {
    "type": "string",
    "enum": [
        "Binary", "Regression", "Multiclass", "Anomaly", "Transform", "TextGeneration", "GeoPoint", "Unstructured",
        "VectorDatabase", "AgenticWorkflow", "Multilabel", "MCP",
    ],
}  # fmt: skip


def _or_empty(schema: str) -> dict[str, Any]:
    return {"anyOf": [{"$ref": f"#/$defs/{schema}"}, {"type": "object", "maxProperties": 0}]}


def _nullable(schema: str) -> dict[str, Any]:
    return {"anyOf": [{"$ref": f"#/$defs/{schema}"}, {"type": "null"}]}


_CHECKS = ("predictionVerificationCheck", "performanceCheck", "stabilityCheck")
_VERSION_FORMS = ("CustomModelVersionCreate", "CustomModelVersionCreateFromLatest")
_GUARD_PUSH = "GuardConfigurationFullPost"
_GUARD_READ = "GuardConfigurationRetrieveResponse"
_GUARD_REQUESTS = ("GuardConfigurationCreate", "GuardConfigurationUpdate", _GUARD_PUSH)
_GUARD_RESPONSES = (_GUARD_READ, "GuardTemplateRetrieveResponse")
_GUARD_INTERVENTION = "GuardConfigurationInterventionResponse"


def _guard_fields(schema: str) -> list[Amendment]:
    newer = [Amendment(schema, name, spec, reason) for name, (spec, reason) in guard_fields.FIELDS.items()]
    return [Amendment(schema, "llmType", guard_fields.LLM_TYPE, "newer language models of guards"), *newer]


REQUEST: tuple[Amendment, ...] = (
    Amendment("CustomModelCreate", "targetType", _TARGET_TYPES, "newer target types, sent by the SDK and Terraform"),
    Amendment("CustomModelCreate", "isUnstructuredModelKind", {"type": "boolean"}, "sent by the GitHub Action"),
    Amendment("CustomModelCreate", "isProxyModel", {"type": "boolean"}, "sent by Terraform"),
    Amendment("CustomModelCreate", "tags", _TAGS, "sent by Terraform"),
    Amendment("CustomModelUpdate", "externalMlopsStatsConfig", {"type": "object"}, "sent by the GitHub Action"),
    *(
        Amendment(s, "isMajorUpdate", _MAJOR, "clients omit it or send JSON booleans and 'None'", True)
        for s in _VERSION_FORMS
    ),
    *(Amendment(s, "keepTrainingHoldoutData", _BOOLEAN_OR_STRING, "sent as a string in forms") for s in _VERSION_FORMS),
    *(
        Amendment(s, name, {"type": ["string", "array"]}, "JSON in a string, or a list in a JSON body")
        for name in ("runtimeParameters", "runtimeParameterValues")
        for s in _VERSION_FORMS
    ),
    Amendment("CustomModelVersionCreateFromRepository", "isMajorUpdate", _MAJOR, "same values as in the forms"),
    Amendment("CustomModelTests", "parameters", {"type": "object"}, "sent by the GitHub Action"),
    Amendment("UserRoleWithGrant", "canUseData", {"type": "boolean"}, "may be sent by the SDK's sharing"),
    *(Amendment("CustomModelTestsConfig", name, _SKIP_WARN_FAIL, "a check of the GitHub Action") for name in _CHECKS),
    Amendment(_GUARD_PUSH, "parameters", None, "never sent by the SDK or Terraform", optional=True),
    Amendment(_GUARD_PUSH, "description", None, "omitted by add-guard of the moderation library", optional=True),
    Amendment(_GUARD_PUSH, "creatorName", {"type": "string"}, "sent by datarobotx-idp"),
    Amendment(_GUARD_PUSH, "ootbType", guard_fields.OOTB_TYPE, "newer out-of-the-box guards"),
    Amendment(
        _GUARD_INTERVENTION,
        "message",
        {"type": ["string", "null"], "maxLength": 255},
        "omitted by Terraform if empty, null in the moderation library",
        optional=True,
    ),
    *(amendment for schema in _GUARD_REQUESTS for amendment in _guard_fields(schema)),
    *(
        Amendment(schema, "stages", guard_fields.STAGE_LIST, "clients support no stages other than prompt and response")
        for schema in ("GuardConfigurationCreate", _GUARD_PUSH)
    ),
    Amendment(_GUARD_PUSH, "modelInfo", _or_empty("GuardConfigurationModelInfoResponse"), "Terraform sends {}"),
    Amendment(_GUARD_PUSH, "nemoInfo", _or_empty("GuardConfigurationNemoInfoResponse"), "Terraform sends {}"),
)

RESPONSE: tuple[Amendment, ...] = (
    Amendment("CustomModelResponse", "latestVersion", _nullable("CustomModelVersionResponse"), "a new model has none"),
    Amendment("CustomModelResponse", "targetType", _TARGET_TYPES, "newer target types"),
    Amendment("CustomModelResponse", "isProxyModel", {"type": "boolean"}, "sent by Terraform"),
    Amendment("CustomModelResponse", "tags", _TAGS, "sent by Terraform"),
    Amendment("CustomModelResponse", "externalMlopsStatsConfig", {"type": "object"}, "read by the GitHub Action"),
    Amendment("CustomModelTestsResponse", "completedAt", {"type": ["string", "null"]}, "a running test has none"),
    Amendment("CustomModelTestsResponse", "datasetId", {"type": ["string", "null"]}, "null for unstructured models"),
    Amendment(
        "CustomModelTestsResponse", "datasetVersionId", {"type": ["string", "null"]}, "null if datasetId is null"
    ),
    *(
        Amendment("CustomModelTesting", name, {"$ref": "#/$defs/TestingStatus"}, "a check of the GitHub Action")
        for name in _CHECKS
    ),
    Amendment("CustomModelVersionResponse", "runtimeParameters", {"type": "array"}, "read by the SDK and Terraform"),
    Amendment(
        "TrainingDataResponse",
        "assignmentError",
        _nullable("TrainingDataAssignmentErrorResponse"),
        "null if there is no error: {} or a null message breaks the SDK and Terraform",
    ),
    *(
        Amendment(schema, "ootbType", guard_fields.OOTB_TYPE, "newer out-of-the-box guards")
        for schema in _GUARD_RESPONSES
    ),
    *(amendment for schema in _GUARD_RESPONSES for amendment in _guard_fields(schema)),
    Amendment(
        "GuardConfigurationModelInfoResponse",
        "targetType",
        guard_fields.nullable_enum(("Binary", "Regression", "Multiclass", "TextGeneration")),
        "may be null or omitted in a request, and is returned as it was sent",
        True,
    ),
    Amendment(
        "OverallModerationConfigurationResponse",
        "timeoutSec",
        {"type": "integer", "minimum": 0},
        "PATCH accepts 0 and 1, but the minimum of the response schema is 2",
    ),
    Amendment("JobStatus", "description", {"type": "string"}, "part of the record that clients read"),
    Amendment("JobStatus", "type", {"type": ["string", "null"]}, "part of the record that clients read"),
    Amendment("ApiVersion", "releasedVersion", {"type": "string"}, "part of the response that clients read"),
)

EXTRA_RESPONSES: tuple[ExtraResponse, ...] = (
    ExtraResponse(
        "PATCH",
        "/customModels/{customModelId}/accessControl/",
        204,
        None,
        "a 204 has no body",
    ),
    ExtraResponse(
        "PATCH",
        "/customModels/{customModelId}/",
        200,
        "CustomModelResponse",
        "clients reject the 201 of the contract",
    ),
)

#: String fields of requests that may be empty. An empty string is rejected in all other fields.
MAY_BE_EMPTY = frozenset(
    {
        "description", "language", "message", "modifyMessage", "comparand", "actions", "llmPrompts", "blockedTerms",
        "mainConfig", "railsConfig", "defaultValue", "value", "modelName", "replacementTextColumnName", "file",
        "errorMessage",
    }
)  # fmt: skip
