"""A text-generation model without a language model: it responds with the sentence that matches the prompt best."""

from __future__ import annotations

import json
import os
import re
from typing import Any

import pandas as pd

HANDBOOK = (
    "Hold the power button for three seconds to switch the pump on.",
    "Replace the filter of the pump every six months.",
    "A red lamp means that the tank is empty.",
)
NOTHING = "The handbook says nothing about it."


def load_model(code_dir: str) -> Any:  # noqa: ARG001 - the model runner passes it
    """Return the sentences."""
    return HANDBOOK


def score(data: pd.DataFrame, model: Any, **_kwargs: Any) -> pd.DataFrame:
    """Return one response per row of ``data``, to the prompts in ``promptText``."""
    return pd.DataFrame({"resultText": [answer(str(prompt), model) for prompt in data["promptText"]]})


def answer(prompt: str, sentences: tuple[str, ...]) -> str:
    """Return the sentence that shares the most long words with the prompt."""
    asked = _words(prompt)
    best = max(sentences, key=lambda sentence: len(asked & _words(sentence)))
    return best if asked & _words(best) else nothing_found()


def nothing_found() -> str:
    """Return the runtime parameter NOTHING_FOUND, which DataRobot passes as JSON in an environment variable."""
    parameter = json.loads(os.environ.get("MLOPS_RUNTIME_PARAM_NOTHING_FOUND", "{}"))
    return parameter.get("payload") or NOTHING


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w{4,}", text.lower()))
