"""Resources of the tests of deployments: registered versions, deployments, settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.operators.deployment_settings import UpdateDeploymentSettingsOperator
from datarobot_provider.operators.deployments import CreateDeploymentOperator
from datarobot_provider.operators.registered_models import RegisterCustomModelVersionOperator
from tests.support.emulator import DATASET
from tests.support.life_cycle import create_model, create_version
from tests.support.task_runner import WAIT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.task_runner import TaskRunner

#: Rows of the training data: the mean of the numbers is the prediction.
ROW = {"age": 1, "rooms": 3}


def registered(runner: TaskRunner, folder: Path, name: str = "Prices", **model: Any) -> str:
    """Register a version of a new custom model; return the id of the model package."""
    arguments = {} if model else {"training_data": {"datasetId": DATASET}}
    version = create_version(runner, create_model(runner, **model), folder, **arguments)
    return str(
        runner.run(
            RegisterCustomModelVersionOperator, custom_model_version_id=version, registered_model_name=name, **WAIT
        )["id"]
    )


def deployed(runner: TaskRunner, package: str, label: str = "Prices", **arguments: Any) -> str:
    """Deploy a model package; return the id of the deployment."""
    created = runner.run(
        CreateDeploymentOperator, model_package_id=package, deployment_label=label, **arguments, **WAIT
    )
    return str(created["id"])


def configure(runner: TaskRunner, deployment: str, **settings: Any) -> None:
    """Change settings of a deployment."""
    runner.run(UpdateDeploymentSettingsOperator, deployment_id=deployment, **settings, **WAIT)
