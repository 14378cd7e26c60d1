"""Deprecated operators for execution environments, custom models, their tests and their deployment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.routes import required
from datarobot_provider.deprecated import Deprecated
from datarobot_provider.exceptions import InputError
from datarobot_provider.operators import custom_models, execution_environments
from datarobot_provider.operators.deployments import CreateDeploymentOperator
from datarobot_provider.operators.environment_versions import CreateEnvironmentVersionOperator
from datarobot_provider.operators.model_tests import GetModelTestOperator, RunModelTestOperator
from datarobot_provider.operators.versions import CreateVersionOperator

if TYPE_CHECKING:
    from datarobot_provider.jobs.events import JobEvent
    from datarobot_provider.version_compat import Context

_RESOURCES = {name: name for name in ("network_egress_policy", "maximum_memory", "replicas")}


def _metadata_keys(keys: Any) -> list[dict[str, Any]]:
    try:
        return [{"fieldName": key["field_name"], "displayName": key["display_name"]} for key in keys]
    except (KeyError, TypeError):
        raise InputError(
            "The param required_metadata_keys is not a list of objects with field_name and display_name."
        ) from None


def _class_labels(file: str) -> list[str]:
    try:
        return [label for label in Path(file).read_text(encoding="utf-8").splitlines() if label]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The param class_labels_file is {file}, which cannot be read: {error}.") from None


def _holdout_column(name: str) -> dict[str, str]:
    return {"partitionColumn": name}


class CreateExecutionEnvironmentOperator(Deprecated, execution_environments.CreateExecutionEnvironmentOperator):
    """Create an execution environment; returns its id."""

    from_params = {
        "execution_environment_name": "name",
        "execution_environment_description": "description",
        "programming_language": "programming_language",
        "required_metadata_keys": "required_metadata_keys",
    }
    conversions = {"required_metadata_keys": _metadata_keys}

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
        "class_labels_file": "class_labels",
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
    conversions = {"class_labels_file": _class_labels}


class CreateCustomModelVersionOperator(Deprecated, CreateVersionOperator):
    """Create a version of a custom model from a folder; returns its id."""

    renamed = {
        "custom_model_folder": "folder",
        "create_from_previous": "from_latest",
        "max_wait_sec": "timeout",
    }
    from_params = {
        "custom_model_folder": "folder",
        "partition_column": "holdout_data",
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
    conversions = {"partition_column": _holdout_column}

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
