"""Upload actuals, read the accuracy, and replace the model if it is too low."""

import datarobot_provider.operators.mlops as mlops
import datarobot_provider.operators.monitoring
import pendulum
from airflow.decorators import dag, task
from datarobot_provider.operators import deployment as dr_deployment
from datarobot_provider.sensors import datarobot as dr_sensors

DEPLOYMENT = "65a0000000000000000000f1"


@dag(
    schedule="@daily",
    start_date=pendulum.datetime(2024, 1, 1),
    params={
        "association_id_column": "order_id",
        "actual_value_column": "delivered_late",
        "accuracy": {"metric": "AUC"},
    },
)
def actuals_and_accuracy():
    upload = mlops.SubmitActualsFromCatalogOperator(  # found
        task_id="upload",
        deployment_id=DEPLOYMENT,
        dataset_id="65a0000000000000000000d1",
    )
    uploaded = dr_sensors.StatusCheckJobCompleteSensor(task_id="uploaded", job_id=upload.output)  # found
    accuracy = datarobot_provider.operators.monitoring.GetAccuracyOperator(  # found
        task_id="accuracy",
        deployment_id=DEPLOYMENT,
    )

    @task.short_circuit
    def is_too_low(measured):
        return measured["metrics"]["AUC"]["value"] < 0.7

    replace = dr_deployment.ReplaceModelOperator(  # found
        task_id="replace",
        deployment_id=DEPLOYMENT,
        new_registered_model_version_id="65a0000000000000000000c1",
        reason="ACCURACY",
    )
    uploaded >> accuracy
    is_too_low(accuracy.output) >> replace


actuals_and_accuracy()
