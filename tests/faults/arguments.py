"""The arguments of each operation, and the resources in the emulator that it requires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.emulator import DATASET, DEPLOYMENT, ENVIRONMENT, FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.faults.resources import Resources

_REPOSITORY = "65a0000000000000000000c1"
_ROLES = [{"username": "reviewer@example.com", "role": "EDITOR", "canShare": False}]
_GUARD = {"name": "Tokens", "description": "d", "type": "ootb", "ootbType": "token_count", "stages": ["prompt"]}
_COLUMNS = {"deployment_id": DEPLOYMENT, "prompt_column_name": "promptText", "target_column_name": "relevant"}
_ENTITY = {"entity_type": "datasets", "entity_id": DATASET}
_TABLE = str(FOLDER.parent / "diabetes_training.csv")
_IMAGE = "registry.example.com/python:3.12"
_TRAINING = {"categories": "TRAINING"}
_DATA_STORE = "65a0000000000000000000c9"
_TEMPLATE = "65a0000000000000000000d1"
_URL = "https://data.example.com/houses.csv"
_FILES = {"folder": str(FOLDER), "base_environment_id": ENVIRONMENT}
Arguments = dict[str, Any]


def model(resources: Resources) -> Arguments:
    return {"custom_model_id": resources.built["custom_model_id"]}


def _new_model(resources: Resources, _: Path) -> Arguments:
    return {"custom_model_id": resources.create_model()}


def _new_version(resources: Resources, _: Path) -> Arguments:
    return dict(resources.create_model_with_version())


def _trained(resources: Resources, _: Path) -> Arguments:
    return dict(resources.create_model_with_version(training=True))


def training(resources: Resources, folder: Path) -> Arguments:
    resources.outcome("training_data", "succeeded", seconds=0.05)
    return {**_new_model(resources, folder), **_FILES, "training_data": {"datasetId": DATASET}}


def _stuck_build(resources: Resources, _: Path) -> Arguments:
    ids = resources.create_model_with_version()
    resources.outcome("dependency_build", "stuck")
    resources.send("POST", resources.path(ids) + "dependencyBuild/")
    return dict(ids)


def _convertible(resources: Resources, _: Path) -> Arguments:
    ids = resources.create_model_with_version()
    return {**ids, "main_program_item_id": resources.item(ids)}


def _image(resources: Resources, folder: Path) -> Arguments:
    return {"target": str(folder / "image.tar")}


#: The resources and arguments of each operation; by default, the arguments of ``contract/operations/cases.py``.
PREPARED: dict[str, Callable[[Resources, Path], Arguments]] = {
    "get_inference_image_feature_impact": lambda w, _: {"image_id": w.image},
    "start_inference_image_feature_impact": lambda w, f: {"image_id": _trained(w, f)["custom_model_version_id"]},
    "list_custom_model_tests": lambda w, _: model(w) if w.tested else {},
    "create_custom_model_test": lambda w, _: {**w.create_model_with_version(built=True), "dataset_id": DATASET},
    "cancel_custom_model_test": lambda w, _: {
        "custom_model_test_id": w.test(w.create_model_with_version(built=True), "stuck")
    },
    "get_custom_model_test": lambda w, _: {"custom_model_test_id": w.tested},
    "download_custom_model_test_log": lambda w, _: {"custom_model_test_id": w.tested},
    "get_custom_model_test_log_tail": lambda w, _: {"custom_model_test_id": w.tested, "lines": 3},
    "list_custom_models": lambda w, _: {"search_for": w.unique_name},
    "create_custom_model": lambda _, __: {"name": "x", "target_type": "Unstructured"},
    "copy_custom_model": lambda w, _: model(w),
    "init_prediction_explanations_legacy": lambda w, f: {**_trained(w, f), "environment_id": ENVIRONMENT},
    "delete_custom_model": _new_model,
    "get_custom_model": lambda w, _: model(w),
    "update_custom_model": lambda w, _: {"custom_model_id": w.create_model(), "description": "changed"},
    "list_custom_model_access": lambda w, _: model(w),
    "update_custom_model_access": lambda w, _: {"custom_model_id": w.changeable["custom_model_id"], "roles": _ROLES},
    "download_custom_model": lambda w, f: {**model(w), "target": str(f / "model.zip")},
    "assign_custom_model_training_data": lambda w, _: {
        "custom_model_id": w.create_model_without_training_data(),
        "dataset_id": DATASET,
    },
    "list_custom_model_versions": lambda w, _: model(w),
    "create_custom_model_version_from_latest": lambda w, f: {
        "custom_model_id": _new_version(w, f)["custom_model_id"],
        "from_latest": True,
        "folder": str(FOLDER),
    },
    "create_custom_model_version": lambda w, f: {**_new_model(w, f), **_FILES},
    "create_custom_model_version_from_latest_and_repository": lambda w, f: {
        "custom_model_id": _new_version(w, f)["custom_model_id"],
        "repository_id": _REPOSITORY,
        "source_path": "src/custom.py",
        "from_latest": True,
    },
    "create_custom_model_version_from_repository": lambda w, f: {
        **_new_model(w, f),
        "repository_id": _REPOSITORY,
        "base_environment_id": ENVIRONMENT,
    },
    "create_custom_model_version_with_training_data": lambda w, f: {
        "custom_model_id": _new_version(w, f)["custom_model_id"],
        "training_data": {"datasetId": DATASET},
    },
    "get_custom_model_version": lambda w, _: dict(w.built),
    "update_custom_model_version": lambda w, _: {**w.changeable, "description": "changed"},
    "list_custom_model_conversions": lambda w, _: dict(w.built) if w.converted else {},
    "start_custom_model_conversion": _convertible,
    "stop_custom_model_conversion": lambda w, _: w.conversion(w.create_model_with_version(), "stuck"),
    "get_custom_model_conversion": lambda w, _: dict(w.converted),
    "cancel_dependency_build": _stuck_build,
    "get_dependency_build": lambda w, _: dict(w.built),
    "start_dependency_build": _new_version,
    "get_dependency_build_log": lambda w, _: dict(w.built),
    "download_custom_model_version": lambda w, f: {**w.built, "target": str(f / "version.zip")},
    "get_custom_model_version_feature_impact": lambda w, _: dict(w.built) if w.impact else {},
    "start_custom_model_version_feature_impact": _trained,
    "init_prediction_explanations": _trained,
    "list_vector_database_validations": lambda w, _: {"search": w.unique_name},
    "create_vector_database_validation": lambda _, __: dict(_COLUMNS),
    "delete_vector_database_validation": lambda w, _: {"validation_id": w.validation()},
    "get_vector_database_validation": lambda w, _: {"validation_id": w.validated},
    "update_vector_database_validation": lambda w, _: {"validation_id": w.validation(), "name": "changed"},
    "revalidate_vector_database": lambda w, _: {"validation_id": w.validation()},
    "list_guard_configurations": lambda w, _: dict(w.moderated) if w.guarded else {},
    "create_guard_configuration": lambda w, f: {
        "template_id": w.template,
        "name": "n",
        "stages": ["prompt"],
        "entity_type": "customModel",
        "entity_id": _new_model(w, f)["custom_model_id"],
    },
    "list_guard_prediction_environments": lambda w, _: {"custom_model_version_id": w.built["custom_model_version_id"]},
    "push_guards_to_new_custom_model_version": lambda w, f: {
        "custom_model_id": _new_version(w, f)["custom_model_id"],
        "guards": [_GUARD],
    },
    "delete_guard_configuration": lambda w, _: {"config_id": w.guard(w.create_model())},
    "get_guard_configuration": lambda w, _: {"config_id": w.guarded},
    "update_guard_configuration": lambda w, _: {"config_id": w.guard(w.create_model()), "name": "changed"},
    "get_guard_template": lambda w, _: {"template_id": w.template},
    "download_pps_image": _image,
    "list_use_cases": lambda _, __: {"search": "handbook"},
    "get_use_case": lambda w, _: {"use_case_id": w.use_case()},
    "update_use_case": lambda w, _: {"use_case_id": w.use_case(), "name": "changed"},
    "delete_use_case": lambda w, _: {"use_case_id": w.use_case()},
    "add_to_use_case": lambda w, _: {"use_case_id": w.use_case(), **_ENTITY},
    "remove_from_use_case": lambda w, _: {"use_case_id": w.use_case(DATASET), **_ENTITY},
    "list_datasets": lambda _, __: {"category": "PREDICTION"},
    "create_dataset_from_file": lambda _, __: {"file": _TABLE, **_TRAINING},
    "create_dataset_from_url": lambda _, __: {"url": _URL, **_TRAINING},
    "get_dataset": lambda _, __: {"dataset_id": DATASET},
    "update_dataset": lambda w, _: {"dataset_id": w.dataset(), "name": "changed"},
    "delete_dataset": lambda w, _: {"dataset_id": w.dataset()},
    "download_dataset": lambda _, f: {"dataset_id": DATASET, "target": str(f / "dataset.csv")},
    "list_dataset_versions": lambda _, __: {"dataset_id": DATASET},
    "create_dataset_version_from_file": lambda w, _: {"dataset_id": w.dataset(), "file": _TABLE},
    "create_dataset_version_from_url": lambda w, _: {"dataset_id": w.dataset(), "url": _URL},
    "create_dataset_from_data_source": lambda w, _: {"data_source_id": w.data_source, **_TRAINING},
    "create_dataset_version_from_data_source": lambda w, _: {
        "dataset_id": w.dataset(),
        "data_source_id": w.data_source,
    },
    "get_dataset_version": lambda w, _: dict(w.dataset_version),
    "list_data_stores": lambda _, __: {"name": "warehouse"},
    "list_data_sources": lambda w, _: {"type": w.connector_source and "dr-connector-v1"},
    "create_data_source": lambda _, __: {"canonical_name": "Prices", "data_store_id": _DATA_STORE, "table": "prices"},
    "get_data_source": lambda w, _: {"data_source_id": w.data_source},
    "list_custom_templates": lambda _, __: {"template_sub_type": "NIM_CONTAINERS"},
    "get_custom_template": lambda _, __: {"custom_template_id": _TEMPLATE},
    "create_custom_model_from_template": lambda _, __: {
        "template_id": _TEMPLATE,
        "resource_bundle_id": "gpu.small",
    },
    "list_execution_environments": lambda _, __: {"search_for": "Scikit-Learn"},
    "create_execution_environment": lambda _, __: {"name": "Python", "programming_language": "python"},
    "get_execution_environment": lambda _, __: {"environment_id": ENVIRONMENT},
    "update_execution_environment": lambda w, _: {"environment_id": w.environment(), "name": "changed"},
    "delete_execution_environment": lambda w, _: {"environment_id": w.environment()},
    "list_execution_environment_versions": lambda _, __: {"environment_id": ENVIRONMENT},
    "create_execution_environment_version": lambda w, _: {
        "environment_id": w.environment(),
        "docker_image_uri": _IMAGE,
    },
    "get_execution_environment_version": lambda w, _: dict(w.environment_version),
    "get_execution_environment_build_log": lambda w, _: dict(w.environment_version),
    "download_execution_environment_version": lambda w, f: {**w.environment_version, "target": str(f / "context.tar")},
    "list_credentials": lambda w, _: {"types": [w.credential and "basic"]},
    "get_credential": lambda w, _: {"credential_id": w.credential},
    "register_custom_model_version": lambda w, _: {
        "custom_model_version_id": w.changeable["custom_model_version_id"],
        "registered_model_id": w.registered()["registered_model_id"],
    },
    "list_registered_models": lambda w, _: {"search": w.registered_version["name"]},
    "get_registered_model": lambda w, _: w.registered_model,
    "update_registered_model": lambda w, _: {"registered_model_id": w.changeable_registered, "description": "changed"},
    "archive_registered_model": lambda w, _: {"registered_model_id": w.registered()["registered_model_id"]},
    "list_registered_model_versions": lambda w, _: {"registered_model_id": w.registered_version["registered_model_id"]},
    "get_registered_model_version": lambda w, _: {
        **w.registered_model,
        "version_id": w.registered_version["version_id"],
    },
    "list_deployments": lambda w, _: {"search": w.deployed and "Deployed"},
    "create_deployment": lambda w, _: {
        "model_package_id": w.package,
        "deployment_label": "Created",
    },
    "get_deployment": lambda w, _: {"deployment_id": w.deployed},
    "update_deployment": lambda w, _: {"deployment_id": w.deployment("Changed"), "description": "changed"},
    "delete_deployment": lambda w, _: {"deployment_id": w.deployment("Deleted")},
    "update_deployment_status": lambda w, _: {"deployment_id": w.deployment("Stopped"), "status": "inactive"},
    "get_deployment_settings": lambda w, _: {"deployment_id": w.deployed},
    "update_deployment_settings": lambda w, _: {
        "deployment_id": w.deployment("Configured"),
        "target_drift": {"enabled": True},
    },
    "validate_model_replacement": lambda w, _: {"deployment_id": w.deployed, "model_package_id": w.other_package},
    "replace_model": lambda w, _: {"deployment_id": w.deployment("Replaced"), "model_package_id": w.other_package},
    "list_model_history": lambda w, _: {"deployment_id": w.deployed},
    "list_challengers": lambda w, _: {"deployment_id": w.challenged["deployment_id"]},
    "create_challenger": lambda w, _: {
        "deployment_id": w.deployment("Challenged", challengerModels={"enabled": True}),
        "model_package_id": w.other_package,
        "name": "other",
    },
    "get_challenger": lambda w, _: dict(w.challenged),
    "delete_challenger": lambda w, _: w.challenger(),
    "get_service_statistics": lambda w, _: {"deployment_id": w.deployed},
    "get_target_drift": lambda w, _: {"deployment_id": w.deployed},
    "list_feature_drift": lambda w, _: {"deployment_id": w.deployed},
    "get_accuracy": lambda w, _: {"deployment_id": w.deployed},
    "submit_actuals": lambda w, _: {
        "deployment_id": w.deployment("Judged", associationId={"columnNames": ["id"]}),
        "data": [{"associationId": "a", "actualValue": 1}],
    },
    "submit_actuals_from_dataset": lambda w, _: {
        "deployment_id": w.deployment("Judged", associationId={"columnNames": ["id"]}),
        "dataset_id": DATASET,
        "association_id_column": "age",
        "actual_value_column": "target",
    },
    "list_batch_predictions": lambda w, _: {"deployment_id": w.batch["deployment_id"]},
    "create_batch_prediction": lambda w, _: {"deployment_id": w.deployment("Predicted"), "dataset_id": DATASET},
    "get_batch_prediction": lambda w, _: {"prediction_job_id": w.batch["prediction_job_id"]},
    "cancel_batch_prediction": lambda w, _: {"prediction_job_id": w.batch_prediction("stuck")["prediction_job_id"]},
    "download_batch_prediction": lambda w, f: {
        "prediction_job_id": w.batch["prediction_job_id"],
        "target": str(f / "predictions.csv"),
    },
    "make_predictions": lambda w, _: {"deployment_id": w.deployment("Asked"), "rows": [{"age": 1}]},
    "get_overall_moderation_configuration": lambda w, _: dict(w.moderated),
    "update_overall_moderation_configuration": lambda w, _: {
        "entity_id": w.changeable["custom_model_id"],
        "entity_type": "customModel",
        "timeout_sec": 5,
        "timeout_action": "block",
    },
}
