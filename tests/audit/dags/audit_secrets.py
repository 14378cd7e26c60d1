"""Tasks with secrets from every source: templates, connection ids, variables; some requests are rejected with an echo.

The tasks whose id begins with ``rejected`` fail by design, ``stuck`` stays deferred.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG

from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.guard_configurations import (
    ApplyGuardConfigOperator,
    CreateGuardConfigOperator,
    UpdateGuardConfigOperator,
)
from datarobot_provider.operators.prediction_server_image import DownloadPredictionServerImageOperator
from datarobot_provider.operators.versions import DownloadVersionOperator

CANARY = "{{ var.value.audit_canary }}"
BY_VALUE = "{{ var.value.audit_openai_api_key }}"
BY_TEMPLATE = "{{ conn.audit_openai.password }}"
UNPROTECTED = "{{ var.value.audit_llm }}"
GUARD: dict[str, Any] = {
    "description": "queries a language model",
    "type": "ootb",
    "stages": ["response"],
    "ootbType": "faithfulness",
    "llmType": "openAi",
}
VERSION = {
    "custom_model_id": "{{ var.value.audit_model }}",
    "custom_model_version_id": "{{ var.value.audit_version }}",
}
TARGET = "{{ var.value.audit_folder }}/{{ task.task_id }}"


def create(task_id: str, **arguments: Any) -> CreateGuardConfigOperator:
    """Create a guard of the model."""
    return CreateGuardConfigOperator(
        task_id=task_id,
        template_id="6680f0000000000000000003",
        name=f"{CANARY} {task_id}",
        stages=["response"],
        entity_id="{{ var.value.audit_model }}",
        entity_type="customModel",
        llm_type="openAi",
        **arguments,
    )


def apply(task_id: str, guards: Any, **arguments: Any) -> ApplyGuardConfigOperator:
    """Apply guards to the model."""
    return ApplyGuardConfigOperator(
        task_id=task_id, custom_model_id="{{ var.value.audit_model }}", guards=guards, **arguments
    )


with DAG("audit_secrets", schedule=None, catchup=False, default_args={"retries": 0}):
    for rejected in ("", "rejected_"):
        conn: dict[str, Any] = {"datarobot_conn_id": "datarobot_rejecting"} if rejected else {}
        create(f"{rejected}create_by_value", openai_api_key=BY_VALUE, **conn)
        create(f"{rejected}create_by_template", openai_api_key=BY_TEMPLATE, **conn)
        create(f"{rejected}create_by_unprotected_variable", openai_api_key=UNPROTECTED, **conn)
        create(f"{rejected}create_by_connection", openai_api_key_conn_id="audit_openai", **conn)
        apply(
            f"{rejected}apply_by_value",
            [
                {**GUARD, "name": CANARY, "openaiApiKey": BY_VALUE},
                {**GUARD, "name": "two", "openaiApiKey": UNPROTECTED},
            ],
            **conn,
        )
        apply(
            f"{rejected}apply_by_string",
            f'[{{"name": "{CANARY}", "description": "d", "type": "ootb", "stages": ["prompt"],'
            f' "ootbType": "token_count", "openaiApiKey": "{UNPROTECTED}"}}]',
            **conn,
        )
        apply(
            f"{rejected}apply_by_connection",
            [{**GUARD, "name": CANARY}, {**GUARD, "name": "own", "openaiApiKeyConnId": "audit_other"}],
            openai_api_key_conn_id="audit_openai",
            **conn,
        )
        for source, arguments in (
            ("value", {"openai_api_key": BY_VALUE}),
            ("conn", {"openai_api_key_conn_id": "audit_openai"}),
        ):
            UpdateGuardConfigOperator(
                task_id=f"{rejected}update_by_{source}", config_id="{{ var.value.audit_guard }}", **arguments, **conn
            )
        DownloadPredictionServerImageOperator(task_id=f"{rejected}download_image", target=TARGET, **conn)
        DownloadVersionOperator(task_id=f"{rejected}download_version", **VERSION, target=TARGET, **conn)
    wait = {"deferrable": True, "poll_interval": 1, "timeout": 900}
    StartDependencyBuildOperator(task_id="stuck", **VERSION, **wait)
    StartDependencyBuildOperator(
        task_id="rejected_build",
        custom_model_id="{{ var.value.audit_model }}",
        custom_model_version_id="{{ var.value.audit_second_version }}",
        datarobot_conn_id="datarobot_rejecting",
        **wait,
    )
