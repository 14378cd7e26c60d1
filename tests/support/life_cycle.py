"""The steps of the life cycle, taken by the operators themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.operators.custom_models import CreateCustomModelOperator
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.versions import CreateVersionOperator
from tests.support.emulator import DATASET, ENVIRONMENT
from tests.support.task_runner import WAIT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.provider.conftest import TaskRunner

REGRESSION = {
    "target_type": "Regression",
    "target_name": "target",
    "is_training_data_for_versions_permanently_enabled": True,
}


def make_model(runner: TaskRunner, **given: Any) -> str:
    """Create a model; return its id."""
    return runner.run(CreateCustomModelOperator, **{"name": "Diabetes", **REGRESSION, **given})


def make_version(runner: TaskRunner, model: str, folder: Path, *, trained: bool = False, **given: Any) -> str:
    """Create a version, with training data if ``trained``; return its id."""
    if trained:
        given["training_data"] = {"datasetId": DATASET}
    return runner.run(
        CreateVersionOperator,
        custom_model_id=model,
        folder=str(folder),
        **{"base_environment_id": ENVIRONMENT, **WAIT, **given},
    )


def make_built(runner: TaskRunner, folder: Path, *, trained: bool = False) -> dict[str, str]:
    """Create a model with a version whose dependencies are built; return their ids."""
    model = make_model(runner)
    ids = {"custom_model_id": model, "custom_model_version_id": make_version(runner, model, folder, trained=trained)}
    runner.run(StartDependencyBuildOperator, **ids, **WAIT)
    return ids
