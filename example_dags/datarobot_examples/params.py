"""Fields of the Trigger form that several examples share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow.sdk import Param

MODELS = Path(__file__).parents[1] / "models"


IN_SEED = "The default exists in the emulator's seed data."


def datarobot_id(
    default: str, title: str, description: str, section: str = "DataRobot resources", *, note: str = IN_SEED
) -> Param:
    """Return a field for an id in DataRobot; ``note`` describes its default."""
    return Param(
        default,
        type="string",
        pattern="^[0-9a-f]{24}$",
        title=title,
        description=f"{description} {note}",
        section=section,
    )


def text(default: str, title: str, **schema: Any) -> Param:
    """Return a field for a non-empty string."""
    return Param(default, type="string", minLength=1, title=title, **schema)


def model_name(default: str, title: str = "Model name") -> Param:
    """Return the field for the name of a custom model."""
    return text(default, title, maxLength=255)


def model_folder(name: str = "diabetes_regression", title: str = "Model folder") -> Param:
    """Return the field for the folder of a model; ``name`` is one of the example models."""
    description = "Folder with custom.py and its files; a path on the Airflow workers."
    return text(str(MODELS / name), title, description=description)


def environment() -> Param:
    """Return the field for the execution environment."""
    return datarobot_id("65a0000000000000000000e1", "Execution environment", "The environment that the model runs in.")


def dataset(title: str, description: str) -> Param:
    """Return the field for a dataset of the example model."""
    return datarobot_id("65a0000000000000000000d1", title, description)


def use_case() -> Param:
    """Return the field for the use case of validations."""
    return datarobot_id("65a0000000000000000000c1", "Use case", "The use case of the validations.")
