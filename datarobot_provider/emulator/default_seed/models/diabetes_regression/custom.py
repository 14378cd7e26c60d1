"""The hooks that DataRobot's model runner (DRUM) calls to load this model and to predict with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import joblib
import pandas as pd


def load_model(code_dir: str) -> Any:
    """Load the trained pipeline from the uploaded folder."""
    return joblib.load(Path(code_dir) / "model.joblib")


def score(data: pd.DataFrame, model: Any, **_kwargs: Any) -> pd.DataFrame:
    """Return one prediction per row of ``data``.

    Columns can have any order, and additional columns are ignored. Missing columns, missing values and values that are
    not numbers are replaced by the median of the training data.
    """
    features = data.reindex(columns=model.feature_names_in_).apply(pd.to_numeric, errors="coerce")
    return pd.DataFrame({"Predictions": model.predict(features)})
