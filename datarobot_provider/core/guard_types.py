"""Types of guard configurations, with the field names of the API."""

from __future__ import annotations

from typing import Any, Literal, TypedDict


class GuardCondition(TypedDict):
    """Condition of an intervention: a ``comparator`` such as ``greaterThan``, and the value to compare with."""

    comparator: str
    comparand: float | str | bool | list[str]


class GuardIntervention(TypedDict, total=False):
    """Intervention of a guard: the action, at most one condition, and the message."""

    action: Literal["block", "report", "replace"]
    allowedActions: list[str]
    conditionLogic: Literal["any"]
    conditions: list[GuardCondition]
    message: str
    sendNotification: bool


class GuardModelInfo(TypedDict, total=False):
    """Model of a guard of type ``guardModel`` or ``userModel``."""

    classNames: list[str]
    inputColumnName: str
    modelId: str
    modelName: str
    outputColumnName: str
    replacementTextColumnName: str
    targetType: Literal["Binary", "Regression", "Multiclass", "TextGeneration"]


class GuardNemoInfo(TypedDict, total=False):
    """Files of a NeMo guard, each as a string."""

    actions: str
    blockedTerms: str
    credentialId: str
    llmPrompts: str
    mainConfig: str
    railsConfig: str


class GuardCost(TypedDict):
    """Cost of tokens: a price per number of tokens, such as 0.01 per 1000, in a currency such as ``USD``."""

    currency: str
    inputPrice: float
    inputUnit: int
    outputPrice: float
    outputUnit: int


class AdditionalGuardConfig(TypedDict, total=False):
    """Fields of some out-of-the-box types: a guideline for ``agent_guideline_adherence``, prices for ``cost``."""

    agentGuideline: str
    cost: GuardCost
    toolCall: dict[str, Any]


class GuardConfiguration(TypedDict, total=False):
    """Configuration of a guard. ``name``, ``type`` and ``stages`` are required.

    ``googleServiceAccount``, ``awsAccount`` and ``openaiCredential`` are ids of credentials in DataRobot.
    """

    name: str
    description: str
    type: Literal["guardModel", "nemo", "ootb", "pii", "userModel"]
    stages: list[Literal["prompt", "response"]]
    ootbType: Literal[
        "token_count",
        "faithfulness",
        "rouge_1",
        "cost",
        "agent_goal_accuracy",
        "agent_goal_accuracy_with_reference",
        "agent_guideline_adherence",
        "task_adherence",
        "tool_call_accuracy",
        "custom_metric",
        "nim_jailbreak",
        "nim_content_safety",
    ]
    deploymentId: str
    intervention: GuardIntervention
    modelInfo: GuardModelInfo
    nemoInfo: GuardNemoInfo
    llmType: Literal["openAi", "azureOpenAi", "google", "amazon", "datarobot", "nim", "llmGateway"]
    openaiApiBase: str
    openaiApiKey: str
    openaiCredential: str
    openaiDeploymentId: str
    googleServiceAccount: str
    googleRegion: str
    googleModel: Literal["chat-bison", "google-gemini-1.5-flash", "google-gemini-1.5-pro"]
    awsAccount: str
    awsRegion: str
    awsModel: Literal[
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
    ]
    llmGatewayModelId: str
    nimEndpoint: str
    faasUrl: str
    forwardToken: bool
    copyCitations: bool
    isAgentic: bool
    additionalGuardConfig: AdditionalGuardConfig
    streamingCharacterThreshold: int
    customMetric: dict[str, Any]
    parameters: list[dict[str, Any]]


class GuardToApply(GuardConfiguration, total=False):
    """Configuration of a guard for :class:`ApplyGuardConfigOperator`.

    ``openaiApiKeyConnId`` is not a field of the API. It is the id of an Airflow connection, whose password is sent as
    ``openaiApiKey``.
    """

    openaiApiKeyConnId: str


class OverallModerationConfig(TypedDict):
    """Settings of all guards: the timeout in seconds (2 or more), and the action after the timeout."""

    timeoutSec: int
    timeoutAction: Literal["block", "score"]
