"""Apply guards to a text-generation model after a user has approved them in Airflow's UI."""

from __future__ import annotations

from datetime import timedelta

import airflow
from airflow.sdk import DAG, AssetAlias, Param
from datarobot_examples.params import datarobot_id
from packaging.version import Version

from datarobot_provider.operators.guard_configurations import ApplyGuardConfigOperator, ListGuardConfigsOperator

PARAMS = {
    "custom_model_id": datarobot_id("65a0000000000000000000a3", "Custom model", "A text-generation model."),
    "guards": Param(
        [{"template": "Prompt Tokens"}, {"template": "PII Detection", "stages": ["prompt"]}],
        type="array",
        items={"type": "object", "required": ["template"]},
        minItems=1,
        title="Guards",
        description="A list of objects: `template` is the name of a template, other fields override the template.",
    ),
}

# Earlier versions of Airflow have no approvals, and guards must not be applied without one.
if Version(airflow.__version__) >= Version("3.1"):
    from airflow.providers.standard.operators.hitl import ApprovalOperator

    with DAG(
        dag_id="example_approve_guards",
        description="Apply guards after a user has approved them.",
        schedule=None,
        catchup=False,
        params=PARAMS,
        default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
        tags=["datarobot", "genai", "guards", "approval", "example"],
        doc_md="""
        # Approve guards

        The run waits until a user approves or rejects the guards (**Required Actions** in Airflow's UI), without
        occupying a worker. After an approval, the guards are applied. After a rejection, the tasks that follow are
        skipped.

        The task `apply_guards` emits an asset event with the new version. Requires Airflow 3.1.
        """,
    ):
        approve = ApprovalOperator(
            task_id="approve",
            subject="Apply {{ params.guards | length }} guards to the custom model {{ params.custom_model_id }}?",
            body="{% for guard in params.guards %}* {{ guard.template }}\n{% endfor %}",
        )
        apply_guards = ApplyGuardConfigOperator(
            task_id="apply_guards",
            custom_model_id="{{ params.custom_model_id }}",
            from_templates="{{ params.guards | tojson }}",
            outlets=[AssetAlias("datarobot_guarded_versions")],
        )
        list_guards = ListGuardConfigsOperator(
            task_id="list_guards", entity_id=apply_guards.output, entity_type="customModelVersion"
        )
        approve >> apply_guards
