"""Check whether a guard has the fields that its type, its metric and its language model require.

Sources: the configuration schema of the package ``datarobot-moderations`` 11.4 and the public page of the guard routes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_REQUIRED_BY_LLM = {
    "azureOpenAi": ("openaiApiBase", "openaiDeploymentId"),
    "google": ("googleRegion", "googleModel"),
    "amazon": ("awsRegion", "awsModel"),
    "datarobot": ("deploymentId",),
    "nim": ("openaiApiBase",),
}
_REQUIRED_BY_TYPE = {"guardModel": ("deploymentId",), "ootb": ("ootbType",)}
_REQUIRED_BY_OOTB_TYPE = {
    "faithfulness": ("llmType",),
    "agent_goal_accuracy": ("llmType",),
    "agent_guideline_adherence": ("llmType", "additionalGuardConfig.agentGuideline"),
    "task_adherence": ("llmType",),
    "cost": ("additionalGuardConfig.cost",),
    "custom_metric": ("faasUrl",),
    "nim_jailbreak": ("nimEndpoint",),
    "nim_content_safety": ("nimEndpoint",),
}
_REQUIRED_FIELDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "type": _REQUIRED_BY_TYPE,
    "ootbType": _REQUIRED_BY_OOTB_TYPE,
    "llmType": _REQUIRED_BY_LLM,
}


def guard_problem(guard: Mapping[str, Any]) -> str | None:
    """Return which required fields a guard lacks, or None if it is complete.

    The API stores an incomplete guard and reports it as invalid.

    :param guard: the API fields of the guard.
    """
    for field, required in _REQUIRED_FIELDS.items():
        value = guard.get(field) or ""
        missing = [path for path in required.get(value, ()) if not _at(guard, path)]
        if missing:
            return f"A guard with the {field} {value} requires {' and '.join(missing)}."
    return None


def _at(guard: Mapping[str, Any], path: str) -> Any:
    value: Any = guard
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
