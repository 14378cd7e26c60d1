"""The life cycle of a custom model as a task group, for use in your own DAGs."""

from __future__ import annotations

from airflow.sdk import task_group

from datarobot_provider.operators.custom_models import CreateCustomModelOperator
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.operators.versions import CreateVersionOperator


@task_group
def life_cycle(name: str, folder: str) -> None:
    """Create a model, upload its folder as a version, build its dependencies and test it.

    The DAG must have the params ``environment_id`` and ``dataset_id``. Tasks after the group can use the XComs of its
    tasks: ``create_model`` and ``create_version`` return ids, ``test_version`` returns the test.
    """
    create_model = CreateCustomModelOperator(
        task_id="create_model",
        name=name,
        target_type="Regression",
        target_name="target",
        is_training_data_for_versions_permanently_enabled=True,
    )
    create_version = CreateVersionOperator(
        task_id="create_version",
        custom_model_id=create_model.output,
        folder=folder,
        base_environment_id="{{ params.environment_id }}",
        training_data={"datasetId": "{{ params.dataset_id }}"},
        deferrable=True,
    )
    build_dependencies = StartDependencyBuildOperator(
        task_id="build_dependencies",
        custom_model_id=create_model.output,
        custom_model_version_id=create_version.output,
        deferrable=True,
    )
    test_version = RunModelTestOperator(
        task_id="test_version",
        custom_model_id=create_model.output,
        custom_model_version_id=create_version.output,
        dataset_id="{{ params.dataset_id }}",
        deferrable=True,
    )
    build_dependencies >> test_version
