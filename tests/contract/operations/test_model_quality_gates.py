"""The gate: a model passes if what DataRobot has measured is within the limits."""

from __future__ import annotations

import pytest

from datarobot_provider.operators.actuals import SubmitActualsOperator
from datarobot_provider.operators.deployments import GetDeploymentOperator
from datarobot_provider.operators.model_quality_gates import ModelQualityGateOperator
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.operators.predictions import MakePredictionsOperator
from datarobot_provider.version_compat import AirflowException, AirflowFailException, AirflowSkipException
from tests.contract.operations.deployed import configure, deployed, registered
from tests.support.emulator import DATASET
from tests.support.life_cycle import create_built_version
from tests.support.task_runner import WAIT

ROWS = [{"id": "a", "age": 1, "rooms": 3}, {"id": "b", "age": 2, "rooms": 6}]


@pytest.fixture
def deployment(runner, model_folder):
    """A deployment whose predictions have an RMSE of 1."""
    deployment = deployed(runner, registered(runner, model_folder))
    association = {"columnNames": ["id"], "requiredInPredictionRequests": False}
    configure(
        runner,
        deployment,
        association_id=association,
        target_drift={"enabled": True},
        feature_drift={"enabled": True},
    )
    runner.run(MakePredictionsOperator, deployment_id=deployment, rows=ROWS)
    actuals = [{"associationId": "a", "actualValue": 3}, {"associationId": "b", "actualValue": 5}]
    runner.run(SubmitActualsOperator, deployment_id=deployment, data=actuals, **WAIT)
    return deployment


def test_a_metric_within_its_limit_passes(runner, deployment):
    decided = runner.run(ModelQualityGateOperator, deployment_id=deployment, metric="RMSE", metric_limit=1)
    assert decided == {
        "accepted": True,
        "criteria": [{"name": "RMSE", "value": 1.0, "limit": "at most 1", "accepted": True}],
    }
    assert runner.ti.xcoms["_link_DeploymentLink"].endswith(f"/deployments/{deployment}/overview")


def test_a_rejection_fails_the_task_with_all_criteria(runner, deployment):
    with pytest.raises(AirflowFailException) as caught:
        runner.run(
            ModelQualityGateOperator,
            deployment_id=deployment,
            metric="RMSE",
            metric_limit="0.5",
            max_target_drift=100,
        )
    first, metric, drift = str(caught.value).splitlines()
    assert (first, metric) == ("The model does not pass.", "  REJECTED  RMSE: 1 (at most 0.5)")
    assert drift.startswith("  accepted  drift of the target: ")
    assert not runner.ti.xcoms["decision"]["accepted"]


@pytest.mark.parametrize("if_rejected", ["skip", "return"])
def test_a_rejection_can_skip_the_task_or_return_the_decision(runner, deployment, if_rejected):
    arguments = {"deployment_id": deployment, "metric": "R Squared", "metric_limit": 0.9, "if_rejected": if_rejected}
    if if_rejected == "skip":
        with pytest.raises(AirflowSkipException, match="REJECTED  R Squared: 0 "):
            runner.run(ModelQualityGateOperator, **arguments)
        assert not runner.ti.xcoms["decision"]["accepted"]
    else:
        assert not runner.run(ModelQualityGateOperator, **arguments)["accepted"]


@pytest.mark.parametrize(("min_improvement", "accepted"), [(0, True), (0.1, False)])
def test_a_challenger_is_compared_with_the_current_model(runner, deployment, min_improvement, accepted):
    same = runner.run(GetDeploymentOperator, deployment_id=deployment)["model"]["id"]
    decided = runner.run(
        ModelQualityGateOperator,
        deployment_id=deployment,
        metric="MAE",
        challenger_model_id=same,
        min_improvement=min_improvement,
        if_rejected="return",
    )
    limit = f"at most {1 - min_improvement:g}"
    assert decided["criteria"] == [
        {"name": "MAE of the challenger", "value": 1.0, "limit": limit, "accepted": accepted}
    ]


def test_the_feature_with_the_highest_drift_counts(runner, deployment):
    arguments = {"deployment_id": deployment, "max_feature_drift": 0.1, "if_rejected": "return"}
    decided = runner.run(ModelQualityGateOperator, **arguments)
    # The rows contain one feature of the training data.
    assert (decided["criteria"][0]["name"], decided["accepted"]) == (
        "highest drift of a feature, 9 not measured",
        False,
    )


@pytest.mark.parametrize(("checks", "value"), [({}, "all green"), ({"nullValueImputation": "warning"}, None)])
def test_all_checks_of_a_test_must_be_green(runner, model_folder, checks, value):
    ids = create_built_version(runner, model_folder)
    body = {"kind": "model_test", "outcome": "warning" if checks else "succeeded", "checks": checks}
    runner.datarobot.control("POST", "outcomes", body)
    test = runner.run(RunModelTestOperator, **ids, dataset_id=DATASET, **WAIT)["id"]
    decided = runner.run(ModelQualityGateOperator, custom_model_test_id=test, if_rejected="return")
    (criterion,) = decided["criteria"]
    assert criterion["accepted"] == (value is not None)
    assert criterion["value"] == (value or "nullValueImputation warning")


@pytest.mark.parametrize(
    "arguments",
    [
        {"metric": "AUC", "metric_limit": 0.7},
        {"metric": "RMSE", "challenger_model_id": "0" * 24},
        {"metric": "RMSE", "metric_limit": 5, "start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"},
        {"max_target_drift": 1, "start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"},
        {"max_feature_drift": 1, "start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"},
    ],
)
def test_without_a_number_there_is_no_decision(runner, deployment, arguments):
    with pytest.raises(
        AirflowException, match=r"DataRobot has no value for .*, so that no decision was made"
    ) as caught:
        runner.run(ModelQualityGateOperator, deployment_id=deployment, **arguments)
    assert not isinstance(caught.value, AirflowFailException)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "There is nothing to decide: give at least one of metric"),
        ({"deployment_id": None, "max_target_drift": 1}, "Give deployment_id: metric, max_target_drift"),
        ({"metric": "RMSE"}, "Give metric together with metric_limit or challenger_model_id"),
        ({"metric_limit": 1, "max_target_drift": 1}, "Give metric together with metric_limit or challenger_model_id"),
        ({"metric": "MAE", "metric_limit": 1, "min_improvement": 1}, "min_improvement is about a challenger"),
        ({"max_target_drift": 1, "if_rejected": "ignore"}, "if_rejected should be one of fail, skip, return"),
        ({"max_target_drift": "low"}, "max_target_drift should be a number"),
        ({"metric": "Happiness", "metric_limit": 1}, "It is not known whether higher values of 'Happiness' are better"),
    ],
)
def test_wrong_arguments_are_refused(runner, arguments, message):
    with pytest.raises(AirflowFailException, match=message):
        runner.run(ModelQualityGateOperator, **{"deployment_id": "d", **arguments})
    assert runner.received == []


def test_the_direction_of_another_metric_can_be_given(runner, deployment):
    arguments = {"metric": "Happiness", "metric_limit": 1, "higher_is_better": True}
    with pytest.raises(AirflowException, match="DataRobot has no value for Happiness of the current model"):
        runner.run(ModelQualityGateOperator, deployment_id=deployment, **arguments)
