"""What Airflow asks every installed provider for."""

from __future__ import annotations

from typing import Any

from datarobot_provider.hooks import form

_INTEGRATION = "DataRobot"


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


def _modules(*names: str) -> list[dict[str, Any]]:
    return [{"integration-name": _INTEGRATION, "python-modules": [f"datarobot_provider.{name}" for name in names]}]


def get_provider_info() -> dict[str, Any]:
    """Return the provider's connection type with its form, and its operators, sensors, hooks, triggers and links."""
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
        "operators": _modules(
            "operators.conversions",
            "operators.custom_model_settings",
            "operators.custom_models",
            "operators.dependency_builds",
            "operators.downloads",
            "operators.guard_configs",
            "operators.guard_templates",
            "operators.guards",
            "operators.insights",
            "operators.model_tests",
            "operators.moderation",
            "operators.prediction_server_image",
            "operators.request",
            "operators.vector_databases",
            "operators.version_records",
            "operators.version_sources",
            "operators.versions",
        ),
        "sensors": _modules("sensors.jobs"),
        "hooks": _modules("hooks.datarobot"),
        "triggers": _modules("triggers.job"),
        "extra-links": [
            f"datarobot_provider.links.datarobot.{name}"
            for name in ("CustomModelLink", "CustomModelVersionLink", "DeploymentLink")
        ],
    }
