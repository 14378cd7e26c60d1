"""Feature impact of versions and of images, and the initialization of prediction explanations."""

from __future__ import annotations

import json

import pytest

from datarobot_provider.operators.feature_impact import ComputeFeatureImpactOperator, GetFeatureImpactOperator
from datarobot_provider.operators.prediction_explanations import InitializePredictionExplanationsOperator
from datarobot_provider.sensors.feature_impact import FeatureImpactSensor
from datarobot_provider.sensors.prediction_explanations import PredictionExplanationsSensor
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.contract.operations.register import covers
from tests.contract.operations.test_custom_models import version_id
from tests.support.emulator import ENVIRONMENT
from tests.support.life_cycle import create_model, create_version
from tests.support.task_runner import WAIT

BOTH_MODES = pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "trigger"])
COLUMNS = {"age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"}


def trained(runner, folder):
    model = create_model(runner)
    return {"custom_model_id": model, "custom_model_version_id": create_version(runner, model, folder, trained=True)}


def columns(impact):
    return {item["featureName"] for item in impact["featureImpacts"]}


@BOTH_MODES
@covers("start_custom_model_version_feature_impact", "get_custom_model_version_feature_impact", "get_job_status")
def test_feature_impact(runner, model_folder, deferrable):
    ids = trained(runner, model_folder)
    impact = runner.run(ComputeFeatureImpactOperator, **ids, row_count="100", deferrable=deferrable, **WAIT)
    assert (columns(impact), impact["rowCount"]) == (COLUMNS, 100)
    assert max(item["impactNormalized"] for item in impact["featureImpacts"]) == 1
    assert runner.run(GetFeatureImpactOperator, **ids) == impact
    assert runner.run(FeatureImpactSensor, **ids) == impact
    path = "customModels/{custom_model_id}/versions/{custom_model_version_id}/featureImpact/".format(**ids)
    assert runner.bodies("POST", path) == [b'{"rowCount": 100}']


@BOTH_MODES
@covers("start_inference_image_feature_impact", "get_inference_image_feature_impact", "get_job_status")
def test_feature_impact_of_an_image(runner, model_folder, deferrable):
    image = trained(runner, model_folder)["custom_model_version_id"]
    impact = runner.run(ComputeFeatureImpactOperator, image_id=image, deferrable=deferrable, **WAIT)
    assert (columns(impact), impact["rowCount"]) == (COLUMNS, None)
    assert runner.run(GetFeatureImpactOperator, image_id=image) == impact
    assert runner.bodies("POST", f"customInferenceImages/{image}/featureImpact/") == [b"{}"]


@BOTH_MODES
def test_feature_impact_that_fails(runner, model_folder, deferrable):
    outcome = {"kind": "feature_impact", "outcome": "failed", "message": "too few rows"}
    for source in ("version", "image"):
        runner.emulator.control("POST", "outcomes", outcome)
        ids = trained(runner, model_folder)
        arguments = ids if source == "version" else {"image_id": ids["custom_model_version_id"]}
        with pytest.raises(AirflowException, match="too few rows"):
            runner.run(ComputeFeatureImpactOperator, **arguments, deferrable=deferrable, **WAIT)


@covers("get_custom_model_version_feature_impact")
def test_impacts_on_several_pages_are_combined(runner, model_folder):
    ids = trained(runner, model_folder)
    impact = runner.run(ComputeFeatureImpactOperator, **ids, **WAIT)
    path = runner.received[-1].path
    impacts = impact["featureImpacts"]
    for shown, following in ((impacts[:6], f"{runner.origin}{path}?offset=6"), (impacts[6:], None)):
        body = {**impact, "featureImpacts": shown, "count": len(shown), "next": following}
        runner.emulator.control(
            "POST", "faults", {"method": "GET", "path": "featureImpact", "status": 200, "body": body}
        )
    seen = runner.run(GetFeatureImpactOperator, **ids)
    assert seen["featureImpacts"] == impacts
    runner.received[:] = [e for e in runner.received if "offset" not in e.target]


@pytest.mark.parametrize("task", [ComputeFeatureImpactOperator, GetFeatureImpactOperator])
def test_either_a_version_or_an_image_is_required(runner, task):
    for arguments in ({}, {"custom_model_id": "a", "custom_model_version_id": "b", "image_id": "c"}):
        with pytest.raises(AirflowFailException, match="or image_id alone"):
            runner.run(task, **arguments)
    assert runner.received == []


@BOTH_MODES
@covers("init_prediction_explanations", "get_job_status")
def test_prediction_explanations(runner, model_folder, deferrable):
    ids = trained(runner, model_folder)
    created = runner.run(InitializePredictionExplanationsOperator, **ids, deferrable=deferrable, **WAIT)
    version = "customModels/{custom_model_id}/versions/{custom_model_version_id}/".format(**ids)
    assert created == f"{runner.origin}/api/v2/{version}"
    assert runner.bodies("POST", f"{version}predictionExplanationsInitialization/") == [b""]


@BOTH_MODES
@covers("init_prediction_explanations_legacy", "get_job_status")
def test_prediction_explanations_in_an_environment(runner, model_folder, deferrable):
    ids = trained(runner, model_folder)
    version = version_id(runner, "environments", ENVIRONMENT)
    created = runner.run(
        InitializePredictionExplanationsOperator,
        **ids,
        environment_id=ENVIRONMENT,
        environment_version_id=version,
        deferrable=deferrable,
        **WAIT,
    )
    assert created.endswith(f"/versions/{ids['custom_model_version_id']}/")
    (body,) = runner.bodies("POST", "customModels/predictionExplanationsInitialization/")
    assert json.loads(body) == {
        "customModelId": ids["custom_model_id"],
        "customModelVersionId": ids["custom_model_version_id"],
        "environmentId": ENVIRONMENT,
        "environmentVersionId": version,
    }


@BOTH_MODES
@covers("init_prediction_explanations", "get_job_status")
def test_start_here_and_wait_there(runner, model_folder, deferrable):
    ids = trained(runner, model_folder)
    status = runner.run(InitializePredictionExplanationsOperator, **ids, wait_for_completion=False)
    assert runner.ti.xcoms["datarobot_id"] == status
    created = runner.run(
        PredictionExplanationsSensor, status_id=status, deferrable=deferrable, poke_interval=0.05, timeout=60
    )
    assert created.endswith(f"/versions/{ids['custom_model_version_id']}/")


@BOTH_MODES
def test_prediction_explanations_that_fail(runner, model_folder, deferrable):
    outcome = {"kind": "prediction_explanations", "outcome": "failed", "message": "out of memory"}
    runner.emulator.control("POST", "outcomes", outcome)
    ids = trained(runner, model_folder)
    with pytest.raises(AirflowException, match="out of memory"):
        runner.run(InitializePredictionExplanationsOperator, **ids, deferrable=deferrable, **WAIT)
