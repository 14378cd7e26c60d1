"""The shapes of guards, in the API's own names."""

from __future__ import annotations

from typing import Any, Literal, TypedDict


class GuardCondition(TypedDict):
    """When a guard intervenes: ``comparator`` such as ``greaterThan``, and what to compare with."""

    comparator: str
    comparand: float | str | bool | list[str]


class GuardIntervention(TypedDict, total=False):
    """What a guard does: ``action`` ``block``, ``report`` or ``replace``; at most one condition; the message."""

    action: Literal["block", "report", "replace"]
    allowedActions: list[str]
    conditionLogic: Literal["any"]
    conditions: list[GuardCondition]
    message: str
    sendNotification: bool


class GuardModelInfo(TypedDict, total=False):
    """The model behind a guard of the type ``guardModel`` or ``userModel``."""

    classNames: list[str]
    inputColumnName: str
    modelId: str
    modelName: str
    outputColumnName: str
    replacementTextColumnName: str
    targetType: Literal["Binary", "Regression", "Multiclass", "TextGeneration"]


class GuardNemoInfo(TypedDict, total=False):
    """The files of a NeMo guard, each as one text."""

    actions: str
    blockedTerms: str
    credentialId: str
    llmPrompts: str
    mainConfig: str
    railsConfig: str


class GuardCost(TypedDict):
    """What tokens cost: the price of so many tokens, such as 0.01 for 1000, and its currency, such as ``USD``."""

    currency: str
    inputPrice: float
    inputUnit: int
    outputPrice: float
    outputUnit: int


class AdditionalGuardConfig(TypedDict, total=False):
    """What single out-of-the-box types need: ``agent_guideline_adherence`` a guideline, ``cost`` the prices."""

    agentGuideline: str
    cost: GuardCost
    toolCall: dict[str, Any]


class GuardConfiguration(TypedDict, total=False):
    """One guard, in the API's own names. Needed are ``name``, ``type`` and ``stages``.

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
    """One guard as :class:`ApplyGuardConfigOperator` takes it.

    ``openaiApiKeyConnId`` is no field of the API: it names the Airflow connection whose password is the
    ``openaiApiKey``, and is replaced by it when the guard is sent.
    """

    openaiApiKeyConnId: str


class OverallModerationConfig(TypedDict):
    """What holds for all guards: seconds that they may take (2 or more), and what happens when they take longer."""

    timeoutSec: int
    timeoutAction: Literal["block", "score"]
