"""Take a custom model from a folder to a tested and guarded version.

All waits are deferred: while DataRobot builds, tests and computes, no worker is occupied.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, task
from datarobot_examples.params import datarobot_id, dataset, environment, model_folder, model_name, text

from datarobot_provider.operators.custom_models import CreateCustomModelOperator
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.feature_impact import ComputeFeatureImpactOperator
from datarobot_provider.operators.guard_configurations import ApplyGuardConfigOperator
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.operators.vector_databases import ValidateVectorDatabaseOperator
from datarobot_provider.operators.versions import CreateVersionOperator

log = logging.getLogger(__name__)

GUARDS = [
    {
        "name": "Prompt length",
        "description": "Blocks prompts that exceed the context length of the model.",
        "type": "ootb",
        "ootbType": "token_count",
        "stages": ["prompt"],
        "intervention": {
            "action": "block",
            "allowedActions": ["block", "report"],
            "conditions": [{"comparator": "greaterThan", "comparand": 4000}],
            "message": "The prompt is too long.",
        },
    }
]


PARAMS = {
    "model_name": model_name("Diabetes progression"),
    "model_folder": model_folder(),
    "target_type": Param(
        "Regression",
        # Other types need class labels, which the form does not have, or have no feature impact.
        enum=["Regression", "Binary"],
        type="string",
        title="Target type",
    ),
    "target_name": text(
        "target", "Target column", description="The column of the training data that the model predicts."
    ),
    "environment_id": environment(),
    "training_dataset_id": dataset("Training dataset", "The dataset that the model was trained on."),
    "test_dataset_id": dataset("Test dataset", "The dataset to test the model with."),
    "null_value_imputation": Param(
        "fail",
        enum=["skip", "warn", "fail"],
        type="string",
        title="Missing values",
        description="The effect if the model cannot handle missing values.",
        section="Tests",
    ),
    "side_effects": Param(
        "warn",
        enum=["skip", "warn", "fail"],
        type="string",
        title="Side effects",
        description="The effect if a prediction depends on the other rows of a request.",
        section="Tests",
    ),
    "fail_on_warning": Param(False, type="boolean", title="Warnings fail the run", section="Tests"),
    "guards": Param(
        GUARDS,
        type="array",
        items={"type": "object"},
        title="Guards",
        description="A list of guard configurations, with the field names of the API.",
        section="Guards",
    ),
    "guard_timeout_seconds": Param(60, type="integer", minimum=2, title="Guard timeout (s)", section="Guards"),
    "validate_vector_database": Param(
        True, type="boolean", title="Validate a vector database", section="Vector database"
    ),
    "vector_database_deployment_id": datarobot_id(
        "65a0000000000000000000f1", "Deployment", "The deployment of the vector database.", "Vector database"
    ),
    "prompt_column": text("promptText", "Prompt column", section="Vector database"),
    "document_column": text("relevant", "Document column", section="Vector database"),
}


@task.short_circuit(ignore_downstream_trigger_rules=False)
def vector_database_wanted(params: dict[str, Any] | None = None) -> bool:
    """Skip the validation of the vector database unless the form enables it."""
    return bool((params or {}).get("validate_vector_database"))


@task(trigger_rule="none_failed")
def report(
    model_id: str,
    version_id: str,
    test: dict[str, Any],
    impact: dict[str, Any],
    guarded_version_id: str,
    ti: Any = None,
) -> dict[str, Any]:
    """Log and return a summary of the run."""
    validation = ti.xcom_pull(task_ids="validate_vector_database") or {}
    strongest = ", ".join(item["featureName"] for item in impact["featureImpacts"][:3])
    summary = {
        "custom_model": model_id,
        "tested_version": version_id,
        "test": test["overallStatus"],
        "strongest_features": strongest,
        "guarded_version": guarded_version_id,
        "vector_database": validation.get("validationStatus", "not validated"),
    }
    for name, value in summary.items():
        log.info("%-20s %s", name.replace("_", " "), value)
    return summary


with DAG(
    dag_id="example_custom_model_pipeline",
    description="Take a custom model from a folder to a tested and guarded version.",
    schedule=None,
    catchup=False,
    params=PARAMS,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
    tags=["datarobot", "custom model", "example"],
    doc_md="""
    # Custom model pipeline

    Takes a folder with the code and the artifact of a model through its life cycle in DataRobot: create the model,
    upload a version, build its dependencies, test it, compute feature impact, apply guards. In parallel, it validates a
    deployment as a vector database.

    Start it with the **Trigger** button: every field of the form has a default that works on the emulator. On a real
    DataRobot, enter the ids of your own environment, datasets and deployment.

    * A failed check fails `test_version`; its log shows the table of checks and the end of DataRobot's log.
    * All waits are deferred and occupy no worker.
    * The link **Custom model version** in the tab **Details** of a task opens the page in DataRobot.
    """,
):
    create_model = CreateCustomModelOperator(
        task_id="create_model",
        name="{{ params.model_name }}",
        target_type="{{ params.target_type }}",
        target_name="{{ params.target_name }}",
        is_training_data_for_versions_permanently_enabled=True,
    )
    create_version = CreateVersionOperator(
        task_id="create_version",
        custom_model_id=create_model.output,
        folder="{{ params.model_folder }}",
        base_environment_id="{{ params.environment_id }}",
        training_data={"datasetId": "{{ params.training_dataset_id }}"},
        deferrable=True,
    )
    build_dependencies = StartDependencyBuildOperator(
        task_id="build_dependencies",
        custom_model_id=create_model.output,
        custom_model_version_id=create_version.output,
        deferrable=True,
    )
    test_version = RunModelTestOperator(
        task_id="test_version",
        custom_model_id=create_model.output,
        custom_model_version_id=create_version.output,
        dataset_id="{{ params.test_dataset_id }}",
        configuration={
            "nullValueImputation": "{{ params.null_value_imputation }}",
            "sideEffects": "{{ params.side_effects }}",
        },
        fail_on_warning="{{ params.fail_on_warning }}",
        deferrable=True,
    )
    feature_impact = ComputeFeatureImpactOperator(
        task_id="feature_impact",
        custom_model_id=create_model.output,
        custom_model_version_id=create_version.output,
        deferrable=True,
    )
    apply_guards = ApplyGuardConfigOperator(
        task_id="apply_guards",
        custom_model_id=create_model.output,
        guards="{{ params.guards | tojson }}",
        overall_config='{"timeoutSec": {{ params.guard_timeout_seconds }}, "timeoutAction": "score"}',
    )
    validate_vector_database = ValidateVectorDatabaseOperator(
        task_id="validate_vector_database",
        deployment_id="{{ params.vector_database_deployment_id }}",
        prompt_column_name="{{ params.prompt_column }}",
        target_column_name="{{ params.document_column }}",
        name="{{ params.model_name }}",
        deferrable=True,
    )
    summary = report(
        model_id=create_model.output,
        version_id=create_version.output,
        test=test_version.output,
        impact=feature_impact.output,
        guarded_version_id=apply_guards.output,
    )

    create_version >> build_dependencies >> test_version >> feature_impact >> apply_guards >> summary
    vector_database_wanted() >> validate_vector_database >> summary
