"""Functions that create models, versions and builds with the operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.operators.custom_models import CreateCustomModelOperator
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.versions import CreateVersionOperator
from tests.support.emulator import DATASET, ENVIRONMENT
from tests.support.task_runner import WAIT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.task_runner import TaskRunner

REGRESSION = {
    "target_type": "Regression",
    "target_name": "target",
    "is_training_data_for_versions_permanently_enabled": True,
}


def create_model(runner: TaskRunner, **arguments: Any) -> str:
    """Create a model; return its id."""
    return runner.run(CreateCustomModelOperator, **{"name": "Diabetes", **REGRESSION, **arguments})


def create_version(runner: TaskRunner, model: str, folder: Path, *, trained: bool = False, **arguments: Any) -> str:
    """Create a version, with training data if ``trained``; return its id."""
    if trained:
        arguments["training_data"] = {"datasetId": DATASET}
    return runner.run(
        CreateVersionOperator,
        custom_model_id=model,
        folder=str(folder),
        **{"base_environment_id": ENVIRONMENT, **WAIT, **arguments},
    )


def create_built_version(runner: TaskRunner, folder: Path, *, trained: bool = False) -> dict[str, str]:
    """Create a model with a version whose dependencies are built; return their ids."""
    model = create_model(runner)
    ids = {"custom_model_id": model, "custom_model_version_id": create_version(runner, model, folder, trained=trained)}
    runner.run(StartDependencyBuildOperator, **ids, **WAIT)
    return ids
