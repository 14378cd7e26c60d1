"""Secrets on all their ways through Airflow: by template, by connection id, refused with an echo, in a trigger.

The tasks whose id begins with ``refused`` fail by design, ``stuck`` stays deferred.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import DAG

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
INNOCENT = "{{ var.value.audit_llm }}"
GUARD: dict[str, Any] = {
    "description": "asks a language model",
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


def create(task_id: str, **given: Any) -> CreateGuardConfigOperator:
    """Create a guard of the model."""
    return CreateGuardConfigOperator(
        task_id=task_id,
        template_id="6680f0000000000000000003",
        name=f"{CANARY} {task_id}",
        stages=["response"],
        entity_id="{{ var.value.audit_model }}",
        entity_type="customModel",
        llm_type="openAi",
        **given,
    )


def apply(task_id: str, guards: Any, **given: Any) -> ApplyGuardConfigOperator:
    """Apply guards to a model of their own."""
    return ApplyGuardConfigOperator(
        task_id=task_id, custom_model_id="{{ var.value.audit_model }}", guards=guards, **given
    )


with DAG("audit_secrets", schedule=None, catchup=False, default_args={"retries": 0}):
    for refused in ("", "refused_"):
        conn: dict[str, Any] = {"datarobot_conn_id": "datarobot_refusing"} if refused else {}
        create(f"{refused}create_by_value", openai_api_key=BY_VALUE, **conn)
        create(f"{refused}create_by_template", openai_api_key=BY_TEMPLATE, **conn)
        create(f"{refused}create_by_innocent_variable", openai_api_key=INNOCENT, **conn)
        create(f"{refused}create_by_connection", openai_api_key_conn_id="audit_openai", **conn)
        apply(
            f"{refused}apply_by_value",
            [{**GUARD, "name": CANARY, "openaiApiKey": BY_VALUE}, {**GUARD, "name": "two", "openaiApiKey": INNOCENT}],
            **conn,
        )
        apply(
            f"{refused}apply_by_text",
            f'[{{"name": "{CANARY}", "description": "d", "type": "ootb", "stages": ["prompt"],'
            f' "ootbType": "token_count", "openaiApiKey": "{INNOCENT}"}}]',
            **conn,
        )
        apply(
            f"{refused}apply_by_connection",
            [{**GUARD, "name": CANARY}, {**GUARD, "name": "own", "openaiApiKeyConnId": "audit_other"}],
            openai_api_key_conn_id="audit_openai",
            **conn,
        )
        for way, given in (
            ("value", {"openai_api_key": BY_VALUE}),
            ("conn", {"openai_api_key_conn_id": "audit_openai"}),
        ):
            UpdateGuardConfigOperator(
                task_id=f"{refused}update_by_{way}", config_id="{{ var.value.audit_guard }}", **given, **conn
            )
        DownloadPredictionServerImageOperator(task_id=f"{refused}download_image", target=TARGET, **conn)
        DownloadVersionOperator(task_id=f"{refused}download_version", **VERSION, target=TARGET, **conn)
    waiting = {"deferrable": True, "poll_interval": 1, "timeout": 900}
    StartDependencyBuildOperator(task_id="stuck", **VERSION, **waiting)
    StartDependencyBuildOperator(
        task_id="refused_build",
        custom_model_id="{{ var.value.audit_model }}",
        custom_model_version_id="{{ var.value.audit_second_version }}",
        datarobot_conn_id="datarobot_refusing",
        **waiting,
    )
