"""Dependency builds and model tests: start, get, read the log, cancel."""

from __future__ import annotations

import json

import pytest

from datarobot_provider.core.arguments.converters import camel_case
from datarobot_provider.operators.dependency_builds import (
    CancelDependencyBuildOperator,
    GetDependencyBuildLogOperator,
    GetDependencyBuildOperator,
    StartDependencyBuildOperator,
)
from datarobot_provider.operators.model_tests import (
    CancelModelTestOperator,
    GetModelTestLogOperator,
    GetModelTestOperator,
    ListModelTestsOperator,
    RunModelTestOperator,
)
from datarobot_provider.sensors.dependency_builds import DependencyBuildSensor
from datarobot_provider.sensors.model_tests import ModelTestSensor
from datarobot_provider.version_compat import AirflowFailException
from tests.contract.operations.register import covers
from tests.contract.operations.test_custom_models import queries
from tests.support.emulator import DATASET
from tests.support.life_cycle import create_built_version, create_model, create_version
from tests.support.task_runner import WAIT

BOTH_MODES = pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "trigger"])
BUILD_PATH = "customModels/{custom_model_id}/versions/{custom_model_version_id}/dependencyBuild/"


def unbuilt(runner, folder):
    model = create_model(runner)
    return {"custom_model_id": model, "custom_model_version_id": create_version(runner, model, folder)}


def stuck(runner, kind):
    runner.emulator.control("POST", "outcomes", {"kind": kind, "outcome": "stuck"})


@BOTH_MODES
@covers("start_dependency_build", "get_dependency_build")
def test_start_and_get_a_build(runner, model_folder, deferrable):
    ids = unbuilt(runner, model_folder)
    build = runner.run(StartDependencyBuildOperator, **ids, deferrable=deferrable, **WAIT)
    assert build["buildStatus"] == "success"
    assert build["buildLogLocation"].endswith(BUILD_PATH.format(**ids).removesuffix("/") + "Log/")
    assert runner.run(GetDependencyBuildOperator, **ids) == build
    assert runner.run(DependencyBuildSensor, **ids) == build


@covers("get_dependency_build_log")
def test_log_of_a_build(runner, model_folder):
    ids = unbuilt(runner, model_folder)
    runner.run(StartDependencyBuildOperator, **ids, **WAIT)
    log = runner.run(GetDependencyBuildLogOperator, **ids)
    assert "numpy" in log
    assert len(log.splitlines()) > 1


@covers("cancel_dependency_build")
def test_cancel_a_build(runner, model_folder):
    ids = unbuilt(runner, model_folder)
    stuck(runner, "dependency_build")
    runner.run(StartDependencyBuildOperator, **ids, wait_for_completion=False)
    assert runner.run(CancelDependencyBuildOperator, **ids) is None
    with pytest.raises(AirflowFailException, match="has not been started"):
        runner.run(GetDependencyBuildOperator, **ids)
    with pytest.raises(AirflowFailException, match="returned 422 for DELETE"):
        runner.run(CancelDependencyBuildOperator, **ids)
    assert runner.run(CancelDependencyBuildOperator, **ids, ignore_if_over=True) is None


def test_cancel_a_build_that_has_ended(runner, model_folder):
    ids = create_built_version(runner, model_folder)
    with pytest.raises(AirflowFailException, match="returned 409 for DELETE"):
        runner.run(CancelDependencyBuildOperator, **ids)
    assert runner.run(CancelDependencyBuildOperator, **ids, ignore_if_over=True) is None
    assert runner.run(GetDependencyBuildOperator, **ids)["buildStatus"] == "success"


@BOTH_MODES
@covers("create_custom_model_test", "list_custom_model_tests", "get_custom_model_test")
def test_run_get_and_list_tests(runner, model_folder, deferrable):
    ids = create_built_version(runner, model_folder)
    test = runner.run(RunModelTestOperator, **ids, dataset_id=DATASET, deferrable=deferrable, **WAIT)
    assert (test["overallStatus"], test["customModelVersion"]["id"]) == ("succeeded", ids["custom_model_version_id"])
    assert test["testingStatus"]["errorCheck"]["status"] == "succeeded"
    assert runner.run(GetModelTestOperator, custom_model_test_id=test["id"]) == test
    assert runner.run(ListModelTestsOperator, custom_model_id=ids["custom_model_id"]) == [test]
    assert runner.run(ModelTestSensor, custom_model_test_id=test["id"]) == test


