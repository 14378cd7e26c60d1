"""Validate a deployment as a vector database twice, and handle a failure in a branch."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, task
from datarobot_examples.params import datarobot_id, text, use_case

from datarobot_provider.operators.vector_databases import (
    DeleteVectorDatabaseValidationOperator,
    GetVectorDatabaseValidationOperator,
    RevalidateVectorDatabaseOperator,
    ValidateVectorDatabaseOperator,
)

log = logging.getLogger(__name__)

PARAMS = {
    "name": text("Product handbook", "Name of the validation", maxLength=5000),
    "deployment_id": datarobot_id("65a0000000000000000000f1", "Deployment", "The deployment of the vector database."),
    "use_case_id": use_case(),
    "prompt_column": text("promptText", "Prompt column", description="A column of the input.", section="Columns"),
    "document_column": text("relevant", "Document column", description="A column of the output.", section="Columns"),
    "prediction_timeout": Param(
        300, type="integer", minimum=1, maximum=1200, title="Timeout of a prediction in seconds", section="Options"
    ),
    "keep_validation": Param(
        False,
        type="boolean",
        title="Keep the validation",
        description="Otherwise it is deleted at the end. example_weekly_revalidation repeats kept validations.",
        section="Options",
    ),
}


@task
def use_vector_database(validation: dict[str, Any]) -> str:
    """Use the vector database; replace this with a playground, a chat or a deployment."""
    log.info("%s works as a vector database.", validation["deploymentName"])
    return str(validation["deploymentId"])


@task
def notify(validation: dict[str, Any]) -> str:
    """Report the failure; replace this with your notifier."""
    reason = f"{validation['deploymentName']} does not work as a vector database: {validation['errorMessage']}"
    log.warning("%s", reason)
    return reason


@task.short_circuit(trigger_rule="all_done")
def tidy_up(params: dict[str, Any] | None = None) -> bool:
    """Delete the validation unless the form says to keep it."""
    return not (params or {}).get("keep_validation")


with DAG(
    dag_id="example_genai_vector_database",
    description="Validate a vector database twice, branch on failure, clean up.",
    schedule=None,
    catchup=False,
    params=PARAMS,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
    tags=["datarobot", "genai", "example"],
    doc_md="""
    # Validate a vector database

    Validates a deployment as a vector database, and repeats the validation, as you would after a change.

    * If both validations pass, `use_vector_database` runs.
    * If one of them fails, its task fails but the run succeeds: `get_failed` gets the reason and `notify` reports it.
      To see this, trigger the DAG with a document column that the deployment does not have.
    * In both cases the validation is deleted at the end, unless the form says to keep it.

    The validation tasks have no retries, because each retry of a failed validation would leave another validation in
    DataRobot. The id comes from the XCom `datarobot_id`, which exists even if the task fails.
    """,
):
    validate = ValidateVectorDatabaseOperator(
        task_id="validate",
        deployment_id="{{ params.deployment_id }}",
        prompt_column_name="{{ params.prompt_column }}",
        target_column_name="{{ params.document_column }}",
        use_case_id="{{ params.use_case_id }}",
        name="{{ params.name }}",
        prediction_timeout="{{ params.prediction_timeout }}",
        deferrable=True,
        retries=0,
    )
    validation_id = validate.output["datarobot_id"]
    revalidate = RevalidateVectorDatabaseOperator(
        task_id="revalidate", validation_id=validation_id, deferrable=True, retries=0
    )
    get_failed = GetVectorDatabaseValidationOperator(
        task_id="get_failed", validation_id=validation_id, trigger_rule="one_failed"
    )
    delete_validation = DeleteVectorDatabaseValidationOperator(
        task_id="delete_validation", validation_id=validation_id, ignore_if_missing=True, trigger_rule="all_done"
    )
    works = use_vector_database(revalidate.output)
    notified = notify(get_failed.output)

    validate >> revalidate >> get_failed
    [works, notified] >> tidy_up() >> delete_validation
