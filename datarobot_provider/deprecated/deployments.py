"""Deprecated operators for deployments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.routes import required
from datarobot_provider.deprecated import Deprecated
from datarobot_provider.operators import model_replacement
from datarobot_provider.operators.deployments import (
    CreateDeploymentOperator,
    GetDeploymentOperator,
    UpdateDeploymentStatusOperator,
)

if TYPE_CHECKING:
    from datarobot_provider.jobs.events import JobEvent
    from datarobot_provider.version_compat import Context


class _Deploys(Deprecated, CreateDeploymentOperator):
    """Base of the operators that deploy a version of a registered model, and return the id of the deployment."""

    def result(self, event: JobEvent) -> Any:
        """Return the id of the deployment."""
        return event.ref.ids["deployment_id"]


class DeployRegisteredModelOperator(_Deploys):
    """Deploy a version of a registered model; returns the id of the deployment."""

    @staticmethod
    def translated(arguments: dict[str, Any]) -> dict[str, Any]:
        """Convert the additional arguments."""
        more = arguments.pop("extra_params", None) or {}
        return {**arguments, **{"timeout" if name == "max_wait" else name: value for name, value in more.items()}}


class DeployModelPackageOperator(_Deploys):
    """Deploy a version of a registered model; returns the id of the deployment."""

    renamed = {"deployment_name": "deployment_label", "max_wait_sec": "timeout"}
    from_params = {"additional_metadata": "additional_metadata"}


class GetDeploymentModelOperator(Deprecated, GetDeploymentOperator):
    """Return the model of a deployment, with names in snake_case."""

    def run_request(self, context: Context) -> Any:
        """Return the model."""
        model = super().run_request(context).get("model") or {}
        return {_snake_case(name): value for name, value in model.items() if value is not None}


class GetDeploymentStatusOperator(Deprecated, GetDeploymentOperator):
    """Return the status of a deployment, a string."""

    def run_request(self, context: Context) -> Any:
        """Return the status."""
        return required(super().run_request(context), "status")


class ActivateDeploymentOperator(Deprecated, UpdateDeploymentStatusOperator):
    """Activate or deactivate a deployment; returns its status, a string."""

    renamed = {"max_wait_sec": "timeout"}

    @staticmethod
    def translated(arguments: dict[str, Any]) -> dict[str, Any]:
        """Convert the switch to the status."""
        arguments["status"] = "active" if arguments.pop("activate", True) else "inactive"
        return arguments

    def result(self, event: JobEvent) -> Any:
        """Return the status."""
        return required(super().result(event), "status")


class ReplaceModelOperator(Deprecated, model_replacement.ReplaceModelOperator):
    """Replace the model of a deployment; returns nothing."""

    renamed = {"new_registered_model_version_id": "model_package_id", "max_wait_sec": "timeout"}

    def result(self, event: JobEvent) -> Any:
        """Check that the deployment serves the new model."""
        super().result(event)


def _snake_case(name: str) -> str:
    return re.sub(r"[A-Z]", lambda match: f"_{match[0].lower()}", name)
