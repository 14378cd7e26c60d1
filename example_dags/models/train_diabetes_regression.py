"""Train the model of the example pipeline, and write its training data and its artifact.

Run it from anywhere::

    python example_dags/models/train_diabetes_regression.py

It writes two files next to itself: ``diabetes_training.csv`` (the diabetes study that scikit-learn ships, in its
original units) and ``diabetes_regression/model.joblib`` (the trained pipeline that ``custom.py`` loads). Nothing is
random and nothing is downloaded, so a second run writes the same model.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import joblib
from sklearn.datasets import load_diabetes
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

if TYPE_CHECKING:
    import pandas as pd

FOLDER = Path(__file__).resolve().parent
TARGET = "target"


def training_data() -> pd.DataFrame:
    """Return the data of 442 patients: ten measurements and the disease progression after one year (``target``)."""
    frame: pd.DataFrame = load_diabetes(as_frame=True, scaled=False).frame
    return frame


def train(frame: pd.DataFrame) -> Pipeline:
    """Fit a ridge regression; missing values are replaced by the median of the column."""
    model = make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), Ridge(alpha=1.0))
    return model.fit(frame.drop(columns=TARGET), frame[TARGET])


def r2_of(frame: pd.DataFrame) -> float:
    """Return the share of explained variance for unseen patients (five folds)."""
    folds = KFold(n_splits=5, shuffle=True, random_state=0)
    scores = cross_val_score(train(frame), frame.drop(columns=TARGET), frame[TARGET], cv=folds, scoring="r2")
    return float(scores.mean())


def write(folder: Path) -> tuple[Path, Path]:
    """Write the training data and the model below ``folder``; return both paths."""
    frame = training_data()
    csv, artifact = folder / "diabetes_training.csv", folder / "diabetes_regression" / "model.joblib"
    artifact.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(csv, index=False, lineterminator="\n")
    joblib.dump(train(frame), artifact, compress=3)
    return csv, artifact


def main() -> None:
    """Write both files and print the quality of the model."""
    parser = argparse.ArgumentParser(description="Train the model of the example pipeline.")
    parser.add_argument("--output", type=Path, default=FOLDER, help="output folder (default: the folder of this file)")
    for path in write(parser.parse_args().output):
        sys.stdout.write(f"wrote {path} ({path.stat().st_size:,} bytes)\n")
    sys.stdout.write(f"R2 on unseen patients: {r2_of(training_data()):.3f}\n")


if __name__ == "__main__":
    main()
