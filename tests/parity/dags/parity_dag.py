"""A DAG with every job operator in each mode; as a script, the module runs it with ``dag.test()``."""

from __future__ import annotations

import os
import sys

from airflow.sdk import DAG, TaskGroup

from datarobot_provider.operators.custom_models import CreateCustomModelOperator
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.feature_impact import ComputeFeatureImpactOperator
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.operators.vector_databases import ValidateVectorDatabaseOperator
from datarobot_provider.operators.versions import CreateVersionOperator

with DAG("parity", schedule=None, params={"cancel": True}) as dag:
    for mode in ("sync", "deferrable"):
        # Strings and templates, like the arguments of a generated DAG.
        job = {
            "wait_for_completion": "{{ true }}",
            "deferrable": str(mode == "deferrable"),
            "poll_interval": "{{ 0.02 }}",
            "timeout": "60",
            "cancel_on_kill": "{{ params.cancel }}",
        }
        with TaskGroup(mode):
            model = CreateCustomModelOperator(
                task_id="model",
                name="parity",
                target_type="Regression",
                target_name="target",
                is_training_data_for_versions_permanently_enabled=True,
            )
            version = CreateVersionOperator(
                task_id="version",
                custom_model_id=model.output,
                folder=os.environ["PARITY_FOLDER"],
                base_environment_id=os.environ["PARITY_ENVIRONMENT"],
                training_data={"datasetId": os.environ["PARITY_DATASET"]},
                **job,
            )
            ids = {"custom_model_id": model.output, "custom_model_version_id": version.output}
            build = StartDependencyBuildOperator(task_id="build", **ids, **job)
            test = RunModelTestOperator(task_id="test", dataset_id=os.environ["PARITY_DATASET"], **ids, **job)
            impact = ComputeFeatureImpactOperator(task_id="impact", **ids, **job)
            validation = ValidateVectorDatabaseOperator(
                task_id="validation",
                deployment_id=os.environ["PARITY_DEPLOYMENT"],
                prompt_column_name="promptText",
                target_column_name="relevant",
                **job,
            )
            build >> test

if __name__ == "__main__":
    from airflow.utils.db import initdb

    initdb()
    sys.exit(0 if dag.test().state == "success" else 1)
