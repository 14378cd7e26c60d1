"""Create guards from DataRobot's templates and apply them to a text-generation model."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, task
from datarobot_examples.params import environment, model_folder, model_name

from datarobot_provider.operators.custom_models import CreateCustomModelOperator
from datarobot_provider.operators.guard_configurations import ApplyGuardConfigOperator, ListGuardConfigsOperator
from datarobot_provider.operators.guard_templates import ListGuardTemplatesOperator
from datarobot_provider.operators.moderation import GetOverallModerationConfigOperator
from datarobot_provider.operators.versions import CreateVersionOperator

log = logging.getLogger(__name__)

GUARDS = [
    {"template": "Response Tokens"},
    {
        "template": "Prompt Tokens",
        "name": "Prompt length",
        "intervention": {
            "conditions": [{"comparator": "greaterThan", "comparand": 2000}],
            "message": "The prompt is too long.",
        },
    },
    {"template": "PII Detection", "name": "Personal data in prompts", "stages": ["prompt"]},
    {"template": "Toxicity", "stages": ["response"], "deploymentId": "65a0000000000000000000f3"},
]

PARAMS = {
    "model_name": model_name("Handbook assistant"),
    "model_folder": model_folder("handbook_assistant"),
    "environment_id": environment(),
    "runtime_parameters": Param(
        {"NOTHING_FOUND": "I do not know that."},
        type="object",
        title="Runtime parameters",
        description="Values of the parameters that `model-metadata.yaml` of the model defines.",
    ),
    "guards": Param(
        GUARDS,
        type="array",
        # The operator also accepts names in this list, but the form of Airflow 3.3 would encode a mixed list.
        items={"type": "object", "required": ["template"]},
        minItems=1,
        title="Guards",
        description="A list of objects: `template` is the name of a template, other fields override the template. "
        "The deployment of the toxicity guard exists in the emulator's seed data.",
        section="Guards",
    ),
    "timeout_seconds": Param(30, type="integer", minimum=2, title="Timeout of all guards in seconds", section="Guards"),
    "timeout_action": Param(
        "block",
        type="string",
        enum=["block", "score"],
        title="Action on timeout",
        description="Block the prompt or the response, or pass it on without guards.",
        section="Guards",
    ),
}


@task
def report(
    templates: list[dict[str, Any]], guards: list[dict[str, Any]], overall: dict[str, Any], version_id: str
) -> dict[str, Any]:
    """Log the guards of the new version, as DataRobot returns them."""
    log.info("There are %d templates: %s.", len(templates), ", ".join(each["name"] for each in templates))
    for guard in guards:
        action = (guard.get("intervention") or {}).get("action", "report")
        status = guard["errorMessage"] or "valid"
        log.info("%-25s %-18s %-7s %s", guard["name"], ", ".join(guard["stages"]), action, status)
    log.info("After %s seconds: %s.", overall["timeoutSec"], overall["timeoutAction"])
    return {
        "guarded_version": version_id,
        "guards": [guard["name"] for guard in guards],
        "invalid": [guard["name"] for guard in guards if not guard["isValid"]],
        "timeout_seconds": overall["timeoutSec"],
    }


with DAG(
    dag_id="example_guards_from_templates",
    description="Apply guards from DataRobot's templates and read them back.",
    schedule=None,
    catchup=False,
    params=PARAMS,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
    tags=["datarobot", "genai", "guards", "example"],
    doc_md="""
    # Guards from templates

    Creates a text-generation model with one version, creates guards from DataRobot's templates and applies them.
    DataRobot creates a new version with these guards. The log of `report` lists the guards of this version.

    A guard is an object with the name of its `template` and the fields to override: another name, fewer stages, your
    own message. If a template does not exist, the task fails and lists the existing ones.
    """,
):
    create_model = CreateCustomModelOperator(
        task_id="create_model",
        name="{{ params.model_name }}",
        target_type="TextGeneration",
        target_name="resultText",
    )
    create_version = CreateVersionOperator(
        task_id="create_version",
        custom_model_id=create_model.output,
        folder="{{ params.model_folder }}",
        base_environment_id="{{ params.environment_id }}",
        runtime_parameter_values="{{ params.runtime_parameters | tojson }}",
    )
    list_templates = ListGuardTemplatesOperator(task_id="list_templates")
    apply_guards = ApplyGuardConfigOperator(
        task_id="apply_guards",
        custom_model_id=create_model.output,
        from_templates="{{ params.guards | tojson }}",
        overall_config='{"timeoutSec": {{ params.timeout_seconds }}, "timeoutAction": "{{ params.timeout_action }}"}',
    )
    list_guards = ListGuardConfigsOperator(
        task_id="list_guards", entity_id=apply_guards.output, entity_type="customModelVersion"
    )
    get_overall = GetOverallModerationConfigOperator(
        task_id="get_overall", entity_id=apply_guards.output, entity_type="customModelVersion"
    )

    create_version >> apply_guards
    report(list_templates.output, list_guards.output, get_overall.output, apply_guards.output)
