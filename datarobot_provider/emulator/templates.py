"""The guard templates every installation has."""

from __future__ import annotations

from typing import Any

_CREATED = "2024-07-01T08:00:00.000000Z"


def _template(number: int, name: str, description: str, kind: str, stages: list[str], **more: Any) -> dict[str, Any]:
    return {
        "id": f"6680f00000000000000000{number:02x}",
        "name": name,
        "description": description,
        "type": kind,
        "allowedStages": stages,
        "parameters": [],
        "createdAt": _CREATED,
        "creatorId": None,
        "orgId": None,
        "productionOnly": False,
        "isValid": True,
        "errorMessage": None,
        "llmType": None,
        "ootbType": None,
        "openaiApiBase": None,
        "openaiApiKey": None,
        "openaiDeploymentId": None,
        **more,
    }


def _intervention(comparator: str, comparand: object, actions: tuple[str, ...] = ("block", "report")) -> dict[str, Any]:
    return {
        "action": actions[0],
        "allowedActions": list(actions),
        "conditions": [{"comparator": comparator, "comparand": comparand}],
        "conditionLogic": "any",
        "modifyMessage": "This text was stopped by a guard.",
        "sendNotification": False,
    }


def _model_info(input_column: str, output_column: str, classes: list[str]) -> dict[str, Any]:
    return {
        "inputColumnName": input_column,
        "outputColumnName": output_column,
        "modelId": None,
        "modelName": "",
        "replacementTextColumnName": "",
        "targetType": "Binary" if classes else "TextGeneration",
        "classNames": classes,
    }


_BOTH = ["prompt", "response"]
TEMPLATES: tuple[dict[str, Any], ...] = (
    _template(
        1, "Prompt Tokens", "Counts the tokens of the prompt.", "ootb", ["prompt"],
        ootbType="token_count", intervention=_intervention("greaterThan", 4096),
    ),
    _template(
        2, "Response Tokens", "Counts the tokens of the answer.", "ootb", ["response"],
        ootbType="token_count", intervention=_intervention("greaterThan", 4096),
    ),
    _template(
        3, "Faithfulness", "Asks a language model whether the answer keeps to the retrieved context.", "ootb",
        ["response"], ootbType="faithfulness", intervention=_intervention("equals", 0),
    ),
    _template(
        4, "Rouge 1", "Measures how much of the answer stands in the retrieved context.", "ootb", ["response"],
        ootbType="rouge_1", intervention=_intervention("lessThan", 0.5),
    ),
    _template(
        5, "PII Detection", "Finds personal data and can replace it.", "pii", _BOTH,
        intervention=_intervention("contains", ["EMAIL_ADDRESS"], ("replace", "block", "report")),
        modelInfo=_model_info("text", "anonymized_text", []),
    ),
    _template(
        6, "Toxicity", "Scores how toxic a text is with a deployed classifier.", "guardModel", _BOTH,
        intervention=_intervention("greaterThan", 0.5),
        modelInfo=_model_info("text", "toxicity_toxic_PREDICTION", ["toxic", "clean"]),
    ),
    _template(
        7, "Prompt Injection", "Scores with a deployed classifier whether a prompt tries to take over the model.",
        "guardModel", ["prompt"], intervention=_intervention("greaterThan", 0.8),
        modelInfo=_model_info("text", "injection_injection_PREDICTION", ["injection", "legit"]),
    ),
)  # fmt: skip
