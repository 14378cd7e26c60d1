"""Copy and share a model, cancel a build, and delete everything at the end in any case."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, task
from datarobot_examples.params import environment, model_folder, model_name, text

from datarobot_provider.operators.access_control import GetCustomModelAccessOperator, ShareCustomModelOperator
from datarobot_provider.operators.custom_models import (
    CopyCustomModelOperator,
    CreateCustomModelOperator,
    DeleteCustomModelOperator,
)
from datarobot_provider.operators.dependency_builds import CancelDependencyBuildOperator, StartDependencyBuildOperator
from datarobot_provider.operators.versions import CreateVersionOperator

log = logging.getLogger(__name__)

PARAMS = {
    "model_name": model_name("Diabetes progression, for a trial"),
    "model_folder": model_folder(),
    "environment_id": environment(),
    "username": text(
        "reviewer@example.com",
        "Share with",
        description="A user of your DataRobot. The default exists in the emulator.",
        section="Sharing",
    ),
    "role": Param("CONSUMER", type="string", enum=["OWNER", "EDITOR", "CONSUMER"], title="Role", section="Sharing"),
    "can_share": Param(False, type="boolean", title="Can share it with others", section="Sharing"),
}


@task(multiple_outputs=False)
def report(access: list[dict[str, Any]]) -> dict[str, str]:
    """Log the roles of the users of the copy."""
    for entry in access:
        sharing = "can share it" if entry["canShare"] else "cannot share it"
        log.info("%-30s %-9s %s", entry["username"], entry["role"], sharing)
    return {entry["username"]: entry["role"] for entry in access}


with DAG(
    dag_id="example_share_and_clean_up",
    description="Copy, share and cancel; delete everything at the end in any case.",
    schedule=None,
    catchup=False,
    params=PARAMS,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
    tags=["datarobot", "custom model", "example"],
    doc_md="""
    # Share and clean up

    Creates a model, starts a build of its dependencies and cancels it, copies the model and shares the copy.

    Creating and copying are **setup** tasks, deleting is their **teardown**: it runs even if tasks in between fail, and
    only for models that were created. A failed teardown does not fail the run, and a model that a user has deleted in
    the meantime is ignored.
    """,
):
    create_model = CreateCustomModelOperator(
        task_id="create_model",
        name="{{ params.model_name }}",
        target_type="Regression",
        target_name="target",
    )
    delete_model = DeleteCustomModelOperator(
        task_id="delete_model", custom_model_id=create_model.output, ignore_if_missing=True
    ).as_teardown(setups=create_model)
    create_version = CreateVersionOperator(
        task_id="create_version",
        custom_model_id=create_model.output,
        folder="{{ params.model_folder }}",
        base_environment_id="{{ params.environment_id }}",
    )
    version = {"custom_model_id": create_model.output, "custom_model_version_id": create_version.output}
    start_build = StartDependencyBuildOperator(task_id="start_build", **version, wait_for_completion=False)
    cancel_build = CancelDependencyBuildOperator(task_id="cancel_build", **version, ignore_if_over=True)

    copy_model = CopyCustomModelOperator(task_id="copy_model", custom_model_id=create_model.output)
    delete_copy = DeleteCustomModelOperator(
        task_id="delete_copy", custom_model_id=copy_model.output, ignore_if_missing=True
    ).as_teardown(setups=copy_model)
    share_copy = ShareCustomModelOperator(
        task_id="share_copy",
        custom_model_id=copy_model.output,
        roles='[{"username": {{ params.username | tojson }}, "role": "{{ params.role }}", '
        '"canShare": {{ params.can_share | tojson }}}]',
    )
    list_access = GetCustomModelAccessOperator(task_id="list_access", custom_model_id=copy_model.output)

    start_build >> cancel_build >> delete_model
    create_version >> copy_model >> share_copy >> list_access
    report(list_access.output) >> [delete_model, delete_copy]
