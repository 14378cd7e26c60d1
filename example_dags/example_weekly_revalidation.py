"""Repeat every vector database validation of a use case once a week."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, task
from datarobot_examples.params import use_case

from datarobot_provider.operators.vector_databases import (
    ListVectorDatabaseValidationsOperator,
    RevalidateVectorDatabaseOperator,
)

log = logging.getLogger(__name__)

PARAMS = {"use_case_id": use_case()}


def id_of(validation: dict[str, Any]) -> str:
    """Return the id of a validation."""
    return str(validation["id"])


@task(trigger_rule="all_done", multiple_outputs=False)
def summary(validations: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Log the results; return the names by status. Two validations can have the same name."""
    names: dict[str, list[str]] = {}
    for each in validations:
        status = each["validationStatus"]
        names.setdefault(status, []).append(each["name"])
        log.info("%-8s %s, %s. %s", status, each["name"], each["deploymentName"], each["errorMessage"] or "")
    if not validations:
        log.info("The use case has no validations. example_genai_vector_database can create and keep one.")
    return names


@task(retries=0)
def all_passed(names: dict[str, list[str]]) -> int:
    """Fail the run if a validation did not pass; return the number of validations."""
    failed = [name for status, group in names.items() if status != "PASSED" for name in group]
    total = sum(map(len, names.values()))
    if failed:
        raise RuntimeError(f"{len(failed)} of {total} validations did not pass: {', '.join(failed)}.")
    log.info("All %d validations passed.", total)
    return total


with DAG(
    dag_id="example_weekly_revalidation",
    description="Repeat every vector database validation of a use case once a week.",
    schedule="@weekly",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    params=PARAMS,
    default_args={"retries": 1, "retry_delay": timedelta(seconds=30)},
    tags=["datarobot", "genai", "scheduled", "example"],
    doc_md="""
    # Weekly revalidation

    Lists the validations of a use case and repeats each of them, two at a time. Scheduled runs use the defaults of the
    form: replace them with your use case. Unpausing the DAG starts a run immediately.

    * The grid shows the name of the validation for each mapped task.
    * A failed validation is retried once and does not stop the others. `summary` logs all results, and `all_passed`
      fails the run if one did not pass.
    """,
):
    list_validations = ListVectorDatabaseValidationsOperator(
        task_id="list_validations", use_case_id="{{ params.use_case_id }}", sort="name"
    )
    revalidate = RevalidateVectorDatabaseOperator.partial(
        task_id="revalidate",
        deferrable=True,
        # Airflow 3.3 includes deferred tasks, so at most two validations run at the same time.
        max_active_tis_per_dag=2,
        map_index_template="{{ ti.xcom_pull(task_ids='list_validations')[ti.map_index]['name'] }}",
    ).expand(validation_id=list_validations.output.map(id_of))
    list_again = ListVectorDatabaseValidationsOperator(
        task_id="list_again", use_case_id="{{ params.use_case_id }}", sort="name", trigger_rule="all_done"
    )

    revalidate >> list_again
    all_passed(summary(list_again.output))
