"""Tasks from a configuration, with classes in variables, a subclass, and unpacked arguments."""

from datetime import datetime

from airflow import DAG
from airflow.utils.module_loading import import_string
from datarobot_provider._experimental.operators.notebook import NotebookRunOperator
from datarobot_provider.operators.base_datarobot_operator import BaseDatarobotOperator
from datarobot_provider.operators.datarobot import DATAROBOT_MAX_WAIT, GetOrCreateUseCaseOperator
from datarobot_provider.operators.deployment import ActivateDeploymentOperator
from datarobot_provider.operators.queue import CancelJobOperator, GetJobsOperator
from datarobot_provider.sensors.notebook import NotebookRunCompleteSensor  # found  # noqa: F401

COMMON = {"project_id": "65a0000000000000000000aa"}
CLASSES = {"jobs": GetJobsOperator}  # found
CANCEL = import_string("datarobot_provider.operators.queue.CancelJobOperator")  # found


class PauseOperator(BaseDatarobotOperator):  # found
    def execute(self, context):
        return self.dr_hook.get_conn().post(f"projects/{self.params['project_id']}/autopilot/")


with DAG("task_factory", schedule=None, start_date=datetime(2024, 1, 1)):
    use_case = GetOrCreateUseCaseOperator(  # found
        task_id="use_case",
        name="Support",
        reuse_policy=GetOrCreateUseCaseOperator.ReusePolicy.NO_REUSE,  # found
        set_default=True,
    )
    jobs = CLASSES["jobs"](task_id="jobs", **COMMON)
    cancel = CancelJobOperator(task_id="cancel", job_id="17", **COMMON)  # found
    stop = ActivateDeploymentOperator(  # found
        **{"task_id": "stop", "deployment_id": "65a0000000000000000000f1", "activate": False},
        max_wait_sec=DATAROBOT_MAX_WAIT,  # found
    )
    notebook = NotebookRunOperator("notebook", notebook_id="65a0000000000000000000cc")  # found
