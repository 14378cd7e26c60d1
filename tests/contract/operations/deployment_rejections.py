"""Rejections of requests about deployments and predictions by the emulator."""

from __future__ import annotations

from tests.contract.operations.rejection_resources import NO_DEPLOYMENT, UNKNOWN_ID
from tests.support.emulator import DATASET

_NO_JOB = {"prediction_job_id": UNKNOWN_ID}
_HALF_PAST = {"start": "2026-01-01T00:30:00Z"}
_SETTING = {"target_drift": {"enabled": True}}
_ACTUALS = {"data": [{"associationId": "a", "actualValue": 1}]}
_COLUMNS = {"dataset_id": DATASET, "association_id_column": "age", "actual_value_column": "target"}
_STATISTICS = ("get_service_statistics", "get_target_drift", "list_feature_drift", "get_accuracy")
_CHANGING = "The deployment is being changed; its status is stopping"

#: (operation, status, arguments, expected part of the message)
REJECTIONS = [
    ("list_deployments", 422, lambda _: {"order_by": "size"}, "orderBy: must be one of"),
    (
        "create_deployment",
        404,
        lambda _: {"model_package_id": UNKNOWN_ID, "deployment_label": "l"},
        "Model package not found",
    ),
    (
        "create_deployment",
        409,
        lambda w: {"model_package_id": w.deployed and w.package, "deployment_label": "l", "user_provided_id": "mine"},
        "userProvidedId mine exists already",
    ),
    (
        "create_deployment",
        422,
        lambda w: {"model_package_id": w.failed_package, "deployment_label": "l"},
        "The build of the model package has failed",
    ),
    ("get_deployment", 404, lambda _: NO_DEPLOYMENT, "Not Found"),
    ("update_deployment", 404, lambda _: {**NO_DEPLOYMENT, "description": "d"}, "Not Found"),
    ("update_deployment", 422, lambda w: {**w.deployed, "importance": "HUGE"}, "importance: must be one of"),
    ("delete_deployment", 404, lambda _: NO_DEPLOYMENT, "Not Found"),
    ("delete_deployment", 422, lambda w: w.changing, _CHANGING),
    ("update_deployment_status", 404, lambda _: {**NO_DEPLOYMENT, "status": "active"}, "Not Found"),
    ("get_deployment_settings", 404, lambda _: NO_DEPLOYMENT, "Not Found"),
    ("update_deployment_settings", 404, lambda _: {**NO_DEPLOYMENT, **_SETTING}, "Not Found"),
    ("update_deployment_settings", 422, lambda w: {**w.changing, **_SETTING}, _CHANGING),
    (
        "validate_model_replacement",
        404,
        lambda w: {**w.deployed, "model_package_id": UNKNOWN_ID},
        "Model package not found",
    ),
    (
        "validate_model_replacement",
        422,
        lambda w: {**w.deployed, "model_package_id": w.failed_package},
        "The build of the model package has failed",
    ),
    ("replace_model", 404, lambda _: {**NO_DEPLOYMENT, "model_package_id": UNKNOWN_ID}, "Not Found"),
    ("list_model_history", 404, lambda _: NO_DEPLOYMENT, "Not Found"),
    ("list_challengers", 404, lambda _: NO_DEPLOYMENT, "Not Found"),
    (
        "create_challenger",
        404,
        lambda w: {**w.deployed, "model_package_id": UNKNOWN_ID, "name": "n"},
        "Model package not found",
    ),
    (
        "create_challenger",
        422,
        lambda w: {**w.deployed, "model_package_id": w.other_package, "name": "n"},
        "Challenger models are not enabled",
    ),
    ("get_challenger", 404, lambda w: {**w.deployed, "challenger_id": UNKNOWN_ID}, "Not Found"),
    ("delete_challenger", 404, lambda w: {**w.deployed, "challenger_id": UNKNOWN_ID}, "Not Found"),
    *((name, 404, lambda _: NO_DEPLOYMENT, "Not Found") for name in _STATISTICS),
    *(
        (name, 422, lambda w: {**w.deployed, **_HALF_PAST}, "start: has to be the top of an hour")
        for name in _STATISTICS
    ),
    ("submit_actuals", 404, lambda _: {**NO_DEPLOYMENT, **_ACTUALS}, "Not Found"),
    ("submit_actuals", 422, lambda w: {**w.deployed, **_ACTUALS}, "The deployment has no association id"),
    ("submit_actuals_from_dataset", 404, lambda _: {**NO_DEPLOYMENT, **_COLUMNS}, "Not Found"),
    ("submit_actuals_from_dataset", 422, lambda w: {**w.deployed, **_COLUMNS}, "The deployment has no association id"),
    ("list_batch_predictions", 422, lambda _: {"order_by": "size"}, "orderBy: must be one of"),
    ("create_batch_prediction", 404, lambda _: {**NO_DEPLOYMENT, "dataset_id": DATASET}, "Deployment not found"),
    (
        "create_batch_prediction",
        422,
        lambda w: {**w.deployed, "intake_settings": {"url": "s3://rows/today.csv"}},
        "intakeSettings.type: this field is required",
    ),
    ("get_batch_prediction", 404, lambda _: _NO_JOB, "Not Found"),
    ("cancel_batch_prediction", 404, lambda _: _NO_JOB, "Not Found"),
    ("cancel_batch_prediction", 409, lambda w: w.batch(), "The job has ended already"),
    ("download_batch_prediction", 404, lambda w: {**_NO_JOB, "target": w.target}, "Not Found"),
    (
        "download_batch_prediction",
        406,
        lambda w: {**w.batch(output_settings={"type": "s3"}), "target": w.target},
        "another output than localFile",
    ),
    ("download_batch_prediction", 422, lambda w: {**w.batch("failed"), "target": w.target}, "its status is FAILED"),
    (
        "make_predictions",
        400,
        lambda w: {**w.deployed, "rows": [{"age": 1}], "passthrough_columns": ["size"]},
        "The data has no column size",
    ),
    ("make_predictions", 404, lambda _: {**NO_DEPLOYMENT, "rows": [{"age": 1}]}, "Not Found"),
    ("make_predictions", 422, lambda w: {**w.changing, "rows": [{"age": 1}]}, "The deployment is not active"),
]
#: Rejections that the emulator never sends by itself.
BY_FAULT = {
    ("update_deployment_status", 409),
    # The task waits for a change that is in progress, and validates a replacement.
    ("update_deployment_status", 422),
    ("replace_model", 422),
    ("update_deployment_settings", 409),
    ("replace_model", 409),
    ("create_challenger", 409),
    ("list_model_history", 422),
    ("list_prediction_servers", 422),
    ("list_prediction_environments", 422),
}
