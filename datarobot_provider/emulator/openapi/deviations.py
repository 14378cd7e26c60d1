"""Where the emulator knowingly leaves the published contract, each time with the reason.

The contract was read off reference pages. Where real clients are known to send or to need something else, the clients
win: a request field of `REQUEST` is accepted, a response field of `REPLY` is sent. Everything else that is not in the
contract is refused in a request and recorded as a violation in a response.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from datarobot_provider.emulator.store import guard_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

BOOLEAN_WORDS = ("true", "True", "false", "False")


class Amendment(NamedTuple):
    """One field of one contract schema, with the JSON schema that replaces or adds it. `optional` drops `required`."""

    schema: str
    field: str
    spec: Mapping[str, Any] | None
    reason: str
    optional: bool = False


class ExtraResponse(NamedTuple):
    """A response that the contract does not list: its `status` and `schema` (None: the body is not described)."""

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
_BOOLEAN_OR_WORD = {"oneOf": [{"type": "boolean"}, {"enum": list(BOOLEAN_WORDS)}]}
_MAJOR = {"oneOf": [{"type": ["boolean", "null"]}, {"enum": [*BOOLEAN_WORDS, "None"]}]}
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
_GUARD_REPLIES = (_GUARD_READ, "GuardTemplateRetrieveResponse")
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
        Amendment(s, "isMajorUpdate", _MAJOR, "left out, JSON booleans and 'None' are sent", True)
        for s in _VERSION_FORMS
    ),
    *(Amendment(s, "keepTrainingHoldoutData", _BOOLEAN_OR_WORD, "sent as a word in forms") for s in _VERSION_FORMS),
    *(
        Amendment(s, name, {"type": ["string", "array"]}, "JSON in a string, or a list in a JSON body")
        for name in ("runtimeParameters", "runtimeParameterValues")
        for s in _VERSION_FORMS
    ),
    Amendment("CustomModelVersionCreateFromRepository", "isMajorUpdate", _MAJOR, "spellings as in the forms"),
    Amendment("CustomModelTests", "parameters", {"type": "object"}, "parameters of the checks, GitHub Action"),
    Amendment("UserRoleWithGrant", "canUseData", {"type": "boolean"}, "may be sent by the SDK's sharing"),
    *(Amendment("CustomModelTestsConfig", name, _SKIP_WARN_FAIL, "a check of the GitHub Action") for name in _CHECKS),
    Amendment(_GUARD_PUSH, "parameters", None, "never sent by the SDK or Terraform", optional=True),
    Amendment(_GUARD_PUSH, "description", None, "left out by the moderation library's add-guard", optional=True),
    Amendment(_GUARD_PUSH, "creatorName", {"type": "string"}, "copied along by datarobotx-idp"),
    Amendment(_GUARD_PUSH, "ootbType", guard_fields.OOTB_TYPE, "newer out-of-the-box guards"),
    Amendment(
        _GUARD_INTERVENTION,
        "message",
        {"type": ["string", "null"], "maxLength": 255},
        "left out by Terraform where there is none, null in the moderation library",
        optional=True,
    ),
    *(amendment for schema in _GUARD_REQUESTS for amendment in _guard_fields(schema)),
    *(
        Amendment(schema, "stages", guard_fields.STAGE_LIST, "clients know no other stages than prompt and response")
        for schema in ("GuardConfigurationCreate", _GUARD_PUSH)
    ),
    Amendment(_GUARD_PUSH, "modelInfo", _or_empty("GuardConfigurationModelInfoResponse"), "Terraform sends {}"),
    Amendment(_GUARD_PUSH, "nemoInfo", _or_empty("GuardConfigurationNemoInfoResponse"), "Terraform sends {}"),
)

REPLY: tuple[Amendment, ...] = (
    Amendment("CustomModelResponse", "latestVersion", _nullable("CustomModelVersionResponse"), "none on a fresh model"),
    Amendment("CustomModelResponse", "targetType", _TARGET_TYPES, "newer target types"),
    Amendment("CustomModelResponse", "isProxyModel", {"type": "boolean"}, "what Terraform sent"),
    Amendment("CustomModelResponse", "tags", _TAGS, "what Terraform sent"),
    Amendment("CustomModelResponse", "externalMlopsStatsConfig", {"type": "object"}, "read back by the GitHub Action"),
    Amendment("CustomModelTestsResponse", "completedAt", {"type": ["string", "null"]}, "a running test has none"),
    Amendment("CustomModelTestsResponse", "datasetId", {"type": ["string", "null"]}, "unstructured models need none"),
    Amendment("CustomModelTestsResponse", "datasetVersionId", {"type": ["string", "null"]}, "goes with datasetId"),
    *(
        Amendment("CustomModelTesting", name, {"$ref": "#/$defs/TestingStatus"}, "a check of the GitHub Action")
        for name in _CHECKS
    ),
    Amendment("CustomModelVersionResponse", "runtimeParameters", {"type": "array"}, "read by the SDK and Terraform"),
    Amendment(
        "TrainingDataResponse",
        "assignmentError",
        _nullable("TrainingDataAssignmentErrorResponse"),
        "null when all is well: {} or a null message breaks the SDK and Terraform",
    ),
    *(
        Amendment(schema, "ootbType", guard_fields.OOTB_TYPE, "newer out-of-the-box guards")
        for schema in _GUARD_REPLIES
    ),
    *(amendment for schema in _GUARD_REPLIES for amendment in _guard_fields(schema)),
    Amendment(
        "GuardConfigurationModelInfoResponse",
        "targetType",
        guard_fields.nullable_enum(("Binary", "Regression", "Multiclass", "TextGeneration")),
        "may be null or left out in a request, and is shown as it was sent",
        True,
    ),
    Amendment(
        "OverallModerationConfigurationResponse",
        "timeoutSec",
        {"type": "integer", "minimum": 0},
        "0 and 1 may be set by PATCH, while the response schema begins at 2",
    ),
    Amendment("JobStatus", "description", {"type": "string"}, "part of the record that clients see"),
    Amendment("JobStatus", "type", {"type": ["string", "null"]}, "part of the record that clients see"),
    Amendment("ApiVersion", "releasedVersion", {"type": "string"}, "part of the response that clients see"),
)

EXTRA_REPLIES: tuple[ExtraResponse, ...] = (
    ExtraResponse(
        "PATCH", "/customModels/{customModelId}/accessControl/", 204, None, "a 204 has no body, whatever the page shows"
    ),
    ExtraResponse(
        "PATCH",
        "/customModels/{customModelId}/",
        200,
        "CustomModelResponse",
        "the contract's 201 is refused by clients",
    ),
)

MAY_BE_EMPTY = frozenset(
    {
        "description", "language", "message", "modifyMessage", "comparand", "actions", "llmPrompts", "blockedTerms",
        "mainConfig", "railsConfig", "defaultValue", "value", "modelName", "replacementTextColumnName", "file",
        "errorMessage",
    }
)  # fmt: skip
"""String fields of requests in which an empty text means something. In all others it is refused."""
