"""List the deployments with DataRobot's Python client, which the hook configures."""

from datetime import datetime

import datarobot as dr
from airflow.decorators import dag, task
from datarobot_provider.constants import DATAROBOT_CONN_ID
from datarobot_provider.hooks.datarobot import DataRobotHook
from datarobot_provider.operators.custom_function import CustomFunctionOperator


def stale_deployments(days, log):
    log.info("Searching for deployments without predictions in the last %d days", days)
    return [deployment.id for deployment in dr.Deployment.list() if deployment.status == "inactive"]


@dag(schedule="@weekly", start_date=datetime(2024, 1, 1))
def hook_in_a_task():
    @task
    def labels():
        DataRobotHook(datarobot_conn_id=DATAROBOT_CONN_ID).run()  # found twice
        return [deployment.label for deployment in dr.Deployment.list()]

    @task
    def version():
        hook = DataRobotHook()
        client = hook.get_conn()  # found
        return client.get("version/").json()

    stale = CustomFunctionOperator(  # found
        task_id="stale",
        custom_func=stale_deployments,
        func_params={"days": 30},
    )
    labels() >> version() >> stale


hook_in_a_task()
