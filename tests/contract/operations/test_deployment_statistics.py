"""What a deployment has predicted, and what is measured from it: predictions, actual values, drift, accuracy."""

from __future__ import annotations

import pytest

from datarobot_provider.operators.actuals import SubmitActualsFromDatasetOperator, SubmitActualsOperator
from datarobot_provider.operators.challengers import CreateChallengerOperator
from datarobot_provider.operators.deployment_statistics import (
    GetAccuracyOperator,
    GetServiceStatisticsOperator,
    GetTargetDriftOperator,
    ListFeatureDriftOperator,
)
from datarobot_provider.operators.deployments import GetDeploymentOperator
from datarobot_provider.operators.predictions import MakePredictionsOperator
from tests.contract.operations.deployed import configure, deployed, registered
from tests.contract.operations.register import covers
from tests.support.emulator import DATASET
from tests.support.task_runner import WAIT

BOTH_MODES = pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "trigger"])
PERIOD = {"start": "2020-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z"}
#: The stand-in of the emulator predicts the mean of the numbers in a row.
ROWS = [{"id": "a", "age": 1, "rooms": 3}, {"id": "b", "age": 2, "rooms": 6}]


@pytest.fixture
def deployment(runner, model_folder):
    return deployed(runner, registered(runner, model_folder))


@pytest.fixture
def monitored(runner, deployment):
    configure(
        runner,
        deployment,
        association_id={"columnNames": ["id"], "requiredInPredictionRequests": False},
        target_drift={"enabled": True},
        feature_drift={"enabled": True},
    )
    return deployment


@covers("make_predictions", "get_service_statistics")
def test_rows_are_predicted_and_counted(runner, deployment):
    predicted = runner.run(MakePredictionsOperator, deployment_id=deployment, rows=ROWS, passthrough_columns=["id"])
    assert [(row["prediction"], row["passthroughValues"]) for row in predicted["data"]] == [
        (2.0, {"id": "a"}),
        (4.0, {"id": "b"}),
    ]
    everything = runner.run(
        MakePredictionsOperator, deployment_id=deployment, rows=ROWS[:1], passthrough_columns_set="all"
    )
    assert everything["data"][0]["passthroughValues"] == {"id": "a", "age": "1", "rooms": "3"}
    statistics = runner.run(GetServiceStatisticsOperator, deployment_id=deployment, **PERIOD)
    assert (statistics["metrics"]["totalPredictions"], statistics["metrics"]["totalRequests"]) == (3, 2)
    assert runner.run(GetDeploymentOperator, deployment_id=deployment)["serviceHealth"]["status"] == "passing"


@BOTH_MODES
@covers("submit_actuals", "get_accuracy")
def test_actual_values_determine_the_accuracy(runner, monitored, deferrable):
    runner.run(MakePredictionsOperator, deployment_id=monitored, rows=ROWS)
    actuals = [{"associationId": "a", "actualValue": 3}, {"associationId": "b", "actualValue": 5.0}]
    submitted = runner.run(
        SubmitActualsOperator,
        deployment_id=monitored,
        data=actuals,
        keep_actuals_without_predictions=False,
        deferrable=deferrable,
        **WAIT,
    )
    assert submitted["id"] == monitored
    accuracy = runner.run(GetAccuracyOperator, deployment_id=monitored, model_id=submitted["model"]["id"])
    assert {name: metric["value"] for name, metric in accuracy["metrics"].items()} == {
        "RMSE": 1.0,
        "MAE": 1.0,
        "R Squared": 0.0,
    }


@BOTH_MODES
@covers("submit_actuals_from_dataset", "get_accuracy")
def test_actual_values_are_read_from_a_dataset(runner, monitored, deferrable):
    runner.run(MakePredictionsOperator, deployment_id=monitored, rows=ROWS)
    dataset = runner.datarobot.control("POST", "datasets", {"name": "d", "csv": "id,price\na,2\nb,5\n"})["id"]
    submit = {"dataset_id": dataset, "association_id_column": "id", "actual_value_column": "price"}
    runner.run(SubmitActualsFromDatasetOperator, deployment_id=monitored, **submit, deferrable=deferrable, **WAIT)
    assert runner.run(GetAccuracyOperator, deployment_id=monitored)["metrics"]["MAE"]["value"] == 0.5


def test_challengers_are_measured_with_the_same_rows(runner, monitored, model_folder):
    configure(runner, monitored, challenger_models={"enabled": True})
    package = registered(runner, model_folder, "Better prices")
    challenger = runner.run(
        CreateChallengerOperator, deployment_id=monitored, model_package_id=package, name="better", **WAIT
    )
    runner.run(MakePredictionsOperator, deployment_id=monitored, rows=ROWS)
    runner.run(
        SubmitActualsOperator,
        deployment_id=monitored,
        data=[{"associationId": "a", "actualValue": 3}, {"associationId": "b", "actualValue": 5}],
        **WAIT,
    )
    model = challenger["model"]["id"]
    accuracy = runner.run(GetAccuracyOperator, deployment_id=monitored, model_id=model)
    assert (accuracy["modelId"], accuracy["metrics"]["RMSE"]["value"]) == (model, 1.0)


@covers("get_target_drift", "list_feature_drift")
def test_drift_is_measured_against_the_training_data(runner, monitored):
    (data,) = (each for each in runner.datarobot.control("GET", "datasets")["data"] if each["id"] == DATASET)
    assert data["rowCount"] > 0
    row = {name: 0 for name in data["columns"] if name != "target"}
    runner.run(MakePredictionsOperator, deployment_id=monitored, rows=[row])
    target = runner.run(GetTargetDriftOperator, deployment_id=monitored, **PERIOD)
    assert (target["targetName"], target["metric"], target["sampleSize"]) == ("target", "psi", 1)
    assert target["driftScore"] > 0
    features = runner.run(ListFeatureDriftOperator, deployment_id=monitored, **PERIOD, limit=100)
    assert {feature["name"] for feature in features} == set(row)
    assert all(feature["driftScore"] > 0 for feature in features)
    model = target["modelId"]
    assert runner.run(ListFeatureDriftOperator, deployment_id=monitored, model_id=model, limit=1) == features[:1]
    assert runner.run(GetDeploymentOperator, deployment_id=monitored)["modelHealth"]["status"] == "failing"
