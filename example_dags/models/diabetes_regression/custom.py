"""The hooks by which DataRobot's model runner (DRUM) loads this model and asks it for predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import joblib
import pandas as pd


def load_model(code_dir: str) -> Any:
    """Load the trained pipeline from the uploaded folder."""
    return joblib.load(Path(code_dir) / "model.joblib")


def score(data: pd.DataFrame, model: Any, **_kwargs: Any) -> pd.DataFrame:
    """Predict one row per row of ``data``.

    Columns may come in any order and with extra ones among them; a missing column, a missing value and a value that
    is not a number are filled with the median the model was trained with.
    """
    features = data.reindex(columns=model.feature_names_in_).apply(pd.to_numeric, errors="coerce")
    return pd.DataFrame({"Predictions": model.predict(features)})
