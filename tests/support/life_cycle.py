"""The steps of the life cycle, taken by the operators themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.operators.custom_models import CreateCustomModelOperator
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.versions import CreateVersionOperator
from tests.contract.provider.conftest import PATIENT
from tests.support.emulator import DATASET, ENVIRONMENT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.provider.conftest import Stage

REGRESSION = {
    "target_type": "Regression",
    "target_name": "target",
    "is_training_data_for_versions_permanently_enabled": True,
}


def make_model(stage: Stage, **given: Any) -> str:
    """Create a model; return its id."""
    return stage.run(CreateCustomModelOperator, **{"name": "Diabetes", **REGRESSION, **given})


def make_version(stage: Stage, model: str, folder: Path, *, trained: bool = False, **given: Any) -> str:
    """Create a version, with training data if ``trained``; return its id."""
    if trained:
        given["training_data"] = {"datasetId": DATASET}
    return stage.run(
        CreateVersionOperator,
        custom_model_id=model,
        folder=str(folder),
        **{"base_environment_id": ENVIRONMENT, **PATIENT, **given},
    )


def make_built(stage: Stage, folder: Path, *, trained: bool = False) -> dict[str, str]:
    """Create a model with a version whose dependencies are built; return their ids."""
    model = make_model(stage)
    ids = {"custom_model_id": model, "custom_model_version_id": make_version(stage, model, folder, trained=trained)}
    stage.run(StartDependencyBuildOperator, **ids, **PATIENT)
    return ids
