"""The guard templates of every installation, with the names that DataRobot's own clients search for."""

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
        "isAgentic": False,
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


def _model_info(output_column: str, classes: list[str], target_type: str) -> dict[str, Any]:
    return {
        "inputColumnName": "text",
        "outputColumnName": output_column,
        "modelId": None,
        "modelName": "",
        "replacementTextColumnName": "",
        "targetType": target_type,
        "classNames": classes,
    }


def _rails(flow: str, side: str) -> dict[str, Any]:
    """Return the files of a NeMo guard that restricts prompts or responses to allowed topics."""
    return {
        "mainConfig": f"models: []\nrails:\n  {side}:\n    flows:\n      - {flow}\n",
        "railsConfig": f"define flow {flow}\n  $allowed = execute check_topic\n  if not $allowed\n    stop\n",
        "blockedTerms": "politics\nreligion\n",
        "llmPrompts": f"prompts:\n  - task: {flow}\n    content: Is this text about an allowed topic?\n",
        "actions": "def check_topic(context):\n    return True\n",
    }


_BOTH = ["prompt", "response"]
_RESPONSE = ["response"]
TEMPLATES: tuple[dict[str, Any], ...] = (
    _template(
        1, "Prompt Tokens", "Counts the tokens of the prompt.", "ootb", ["prompt"],
        ootbType="token_count", intervention=_intervention("greaterThan", 4096),
    ),
    _template(
        2, "Response Tokens", "Counts the tokens of the answer.", "ootb", _RESPONSE,
        ootbType="token_count", intervention=_intervention("greaterThan", 4096),
    ),
    _template(
        3, "Faithfulness", "Asks a language model whether the answer keeps to the retrieved context.", "ootb",
        _RESPONSE, ootbType="faithfulness", intervention=_intervention("equals", 0),
    ),
    _template(
        4, "Rouge 1", "Measures how much of the answer stands in the retrieved context.", "ootb", _RESPONSE,
        ootbType="rouge_1", intervention=_intervention("lessThan", 0.5),
    ),
    _template(
        5, "PII Detection", "Finds personal data and can replace it.", "pii", _BOTH,
        intervention=_intervention("contains", ["EMAIL_ADDRESS"], ("replace", "block", "report")),
        modelInfo=_model_info("anonymized_text", [], "TextGeneration"),
    ),
    _template(
        6, "Toxicity", "Scores how toxic a text is with a deployed classifier.", "guardModel", _BOTH,
        intervention=_intervention("greaterThan", 0.5),
        modelInfo=_model_info("toxicity_toxic_PREDICTION", ["toxic", "clean"], "Binary"),
    ),
    _template(
        7, "Prompt Injection", "Scores with a deployed classifier whether a prompt tries to take over the model.",
        "guardModel", ["prompt"], intervention=_intervention("greaterThan", 0.8),
        modelInfo=_model_info("injection_injection_PREDICTION", ["injection", "legit"], "Binary"),
    ),
    _template(
        8, "Sentiment Classifier", "Scores with a deployed classifier how positive a text is.", "guardModel", _BOTH,
        intervention=_intervention("lessThan", 0.5),
        modelInfo=_model_info("sentiment_positive_PREDICTION", ["positive", "negative"], "Binary"),
    ),
    _template(
        9, "Emotions Classifier", "Finds the emotion of a text with a deployed classifier.", "guardModel", _BOTH,
        intervention=_intervention("matches", ["anger"]),
        modelInfo=_model_info("target_PREDICTION", ["anger", "amusement", "joy", "neutral"], "Multiclass"),
    ),
    _template(
        10, "Stay on topic for inputs", "Keeps prompts to the allowed topics with NeMo Guardrails.", "nemo", ["prompt"],
        intervention=_intervention("equals", "TRUE"), nemoInfo=_rails("topic of prompts", "input"),
    ),
    _template(
        11, "Stay on topic for output", "Keeps answers to the allowed topics with NeMo Guardrails.", "nemo", _RESPONSE,
        intervention=_intervention("equals", "TRUE"), nemoInfo=_rails("topic of answers", "output"),
    ),
    _template(
        12, "Custom Deployment", "Scores a text with a deployed model of one's own.", "userModel", _BOTH,
        intervention=_intervention("greaterThan", 0.5),
    ),
    _template(
        13, "Cost", "Estimates what a prompt and its answer cost.", "ootb", _RESPONSE,
        ootbType="cost", intervention=_intervention("is", "ignore", ("report",)),
    ),
    _template(
        14, "Task Adherence", "Asks a language model whether the answer does what the prompt asks for.", "ootb",
        _RESPONSE, ootbType="task_adherence", intervention=_intervention("lessThan", 0.5),
    ),
    _template(
        15, "Jailbreak", "Finds with a deployed NIM whether a prompt tries to lift the model's restrictions.",
        "guardModel", ["prompt"], intervention=_intervention("equals", "True"),
        modelInfo=_model_info("jailbreak", ["True", "False"], "Binary"),
    ),
    _template(
        16, "Content Safety", "Finds unsafe content with a deployed NIM.", "guardModel", _BOTH,
        intervention=_intervention("equals", "unsafe"), modelInfo=_model_info("content_safety", [], "TextGeneration"),
    ),
    _template(
        17, "Agent Goal Accuracy", "Asks a language model whether an agent has reached its goal.", "ootb", _RESPONSE,
        ootbType="agent_goal_accuracy", isAgentic=True, intervention=_intervention("lessThan", 0.5, ("report",)),
    ),
    _template(
        18, "Agent Guideline Adherence", "Asks a language model whether an agent keeps to a guideline.", "ootb",
        _RESPONSE, ootbType="agent_guideline_adherence", isAgentic=True, intervention=_intervention("equals", 0),
    ),
)  # fmt: skip
