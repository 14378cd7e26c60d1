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
    """The model behind a guard of the type ``guardModel``."""

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


class GuardConfiguration(TypedDict, total=False):
    """One guard, in the API's own names. Needed are ``name``, ``description``, ``type`` and ``stages``."""

    name: str
    description: str
    type: Literal["guardModel", "nemo", "ootb", "pii", "userModel"]
    stages: list[str]
    ootbType: Literal["token_count", "faithfulness", "rouge_1"]
    deploymentId: str
    intervention: GuardIntervention
    modelInfo: GuardModelInfo
    nemoInfo: GuardNemoInfo
    llmType: Literal["openAi", "azureOpenAi"]
    openaiApiBase: str
    openaiApiKey: str
    openaiCredential: str
    openaiDeploymentId: str
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
