"""Create a version of each model of a list, and test it with each dataset."""

from datetime import datetime

from airflow import DAG
from airflow.decorators import task
from datarobot_provider.operators.custom_models import (
    CreateCustomModelVersionOperator as NewVersion,
)
from datarobot_provider.operators.custom_models import (
    CustomModelTestOperator as RunTest,
)
from datarobot_provider.operators.custom_models import (
    GetCustomModelTestOverallStatusOperator as TestStatus,
)
from datarobot_provider.sensors.datarobot import StatusCheckJobCompleteSensor

MODELS = ["65a0000000000000000000a1", "65a0000000000000000000a2"]

with DAG("mapped_versions", schedule=None, start_date=datetime(2024, 1, 1)):

    @task
    def tests(versions):
        return [
            {"custom_model_id": model, "custom_model_version_id": version}
            for model, version in zip(MODELS, versions, strict=True)
        ]

    version = NewVersion.partial(  # found
        task_id="version",
        base_environment_id="65a0000000000000000000e1",
        custom_model_folder="/models",
        max_active_tis_per_dag=4,
    ).expand(custom_model_id=MODELS)
    test = RunTest.partial(task_id="test", max_wait_sec=900).expand_kwargs(tests(version.output))  # found
    status = TestStatus.partial(task_id="status")  # found
    status = status.expand(custom_model_test_id=test.output)
    finished = StatusCheckJobCompleteSensor.partial(task_id="finished").expand(job_id=["1", "2"])  # found
