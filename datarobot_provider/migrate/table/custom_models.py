"""Entries for custom models and execution environments."""

from __future__ import annotations

from datarobot_provider.migrate.entry import Entry, same, to

_MODULE = "operators.custom_models"

ENTRIES = (
    Entry(
        _MODULE,
        "CreateCustomInferenceModelOperator",
        "operators.custom_models.CreateCustomModelOperator",
        arguments=same("name", "description"),
        params={
            "custom_model_name": to("name"),
            "custom_model_description": to("description"),
            **same("target_type", "target_name", "positive_class_label", "negative_class_label"),
            "programming_language": to("language"),
            **same("prediction_threshold", "class_labels"),
            "class_labels_file": to("class_labels", "read the file and pass the list of labels"),
            **same("network_egress_policy", "maximum_memory", "replicas"),
            **same("is_training_data_for_versions_permanently_enabled"),
        },
        pushed="the id of the model",
        pushes="the id of the model",
        same_xcom=True,
    ),
    Entry(
        _MODULE,
        "CreateCustomModelVersionOperator",
        "operators.versions.CreateVersionOperator",
        arguments={
            **same("custom_model_id", "base_environment_id"),
            "custom_model_folder": to("folder"),
            "create_from_previous": to("from_latest"),
            "training_dataset_id": to("training_data", '{"datasetId": …}'),
            "holdout_dataset_id": to("holdout_data", '{"datasetId": …}'),
            "max_wait_sec": to("timeout"),
        },
        params={
            "custom_model_folder": to("folder"),
            "files": to("files", "pairs become a mapping of the path in the model to the path of the file"),
            **same("is_major_update", "files_to_delete", "network_egress_policy", "maximum_memory", "replicas"),
            "required_metadata_values": to("required_metadata_values", '[{"fieldName": …, "value": …}]'),
            "partition_column": to("holdout_data", '{"partitionColumn": …}'),
            **same("keep_training_holdout_data"),
        },
        pushed="the id of the version",
        pushes="the id of the version",
        same_xcom=True,
        note="By default, .git, virtual environments, .env and caches in the folder are not uploaded (see exclude).",
    ),
    Entry(
        _MODULE,
        "CustomModelTestOperator",
        "operators.model_tests.RunModelTestOperator",
        arguments={
            **same("custom_model_id", "custom_model_version_id", "dataset_id"),
            "max_wait_sec": to("timeout"),
        },
        params=same("network_egress_policy", "maximum_memory", "replicas"),
        pushed="the id of the test",
        pushes='the test, an object; its id is ["id"]',
        note="A failed model test fails the task, unless raise_on_failure=False is passed.",
    ),
    Entry(
        _MODULE,
        "GetCustomModelTestOverallStatusOperator",
        "operators.model_tests.GetModelTestOperator",
        arguments=same("custom_model_test_id"),
        pushed="the overall status, a string",
        pushes='the test, an object; its status is ["overallStatus"]',
    ),
    Entry(
        _MODULE,
        "CreateCustomModelDeploymentOperator",
        "operators.deployments.CreateDeploymentOperator",
        arguments={
            "custom_model_version_id": to("model_package_id", "the id that RegisterCustomModelVersionOperator returns"),
            "deployment_name": to("deployment_label"),
            "prediction_server_id": to("default_prediction_server_id"),
            **same("description", "importance"),
            "max_wait_sec": to("timeout"),
        },
        pushed="the id of the deployment",
        pushes='the deployment, an object; its id is ["id"]',
        note="The version is registered first, by RegisterCustomModelVersionOperator.",
    ),
    Entry(
        _MODULE,
        "CreateExecutionEnvironmentOperator",
        "operators.execution_environments.CreateExecutionEnvironmentOperator",
        arguments=same("name", "description", "programming_language"),
        params={
            "execution_environment_name": to("name"),
            "execution_environment_description": to("description"),
            **same("programming_language"),
            "required_metadata_keys": to("required_metadata_keys", '[{"fieldName": …, "displayName": …}]'),
        },
        pushed="the id of the environment",
        pushes="the id of the environment",
        same_xcom=True,
    ),
    Entry(
        _MODULE,
        "CreateExecutionEnvironmentVersionOperator",
        "operators.environment_versions.CreateEnvironmentVersionOperator",
        arguments={
            "execution_environment_id": to("environment_id"),
            "docker_context_path": to("docker_context"),
            "environment_version_label": to("version_label"),
            "environment_version_description": to("description"),
            "max_wait_sec": to("timeout"),
        },
        params={
            "docker_context_path": to("docker_context"),
            "environment_version_label": to("version_label"),
            "environment_version_description": to("description"),
        },
        pushed="the id of the version",
        pushes="the id of the version",
        same_xcom=True,
    ),
)
