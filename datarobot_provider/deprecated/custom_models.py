"""Deprecated operators for execution environments, custom models, their tests and their deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client.routes import required
from datarobot_provider.deprecated import Deprecated
from datarobot_provider.operators import custom_models, execution_environments
from datarobot_provider.operators.deployments import CreateDeploymentOperator
from datarobot_provider.operators.environment_versions import CreateEnvironmentVersionOperator
from datarobot_provider.operators.model_tests import GetModelTestOperator, RunModelTestOperator
from datarobot_provider.operators.versions import CreateVersionOperator

if TYPE_CHECKING:
    from datarobot_provider.jobs.events import JobEvent
    from datarobot_provider.version_compat import Context

_RESOURCES = {name: name for name in ("network_egress_policy", "maximum_memory", "replicas")}


class CreateExecutionEnvironmentOperator(Deprecated, execution_environments.CreateExecutionEnvironmentOperator):
    """Create an execution environment; returns its id."""

    from_params = {
        "execution_environment_name": "name",
        "execution_environment_description": "description",
        "programming_language": "programming_language",
    }

    @staticmethod
    def translated(arguments: dict[str, Any]) -> dict[str, Any]:
        """Allow a name that only a param of the DAG contains."""
        return {"name": None, **arguments}


class CreateExecutionEnvironmentVersionOperator(Deprecated, CreateEnvironmentVersionOperator):
    """Create a version of an execution environment from a Docker context; returns its id."""

    renamed = {
        "execution_environment_id": "environment_id",
        "docker_context_path": "docker_context",
        "environment_version_label": "version_label",
        "environment_version_description": "description",
        "max_wait_sec": "timeout",
    }
    from_params = {
        "docker_context_path": "docker_context",
        "environment_version_label": "version_label",
        "environment_version_description": "description",
    }


class CreateCustomInferenceModelOperator(Deprecated, custom_models.CreateCustomModelOperator):
    """Create a custom model; returns its id."""

    from_params = {
        "custom_model_name": "name",
        "custom_model_description": "description",
        "programming_language": "language",
        **{
            name: name
            for name in (
                "target_type",
                "target_name",
                "positive_class_label",
                "negative_class_label",
                "prediction_threshold",
                "class_labels",
                "is_training_data_for_versions_permanently_enabled",
            )
        },
        **_RESOURCES,
    }


class CreateCustomModelVersionOperator(Deprecated, CreateVersionOperator):
    """Create a version of a custom model from a folder; returns its id."""

    renamed = {
        "custom_model_folder": "folder",
        "create_from_previous": "from_latest",
        "max_wait_sec": "timeout",
    }
    from_params = {
        "custom_model_folder": "folder",
        **{
            name: name
            for name in (
                "files",
                "is_major_update",
                "files_to_delete",
                "required_metadata_values",
                "keep_training_holdout_data",
            )
        },
        **_RESOURCES,
    }

    @staticmethod
    def translated(arguments: dict[str, Any]) -> dict[str, Any]:
        """Convert the ids of datasets."""
        for old, new in (("training_dataset_id", "training_data"), ("holdout_dataset_id", "holdout_data")):
            dataset_id = arguments.pop(old, None)
            if dataset_id is not None:
                arguments[new] = {"datasetId": dataset_id}
        return arguments


class CustomModelTestOperator(Deprecated, RunModelTestOperator):
    """Test a version of a custom model; returns the id of the test. A failed test fails the task."""

    renamed = {"max_wait_sec": "timeout"}
    from_params = _RESOURCES

    def result(self, event: JobEvent) -> Any:
        """Return the id of the test."""
        return required(super().result(event), "id")


class GetCustomModelTestOverallStatusOperator(Deprecated, GetModelTestOperator):
    """Return the overall status of a test, a string."""

    def run_request(self, context: Context) -> Any:
        """Return the status."""
        return required(super().run_request(context), "overallStatus")


class CreateCustomModelDeploymentOperator(Deprecated, CreateDeploymentOperator):
    """Register a version of a custom model, unless it is registered, and deploy it; returns the deployment's id."""

    renamed = {
        # Replaced by the id of its model package when the task runs.
        "custom_model_version_id": "model_package_id",
        "deployment_name": "deployment_label",
        "prediction_server_id": "default_prediction_server_id",
        "max_wait_sec": "timeout",
    }

    def run_request(self, context: Context) -> Any:
        """Register the version and deploy it."""
        version_id = self.payload()["modelPackageId"]
        packages = self.hook.client.items("modelPackages/", {"modelId": version_id}, 1)
        if not packages:
            body = {"customModelVersionId": version_id}
            packages = [self.hook.client.request("POST", "modelPackages/fromCustomModelVersion/", body).object()]
        self.model_package_id = required(packages[0], "id")
        return super().run_request(context)

    def result(self, event: JobEvent) -> Any:
        """Return the id of the deployment."""
        return event.ref.ids["deployment_id"]