@covers("list_custom_model_tests")
def test_tests_of_several_pages(runner, model_folder):
    ids = create_built_version(runner, model_folder)
    runner.emulator.control(
        "POST", "outcomes", {"kind": "model_test", "outcome": "succeeded", "seconds": 0, "times": 101}
    )
    arguments = {camel_case(name): value for name, value in ids.items()} | {"datasetId": DATASET}
    for _ in range(100):
        runner.send("POST", "customModelTests/", **arguments)
    last = runner.run(RunModelTestOperator, **ids, dataset_id=DATASET, wait_for_completion=False)
    runner.received.clear()
    model = ids["custom_model_id"]
    found = runner.run(ListModelTestsOperator, custom_model_id=model)
    jobs = runner.emulator.control("GET", "jobs")["data"]
    created = [job["ids"]["customModelTestId"] for job in jobs if job["kind"] == "model_test"]
    assert [test["id"] for test in found] == created[::-1]
    assert (len(created), created[-1]) == (101, last)
    assert [test["id"] for test in runner.run(ListModelTestsOperator, custom_model_id=model, limit="3")] == created[
        :-4:-1
    ]
    assert queries(runner, "customModelTests/") == [
        {"offset": "0", "limit": "100", "customModelId": model},
        {"offset": "100", "limit": "100", "customModelId": model},
        {"offset": "0", "limit": "3", "customModelId": model},
    ]


@covers("list_custom_model_tests")
def test_filters_of_tests(runner, model_folder):
    model = create_built_version(runner, model_folder)["custom_model_id"]
    filters = {
        "resource_bundle_id": "bundle",
        "maximum_memory": "268435456",
        "desired_memory": 134217728,
        "network_egress_policy": "NONE",
        "replicas": "2",
        "requires_ha": "True",
    }
    assert runner.run(ListModelTestsOperator, custom_model_id=model, **filters) == []
    assert queries(runner, "customModelTests/") == [
        {
            "offset": "0",
            "limit": "100",
            "customModelId": model,
            "resourceBundleId": "bundle",
            "maximumMemory": "268435456",
            "desiredMemory": "134217728",
            "networkEgressPolicy": "NONE",
            "replicas": "2",
            "requiresHa": "true",
        }
    ]


@covers("download_custom_model_test_log", "get_custom_model_test_log_tail")
def test_log_of_a_test(runner, model_folder):
    ids = create_built_version(runner, model_folder)
    test = runner.run(RunModelTestOperator, **ids, dataset_id=DATASET, **WAIT)["id"]
    whole = runner.run(GetModelTestLogOperator, custom_model_test_id=test)
    assert whole.startswith(f"Testing custom model {ids['custom_model_id']}")
    assert "[errorCheck] succeeded" in whole
    end = runner.run(GetModelTestLogOperator, custom_model_test_id=test, lines="2")
    assert end.splitlines() == whole.splitlines()[-2:]
    assert queries(runner, f"customModelTests/{test}/tail/") == [{"lines": "2"}]


@covers("cancel_custom_model_test", "get_custom_model_test")
def test_cancel_a_test(runner, model_folder):
    ids = create_built_version(runner, model_folder)
    stuck(runner, "model_test")
    test = runner.run(RunModelTestOperator, **ids, dataset_id=DATASET, wait_for_completion=False)
    assert runner.run(CancelModelTestOperator, custom_model_test_id=test) is None
    assert runner.run(GetModelTestOperator, custom_model_test_id=test)["overallStatus"] == "canceled"
    with pytest.raises(AirflowFailException, match="already reached a terminal state"):
        runner.run(CancelModelTestOperator, custom_model_test_id=test)
    assert runner.run(CancelModelTestOperator, custom_model_test_id=test, ignore_if_over=True) is None
    assert runner.run(CancelModelTestOperator, custom_model_test_id="0" * 24, ignore_if_over=True) is None


def test_an_invalid_boolean_is_rejected_before_any_request(runner):
    arguments = {"custom_model_id": "a", "custom_model_version_id": "b", "fail_on_warning": "perhaps"}
    with pytest.raises(AirflowFailException, match="fail_on_warning should be true or false"):
        runner.run(RunModelTestOperator, **arguments)
    assert runner.received == []


def test_the_body_of_a_test_contains_only_the_arguments(runner, model_folder):
    ids = create_built_version(runner, model_folder)
    runner.run(RunModelTestOperator, **ids, dataset_id=DATASET, wait_for_completion=False)
    (body,) = runner.bodies("POST", "customModelTests/")
    assert json.loads(body) == {
        "customModelId": ids["custom_model_id"],
        "customModelVersionId": ids["custom_model_version_id"],
        "datasetId": DATASET,
    }
