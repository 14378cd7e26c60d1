"""Rejections by the emulator itself: unknown ids, invalid values, resources in the wrong state."""

from __future__ import annotations

import pytest

from datarobot_provider.version_compat import AirflowFailException
from tests.contract.operations import deployment_rejections
from tests.contract.operations.cases import CASES
from tests.contract.operations.rejection_resources import (
    NO_DATASET,
    NO_ENVIRONMENT,
    NO_ENVIRONMENT_VERSION,
    NO_MODEL,
    NO_REGISTERED,
    UNKNOWN_ID,
    Resources,
    entity,
    guard_of,
    link,
)
from tests.contract.operations.responses import PUBLISHED
from tests.contract.provider.test_arguments import ROUTES
from tests.support.emulator import DATASET, ENVIRONMENT

#: (operation, status, arguments, expected part of the message)
REJECTIONS = [
    *deployment_rejections.REJECTIONS,
    ("get_use_case", 404, lambda _: {"use_case_id": UNKNOWN_ID}, "Not Found"),
    ("update_use_case", 404, lambda _: {"use_case_id": UNKNOWN_ID, "name": "n"}, "Not Found"),
    ("delete_use_case", 404, lambda _: {"use_case_id": UNKNOWN_ID}, "Not Found"),
    ("add_to_use_case", 404, lambda w: link(w.use_case), "Not Found"),
    ("add_to_use_case", 422, lambda w: link(w.use_case, "tables"), "entityType: should be one of"),
    ("remove_from_use_case", 404, lambda w: link(w.use_case), "Not Found"),
    ("list_datasets", 422, lambda _: {"order_by": "size"}, "orderBy: must be one of"),
    ("create_dataset_from_file", 422, lambda w: {"file": w.table, "categories": "TABLE"}, "categories: has none of"),
    ("create_dataset_from_url", 422, lambda _: {"url": "houses.csv"}, "url: has to begin with"),
    ("get_dataset", 404, lambda _: NO_DATASET, "Not Found"),
    ("update_dataset", 404, lambda _: {**NO_DATASET, "name": "n"}, "Not Found"),
    ("update_dataset", 422, lambda _: {"dataset_id": DATASET, "categories": "TABLE"}, "categories: has none of"),
    ("delete_dataset", 404, lambda _: NO_DATASET, "Not Found"),
    ("download_dataset", 404, lambda w: {**NO_DATASET, "target": w.target}, "Not Found"),
    ("download_dataset", 409, lambda w: {"dataset_id": w.unread, "target": w.target}, "not been read to its end"),
    ("list_dataset_versions", 404, lambda _: NO_DATASET, "Not Found"),
    ("create_dataset_version_from_file", 404, lambda w: {**NO_DATASET, "file": w.table}, "Not Found"),
    (
        "create_dataset_version_from_file",
        422,
        lambda w: {"dataset_id": DATASET, "file": w.table, "categories": "TABLE"},
        "categories: has none of",
    ),
    ("create_dataset_version_from_url", 404, lambda _: {**NO_DATASET, "url": "https://e.com/d.csv"}, "Not Found"),
    (
        "create_dataset_version_from_url",
        422,
        lambda _: {"dataset_id": DATASET, "url": "houses.csv"},
        "url: has to begin with",
    ),
    (
        "create_dataset_from_data_source",
        422,
        lambda _: {"data_source_id": UNKNOWN_ID},
        "dataSourceId: there is no data source",
    ),
    (
        "create_dataset_version_from_data_source",
        404,
        lambda _: {**NO_DATASET, "data_source_id": UNKNOWN_ID},
        "Not Found",
    ),
    (
        "create_dataset_version_from_data_source",
        422,
        lambda _: {"dataset_id": DATASET, "data_source_id": UNKNOWN_ID},
        "dataSourceId: there is no data source",
    ),
    ("list_data_stores", 422, lambda _: {"type": "lake"}, "type: must be one of"),
    ("list_data_sources", 422, lambda _: {"type": "lake"}, "type: must be one of"),
    (
        "create_data_source",
        422,
        lambda _: {"canonical_name": "n", "data_store_id": UNKNOWN_ID, "table": "t"},
        "params.dataStoreId: there is no data store",
    ),
    ("get_data_source", 404, lambda _: {"data_source_id": UNKNOWN_ID}, "Not Found"),
    ("list_custom_templates", 422, lambda _: {"order_by": "age"}, "orderBy: must be one of"),
    ("get_custom_template", 404, lambda _: {"custom_template_id": UNKNOWN_ID}, "Not Found"),
    (
        "create_custom_model_from_template",
        422,
        lambda _: {"template_id": UNKNOWN_ID, "resource_bundle_id": "gpu.small"},
        "templateId: there is no model template",
    ),
    (
        "get_dataset_version",
        404,
        lambda _: {"dataset_id": DATASET, "dataset_version_id": UNKNOWN_ID},
        "Not Found",
    ),
    ("create_execution_environment", 422, lambda _: {"name": "n" * 256}, "name: must have at most 255 characters"),
    ("get_execution_environment", 404, lambda _: NO_ENVIRONMENT, "Not Found"),
    ("update_execution_environment", 404, lambda _: {**NO_ENVIRONMENT, "name": "n"}, "Not Found"),
    (
        "update_execution_environment",
        422,
        lambda _: {"environment_id": ENVIRONMENT, "name": "n" * 256},
        "name: must have at most 255 characters",
    ),
    ("delete_execution_environment", 404, lambda _: NO_ENVIRONMENT, "Not Found"),
    (
        "delete_execution_environment",
        409,
        lambda w: {"environment_id": w.ids and ENVIRONMENT},
        "is used by custom models",
    ),
    ("list_execution_environment_versions", 404, lambda _: NO_ENVIRONMENT, "Not Found"),
    ("create_execution_environment_version", 404, lambda _: {**NO_ENVIRONMENT, "docker_image_uri": "i"}, "Not Found"),
    (
        "create_execution_environment_version",
        422,
        lambda _: {"environment_id": ENVIRONMENT, "docker_image_uri": "i", "version_label": "l" * 51},
        "label: must have at most 50 characters",
    ),
    ("get_execution_environment_version", 404, lambda _: NO_ENVIRONMENT_VERSION, "Not Found"),
    ("get_execution_environment_build_log", 404, lambda _: NO_ENVIRONMENT_VERSION, "Not Found"),
    (
        "download_execution_environment_version",
        404,
        lambda w: {**NO_ENVIRONMENT_VERSION, "target": w.target},
        "Not Found",
    ),
    (
        "register_custom_model_version",
        404,
        lambda w: {"custom_model_version_id": w.ids["custom_model_version_id"], "registered_model_id": UNKNOWN_ID},
        "Not Found",
    ),
    (
        "register_custom_model_version",
        422,
        lambda _: {"custom_model_version_id": UNKNOWN_ID, "registered_model_name": "n"},
        "customModelVersionId: no such version",
    ),
    ("list_registered_models", 422, lambda _: {"sort_key": "size"}, "sortKey: must be one of"),
    ("get_registered_model", 404, lambda _: NO_REGISTERED, "Not Found"),
    ("update_registered_model", 404, lambda _: {**NO_REGISTERED, "name": "n"}, "Not Found"),
    ("update_registered_model", 409, lambda w: w.registered_twice(), "exists already"),
    ("archive_registered_model", 404, lambda _: NO_REGISTERED, "Not Found"),
    (
        "archive_registered_model",
        409,
        lambda w: {"registered_model_id": w.live and w.registered("one")},
        "is deployed; it cannot be archived",
    ),
    ("list_registered_model_versions", 404, lambda _: NO_REGISTERED, "Not Found"),
    ("get_registered_model_version", 404, lambda _: {**NO_REGISTERED, "version_id": UNKNOWN_ID}, "Not Found"),
    ("list_credentials", 422, lambda _: {"order_by": "name"}, "orderBy: must be one of"),
    ("get_credential", 404, lambda _: {"credential_id": UNKNOWN_ID}, "Not Found"),
    ("get_resource_bundle", 404, lambda _: {"resource_bundle_id": "cpu.giant"}, "Not Found"),
    ("get_inference_image_feature_impact", 404, lambda _: {"image_id": UNKNOWN_ID}, "Not Found"),
    (
        "get_inference_image_feature_impact",
        422,
        lambda w: {"image_id": w.ids["custom_model_version_id"]},
        "Training data is not assigned",
    ),
    ("cancel_custom_model_test", 404, lambda _: {"custom_model_test_id": UNKNOWN_ID}, "Not Found"),
    ("cancel_custom_model_test", 409, lambda w: {"custom_model_test_id": w.tested}, "already reached a terminal"),
    ("download_custom_model_test_log", 404, lambda w: {"custom_model_test_id": w.testing}, "No testing log found"),
    (
        "get_custom_model_test_log_tail",
        400,
        lambda _: {"custom_model_test_id": UNKNOWN_ID, "lines": 5000},
        "lines: must be",
    ),
    ("get_custom_model_test_log_tail", 404, lambda _: {"custom_model_test_id": UNKNOWN_ID, "lines": 5}, "Not Found"),
    (
        "init_prediction_explanations_legacy",
        422,
        lambda w: {**w.ids, "environment_id": UNKNOWN_ID},
        "environmentId: no such execution environment",
    ),
    ("init_prediction_explanations", 422, lambda w: w.ids, "Training data is not assigned"),
    ("delete_custom_model", 409, lambda w: {"custom_model_id": w.live["custom_model_id"]}, "existing deployments"),
    (
        "update_custom_model",
        409,
        lambda w: {"name": w.testing, "custom_model_id": w.model},
        "cannot be changed while it is being tested",
    ),
    ("update_custom_model", 422, lambda w: {"custom_model_id": w.model, "replicas": 9}, "replicas: must be at most 8"),
    (
        "update_custom_model_access",
        409,
        lambda w: {"custom_model_id": w.model, "roles": [{"username": "emulator@example.com", "role": None}]},
        "without an owner",
    ),
    (
        "update_custom_model_access",
        422,
        lambda w: {"custom_model_id": w.model, "roles": [{"username": "reviewer@example.com", "role": "KING"}]},
        "data.0.role: ",
    ),
    ("assign_custom_model_training_data", 410, lambda w: w.deleted_dataset(w.old_model), "has been deleted"),
    (
        "assign_custom_model_training_data",
        422,
        lambda w: {"custom_model_id": w.model, "dataset_id": DATASET},
        "assign the data to a version",
    ),
    (
        "create_custom_model_version_from_repository",
        422,
        lambda w: {"custom_model_id": w.model, "repository_id": "r"},
        "baseEnvironmentId: this field is required",
    ),
    (
        "create_custom_model_version_from_latest_and_repository",
        422,
        lambda w: {"repository_id": "r", "from_latest": True, "source_path": [], "custom_model_id": w.model},
        "baseEnvironmentId: this field is required",
    ),
    (
        "create_custom_model_version_with_training_data",
        404,
        lambda _: {**NO_MODEL, "training_data": {"datasetId": DATASET}},
        "Not Found",
    ),
    (
        "create_custom_model_version_with_training_data",
        410,
        lambda w: {
            "custom_model_id": w.ids["custom_model_id"],
            "training_data": {"datasetId": w.deleted_dataset("")["dataset_id"]},
        },
        "has been deleted",
    ),
    (
        "create_custom_model_version_with_training_data",
        422,
        lambda w: {"custom_model_id": w.ids["custom_model_id"], "training_data": {}},
        "trainingData: datasetId is required",
    ),
    ("update_custom_model_version", 404, lambda w: {**w.ids, **NO_MODEL, "description": "d"}, "Not Found"),
    ("update_custom_model_version", 422, lambda w: w.labelled(), "requiredMetadata: once set, it cannot be changed"),
    (
        "start_custom_model_conversion",
        422,
        lambda w: {**w.ids, "main_program_item_id": UNKNOWN_ID},
        "mainProgramItemId: is not a file of the version",
    ),
    ("stop_custom_model_conversion", 422, lambda w: w.converted, "The given conversion is not active"),
    ("cancel_dependency_build", 409, lambda w: w.built, "reached a terminal state"),
    ("cancel_dependency_build", 422, lambda w: w.ids, "has not been started"),
    ("get_dependency_build", 422, lambda w: w.ids, "has not been started"),
    ("get_dependency_build_log", 404, lambda w: w.building, "is in progress; its log is not there yet"),
    ("get_dependency_build_log", 422, lambda w: w.ids, "has not been started"),
    ("get_custom_model_version_feature_impact", 404, lambda w: {**w.ids, **NO_MODEL}, "Not Found"),
    ("get_custom_model_version_feature_impact", 422, lambda w: w.ids, "Training data is not assigned"),
    ("list_vector_database_validations", 422, lambda _: {"sort": "colour"}, "query.sort: "),
    (
        "update_vector_database_validation",
        422,
        lambda w: {"validation_id": w.validation, "prediction_timeout": 0},
        "predictionTimeout: must be",
    ),
    (
        "list_guard_configurations",
        400,
        lambda _: {"entity_id": "m", "entity_type": "model"},
        "entityType: must be one of",
    ),
    ("list_guard_configurations", 404, lambda _: entity(UNKNOWN_ID), "Not Found"),
    ("create_guard_configuration", 404, lambda w: guard_of(w, template_id=UNKNOWN_ID), "Not Found"),
    (
        "create_guard_configuration",
        409,
        lambda w: guard_of(w, entity_id=w.guard("one") and w.model),
        "exists already",
    ),
    ("list_guard_prediction_environments", 404, lambda _: {"custom_model_version_id": UNKNOWN_ID}, "Not Found"),
    ("delete_guard_configuration", 404, lambda _: {"config_id": UNKNOWN_ID}, "Not Found"),
    ("get_guard_configuration", 404, lambda _: {"config_id": UNKNOWN_ID}, "Not Found"),
    ("update_guard_configuration", 404, lambda _: {"config_id": UNKNOWN_ID, "name": "n"}, "Not Found"),
    ("update_guard_configuration", 409, lambda w: w.named_twice(), "exists already"),
    ("update_guard_configuration", 409, lambda w: w.of_a_frozen_version(), "is frozen"),
    ("get_guard_template", 404, lambda _: {"template_id": UNKNOWN_ID}, "Not Found"),
    ("get_pps_image_metadata", 404, lambda w: w.without_an_image(), "There is no prediction server image"),
    ("get_overall_moderation_configuration", 404, lambda w: entity(w.model), "Not Found"),
    (
        "update_overall_moderation_configuration",
        404,
        lambda _: {**entity(UNKNOWN_ID), "timeout_sec": 5, "timeout_action": "block"},
        "Not Found",
    ),
]
#: Rejections that the emulator never sends by itself; ``test_rejections.py`` injects them.
BY_FAULT = deployment_rejections.BY_FAULT | {
    ("register_custom_model_version", 409),
    ("list_custom_model_access", 400),
    ("list_custom_model_versions", 400),
    ("list_custom_model_versions", 422),
    ("list_guard_templates", 400),
    ("list_guard_templates", 404),
    ("download_pps_image", 404),
    ("update_custom_model", 403),
    ("create_custom_model_from_template", 403),
    ("assign_custom_model_training_data", 409),
    ("delete_vector_database_validation", 422),
    ("get_vector_database_validation", 422),
    ("revalidate_vector_database", 422),
}


