from __future__ import annotations

import importlib.util
import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import yaml

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[3]
MODELS = ROOT / "example_dags" / "models"
FOLDER = MODELS / "diabetes_regression"
PINS = (FOLDER / "requirements.txt").read_text(encoding="utf-8").split()


def load(path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import a file by its path, leaving no compiled copy in a folder that is uploaded."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def custom(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return load(FOLDER / "custom.py", monkeypatch)


@pytest.fixture
def model(custom: ModuleType) -> Any:
    return custom.load_model(str(FOLDER))


@pytest.fixture
def data() -> pd.DataFrame:
    return pd.read_csv(MODELS / "diabetes_training.csv")


def test_model_scores_its_training_data(custom: ModuleType, model: Any, data: pd.DataFrame) -> None:
    predictions = custom.score(data, model, positive_class_label=None)
    assert list(predictions.columns) == ["Predictions"]
    assert len(predictions) == len(data) == 442
    residual = ((predictions["Predictions"] - data["target"]) ** 2).sum()
    assert 1 - residual / ((data["target"] - data["target"].mean()) ** 2).sum() > 0.5


def test_model_accepts_missing_values_missing_columns_and_text(
    custom: ModuleType, model: Any, data: pd.DataFrame
) -> None:
    incomplete = data.astype(object)
    incomplete.loc[0, :] = None
    incomplete.loc[1, "bmi"] = "unknown"
    predictions = custom.score(incomplete.drop(columns=["s6"]), model)["Predictions"]
    assert len(predictions) == len(data)
    assert np.isfinite(predictions).all()


def test_prediction_depends_on_its_own_row_only(custom: ModuleType, model: Any, data: pd.DataFrame) -> None:
    whole = custom.score(data, model)["Predictions"]
    shuffled = data[list(reversed(data.columns))].iloc[::-1]
    single = custom.score(shuffled.iloc[[0]], model)["Predictions"]
    np.testing.assert_allclose(custom.score(shuffled, model)["Predictions"].to_numpy(), whole.to_numpy()[::-1])
    np.testing.assert_allclose(single.to_numpy(), whole.to_numpy()[-1:])


@pytest.mark.skipif(
    [line for line in PINS if version(line.partition("==")[0]) != line.partition("==")[2]] != [],
    reason="the installed versions are not those of the training",
)
def test_training_script_reproduces_both_files(
    custom: ModuleType, model: Any, data: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = load(MODELS / "train_diabetes_regression.py", monkeypatch)
    csv, artifact = trainer.write(tmp_path)
    assert csv.read_bytes() == (MODELS / "diabetes_training.csv").read_bytes()
    again = custom.load_model(str(artifact.parent))
    np.testing.assert_allclose(custom.score(data, again), custom.score(data, model))


def test_model_folder_is_small_and_contains_only_expected_files() -> None:
    files = {path.name: path.stat().st_size for path in FOLDER.rglob("*") if "__pycache__" not in path.parts}
    assert set(files) == {"custom.py", "model.joblib", "model-metadata.yaml", "requirements.txt"}
    assert sum(files.values()) < 100_000


def test_metadata_names_the_target(data: pd.DataFrame) -> None:
    metadata = yaml.safe_load((FOLDER / "model-metadata.yaml").read_text())
    assert (metadata["type"], metadata["targetType"]) == ("inference", "regression")
    assert metadata["inferenceModel"]["targetName"] in data.columns


def test_requirements_are_the_versions_of_the_training() -> None:
    pinned = (ROOT / "constraints.txt").read_text().splitlines()
    assert set((FOLDER / "requirements.txt").read_text().splitlines()) <= set(pinned)


def test_seed_names_existing_files_and_valid_ids() -> None:
    folder = ROOT / "example_dags" / "seed"
    seed = json.loads((folder / "seed.json").read_text())
    assert all((folder / dataset["file"]).is_file() for dataset in seed["datasets"])
    ids = [entry["id"] for kind in seed.values() if isinstance(kind, list) for entry in kind]
    assert len(set(ids)) == len(ids) >= 3
    assert all(len(each) == 24 and set(each) <= set("0123456789abcdef") for each in ids)
