"""What Airflow asks every installed provider for."""

from __future__ import annotations

from typing import Any

from datarobot_provider.hooks import form

_INTEGRATION = "DataRobot"
_OPERATORS = (
    "access_control",
    "actuals",
    "batch_predictions",
    "challengers",
    "conversions",
    "credentials",
    "custom_model_limits",
    "custom_models",
    "custom_templates",
    "data_sources",
    "dataset_versions",
    "datasets",
    "dependency_builds",
    "deployment_settings",
    "deployment_statistics",
    "deployments",
    "environment_versions",
    "execution_environments",
    "feature_impact",
    "guard_configurations",
    "guard_templates",
    "model_quality_gates",
    "model_replacement",
    "model_tests",
    "moderation",
    "prediction_environments",
    "prediction_explanations",
    "prediction_server_image",
    "predictions",
    "registered_models",
    "repository_versions",
    "request",
    "resource_bundles",
    "training_data",
    "use_cases",
    "vector_databases",
    "versions",
)
_SENSORS = (
    "batch_predictions",
    "conversions",
    "datasets",
    "dependency_builds",
    "deployments",
    "environment_versions",
    "feature_impact",
    "model_tests",
    "prediction_explanations",
    "registered_models",
    "status",
    "training_data",
    "vector_databases",
)


_CONNECTION_TYPE = {
    "connection-type": form.CONN_TYPE,
    "hook-class-name": "datarobot_provider.hooks.datarobot.DataRobotHook",
    "hook-name": form.HOOK_NAME,
    "ui-field-behaviour": {
        "hidden-fields": form.HIDDEN,
        "relabeling": form.LABELS,
        "placeholders": form.PLACEHOLDERS,
    },
    "conn-fields": form.EXTRAS,
}


def _modules(package: str, *names: str) -> list[dict[str, Any]]:
    modules = [f"datarobot_provider.{package}.{name}" for name in names]
    return [{"integration-name": _INTEGRATION, "python-modules": modules}]


def get_provider_info() -> dict[str, Any]:
    """Return the connection type with its form, and all classes and modules that Airflow lists or loads."""
    return {
        "package-name": "airflow-provider-datarobot-mlops",
        "name": "DataRobot MLOps",
        "description": "Drives DataRobot's custom-model life cycle: every wait deferred, nothing submitted twice.",
        "connection-types": [_CONNECTION_TYPE],
        "integrations": [
            {
                "integration-name": _INTEGRATION,
                "external-doc-url": "https://docs.datarobot.com/en/docs/api/reference/index.html",
                "tags": ["service"],
            }
        ],
        "operators": _modules("operators", *_OPERATORS),
        "sensors": _modules("sensors", *_SENSORS),
        "hooks": _modules("hooks", "datarobot"),
        "triggers": _modules("triggers", "job", "new_version"),
        "notifications": ["datarobot_provider.notifications.job_report.JobReportNotifier"],
        "asset-uris": [
            {
                "schemes": ["datarobot"],
                "handler": "datarobot_provider.assets.datarobot.sanitize_uri",
                "factory": "datarobot_provider.assets.datarobot.create_asset",
                "to_openlineage_converter": "datarobot_provider.assets.datarobot.convert_asset_to_openlineage",
            }
        ],
        "extra-links": [
            f"datarobot_provider.links.datarobot.{name}"
            for name in (
                "CustomModelLink",
                "CustomModelVersionLink",
                "DatasetLink",
                "DeploymentLink",
                "EnvironmentLink",
                "RegisteredModelLink",
            )
        ],
    }