@pytest.mark.parametrize(("name", "status", "prepare", "expected"), REJECTIONS)
def test_a_rejection_contains_the_message_of_the_server(runner, model_folder, name, status, prepare, expected):
    task = CASES[name][0]
    arguments = prepare(Resources(runner, model_folder))
    runner.received.clear()
    with pytest.raises(AirflowFailException) as caught:
        runner.run(task, **arguments)
    message = str(caught.value)
    (exchange,) = [e for e in runner.received if e.status == status]
    assert message.startswith(f"DataRobot returned {status} for {exchange.method} {exchange.path[len('/api/v2/') :]}: ")
    assert expected in message
    (entry,) = [entry for entry in runner.log() if entry["requestId"] in message]
    assert (entry["method"], entry["path"], entry["status"]) == (exchange.method, exchange.path, status)
    assert f"Request id: {entry['requestId']}" in message
    if status in (404, 410):
        ids = {argument: value for argument, value in arguments.items() if argument.endswith("_id") and value}
        named = [argument for argument, value in ids.items() if f"{argument} {value!r}" in message]
        assert named or not ids
        assert set(named) >= {argument for argument, value in ids.items() if value == UNKNOWN_ID}


def test_every_listed_rejection_is_tested():
    tested_with_provider = {route for routes in ROUTES.values() for route in routes}
    listed = {
        (name, int(status))
        for name, operation in PUBLISHED.items()
        for status in operation.spec["responses"]
        if status.startswith("4") and (operation.method, operation.path) not in tested_with_provider
    }
    by_emulator = {(name, status) for name, status, _, _ in REJECTIONS}
    assert by_emulator | BY_FAULT == listed
    assert by_emulator & BY_FAULT == set()
