"""Every operator and sensor against the emulator: all requests and responses conform to the contract."""

from __future__ import annotations

import json
import zipfile

import pytest

from datarobot_provider.hooks.datarobot import DataRobotHook
from datarobot_provider.operators.custom_models import CreateCustomModelOperator
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.feature_impact import ComputeFeatureImpactOperator
from datarobot_provider.operators.guard_configurations import ApplyGuardConfigOperator
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.operators.vector_databases import ValidateVectorDatabaseOperator
from datarobot_provider.operators.versions import CreateVersionOperator
from datarobot_provider.sensors.dependency_builds import DependencyBuildSensor
from datarobot_provider.sensors.feature_impact import FeatureImpactSensor
from datarobot_provider.sensors.model_tests import ModelTestSensor
from datarobot_provider.sensors.status import DataRobotStatusSensor
from datarobot_provider.sensors.vector_databases import VectorDatabaseValidationSensor
from datarobot_provider.version_compat import AirflowException
from tests.contract.provider.conftest import TOKEN
from tests.contract.provider.openapi import all_problems, decoded_form, operation
from tests.support.emulator import DATASET, DEPLOYMENT, ENVIRONMENT, GUARD
from tests.support.life_cycle import create_built_version, create_model, create_version
from tests.support.task_runner import WAIT

GIT = {
    "refName": "main",
    "commitUrl": "https://git.example/c/1",
    "mainBranchCommitSha": "a" * 40,
    "pullRequestCommitSha": None,
}
BOTH_MODES = pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "trigger"])
VALIDATION = {"deployment_id": DEPLOYMENT, "prompt_column_name": "promptText", "target_column_name": "relevant"}


# The API rejects memory settings together with a bundle.
RESOURCES = pytest.mark.parametrize(
    "resources",
    [{"maximum_memory": "268435456", "desired_memory": 134217728}, {"resource_bundle_id": "bundle"}],
    ids=["memory", "bundle"],
)


@pytest.fixture(autouse=True)
def _check_contract(runner):
    """Check that all requests and responses conform to the contract, and that the requests contain the token."""
    yield
    assert runner.received
    assert all_problems(runner.received) == []
    log = runner.log()
    assert [entry for entry in log if entry["violations"]] == []
    assert {entry["authorization"] for entry in log} == {"valid"}
    assert {exchange.headers["authorization"] for exchange in runner.received} == {f"Bearer {TOKEN}"}
    assert [entry for entry in log if entry["status"] and entry["status"] >= 500] == []
    assert len(log) == len(runner.received)


@pytest.mark.parametrize(
    "arguments",
    [
        {"custom_model_type": "inference", "target_type": "Unstructured"},
        {"target_type": "Multiclass", "target_name": "t", "class_labels": '["a", "b", "c"]', "language": "Python"},
        {
            "target_type": "Binary",
            "target_name": "t",
            "positive_class_label": "yes",
            "negative_class_label": "no",
            "prediction_threshold": "0.7",
            "description": "d",
            "network_egress_policy": "PUBLIC",
            "maximum_memory": "268435456",
            "desired_memory": 134217728,
            "replicas": "2",
            "requires_ha": "False",
            "is_training_data_for_versions_permanently_enabled": "true",
            "playground_id": "p",
            "user_provided_id": "mine",
            "git_model_version": GIT,
            "supports_binary_classification": True,
        },
        {
            "custom_model_type": "training",
            "target_type": "Anomaly",
            "calibrate_predictions": "true",
            "supports_regression": False,
        },
    ],
    ids=["minimum", "labels", "all", "training task"],
)
def test_create_custom_model(runner, arguments):
    model = runner.run(CreateCustomModelOperator, name="Prices", **arguments)
    assert runner.ti.xcoms["datarobot_id"] == model
    (body,) = runner.bodies("POST", "customModels/")
    assert len(json.loads(body)) == len({"custom_model_type": 0, **arguments}) + 1


@BOTH_MODES
@RESOURCES
def test_create_version_from_a_folder_with_all_arguments(runner, model_folder, deferrable, resources):
    model = create_model(runner)
    version = create_version(
        runner,
        model,
        model_folder,
        deferrable=deferrable,
        is_major_update="false",
        **resources,
        network_egress_policy="PUBLIC",
        replicas=2,
        requires_ha=True,
        training_data=json.dumps({"datasetId": DATASET}),
        holdout_data={"partitionColumn": "age"},
        keep_training_holdout_data="False",
        required_metadata={"key": "ä"},
        required_metadata_values=[{"fieldName": "key", "value": "v"}],
        git_model_version=GIT,
    )
    (created,) = [e for e in runner.received if e.method == "POST" and e.path.endswith("/versions/")]
    form = decoded_form(created, operation("POST", "/api/v2/customModels/{customModelId}/versions/").body_schema())
    assert form["filePath"] == ["custom.py", "requirements.txt", "sub/größe.txt"]
    assert len(form) == 13 + len(resources)
    seen = DataRobotHook().client.get(f"customModels/{model}/versions/{version}/")
    assert [item["filePath"] for item in seen["items"]] == form["filePath"]
    assert seen["trainingData"]["assignmentInProgress"] is False
    assert (seen["replicas"], seen["requiresHa"], seen["gitModelVersion"]["refName"]) == (2, True, "main")


def test_create_version_from_the_latest_one(runner, model_folder, tmp_path):
    model = create_model(runner)
    create_version(runner, model, model_folder)
    with zipfile.ZipFile(tmp_path / "m.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("custom.py", "def score(data, model, **kwargs):\n    return 1\n")
        archive.writestr("new/file.bin", b"\xff" * 200_000)
    version = runner.run(
        CreateVersionOperator,
        custom_model_id=model,
        from_latest="true",
        zip_file=str(tmp_path / "m.zip"),
        files_to_delete=["sub/größe.txt"],
        is_major_update=False,
    )
    items = DataRobotHook().client.get(f"customModels/{model}/versions/{version}/")["items"]
    assert sorted(item["filePath"] for item in items) == ["custom.py", "new/file.bin", "requirements.txt"]


def test_create_version_with_other_settings_only(runner, model_folder):
    model = create_model(runner)
    create_version(runner, model, model_folder)
    version = runner.run(
        CreateVersionOperator,
        custom_model_id=model,
        from_latest=True,
        base_environment_version_id=runner.emulator.control("GET", "environments")["data"][0]["versionId"],
        replicas="3",
    )
    assert DataRobotHook().client.get(f"customModels/{model}/versions/{version}/")["replicas"] == 3


@BOTH_MODES
def test_start_dependency_build(runner, model_folder, deferrable):
    model = create_model(runner)
    version = create_version(runner, model, model_folder)
    ids = {"custom_model_id": model, "custom_model_version_id": version}
    build = runner.run(StartDependencyBuildOperator, **ids, deferrable=deferrable, **WAIT)
    assert build["buildStatus"] == "success"
    assert runner.bodies("POST", f"customModels/{model}/versions/{version}/dependencyBuild/") == [b""]


@BOTH_MODES
@RESOURCES
def test_run_model_test(runner, model_folder, deferrable, resources):
    ids = create_built_version(runner, model_folder)
    test = runner.run(
        RunModelTestOperator,
        **ids,
        dataset_id=DATASET,
        dataset_version_id=runner.emulator.control("GET", "datasets")["data"][0]["versionId"],
        configuration={
            "errorCheck": "fail",
            "longRunningService": "fail",
            "sideEffects": "warn",
            "nullValueImputation": "skip",
        },
        environment_id=ENVIRONMENT,
        environment_version_id=runner.emulator.control("GET", "environments")["data"][0]["versionId"],
        network_egress_policy="NONE",
        **resources,
        replicas="1",
        requires_ha="false",
        deferrable=deferrable,
        **WAIT,
    )
    assert test["overallStatus"] == "succeeded"
    (body,) = runner.bodies("POST", "customModelTests/")
    assert len(json.loads(body)) == 10 + len(resources)


@BOTH_MODES
@pytest.mark.parametrize("rows", [None, "50"])
def test_compute_feature_impact(runner, model_folder, deferrable, rows):
    ids = create_built_version(runner, model_folder, trained=True)
    impact = runner.run(ComputeFeatureImpactOperator, **ids, row_count=rows, deferrable=deferrable, **WAIT)
    assert "bmi" in {item["featureName"] for item in impact["featureImpacts"]}
    assert impact["rowCount"] == (rows and 50)


@BOTH_MODES
def test_validate_vector_database(runner, deferrable):
    model = runner.emulator.control("GET", "deployments")["data"][0]["modelId"]
    more = {"model_id": model, "use_case_id": "u", "name": "Handbook", "prediction_timeout": "20"}
    result = runner.run(ValidateVectorDatabaseOperator, **VALIDATION, **more, deferrable=deferrable, **WAIT)
    assert (result["validationStatus"], result["name"]) == ("PASSED", "Handbook")


def test_apply_guard_config(runner, model_folder):
    model = create_model(runner)
    create_version(runner, model, model_folder)
    second = {
        **GUARD,
        "name": "Second",
        "ootbType": None,
        "type": "guardModel",
        "deploymentId": DEPLOYMENT,
        "stages": ["response"],
        "modelInfo": {
            "inputColumnName": "in",
            "outputColumnName": "out",
            "targetType": "Binary",
            "classNames": ["a", "b"],
            "modelId": "m",
            "modelName": "n",
            "replacementTextColumnName": "",
        },
        "openaiApiKey": "sk-secret-key",
        "openaiApiBase": "https://openai.example/",
        "llmType": "azureOpenAi",
        "openaiDeploymentId": "o",
        "openaiCredential": "c",
    }
    version = runner.run(
        ApplyGuardConfigOperator,
        custom_model_id=model,
        guards=[GUARD, second],
        overall_config={"timeoutSec": 5, "timeoutAction": "score"},
    )
    (body,) = runner.bodies("POST", "guardConfigurations/toNewCustomModelVersion/")
    assert [guard["name"] for guard in json.loads(body)["data"]] == ["Tokens", "Second"]
    assert version == runner.ti.xcoms["datarobot_id"]


@BOTH_MODES
def test_dependency_build_sensor(runner, model_folder, deferrable):
    model = create_model(runner)
    ids = {"custom_model_id": model, "custom_model_version_id": create_version(runner, model, model_folder)}
    runner.run(StartDependencyBuildOperator, **ids, wait_for_completion=False)
    build = runner.run(DependencyBuildSensor, **ids, deferrable=deferrable, poke_interval=0.05, timeout=60)
    assert build["buildStatus"] == "success"


@BOTH_MODES
def test_model_test_sensor(runner, model_folder, deferrable):
    ids = create_built_version(runner, model_folder)
    test = runner.run(RunModelTestOperator, **ids, dataset_id=DATASET, wait_for_completion=False)
    seen = runner.run(ModelTestSensor, custom_model_test_id=test, deferrable=deferrable, poke_interval=0.05, timeout=60)
    assert (seen["id"], seen["overallStatus"]) == (test, "succeeded")


@BOTH_MODES
@pytest.mark.parametrize("with_status", [False, True])
def test_feature_impact_sensor(runner, model_folder, deferrable, with_status):
    ids = create_built_version(runner, model_folder, trained=True)
    status = runner.run(ComputeFeatureImpactOperator, **ids, wait_for_completion=False)
    more = {"status_id": status} if with_status else {}
    seen = runner.run(FeatureImpactSensor, **ids, **more, deferrable=deferrable, poke_interval=0.05, timeout=60)
    assert seen["featureImpacts"]


@BOTH_MODES
def test_vector_database_validation_sensor(runner, deferrable):
    created = runner.run(ValidateVectorDatabaseOperator, **VALIDATION, wait_for_completion=False)
    seen = runner.run(
        VectorDatabaseValidationSensor, validation_id=created, deferrable=deferrable, poke_interval=0.05, timeout=60
    )
    assert (seen["id"], seen["validationStatus"]) == (created, "PASSED")


@BOTH_MODES
@pytest.mark.parametrize("spelling", ["id", "url", "path"])
def test_status_sensor(runner, model_folder, deferrable, spelling):
    ids = create_built_version(runner, model_folder, trained=True)
    status = runner.run(ComputeFeatureImpactOperator, **ids, wait_for_completion=False)
    path = f"/api/v2/status/{status}/"
    value = {"id": status, "url": runner.origin + path, "path": path}[spelling]
    created = runner.run(DataRobotStatusSensor, status=value, deferrable=deferrable, poke_interval=0.05, timeout=60)
    version = f"customModels/{ids['custom_model_id']}/versions/{ids['custom_model_version_id']}"
    assert created == f"{runner.origin}/api/v2/{version}/featureImpact/"


@BOTH_MODES
def test_status_sensor_of_a_genai_job(runner, deferrable):
    runner.run(ValidateVectorDatabaseOperator, **VALIDATION, wait_for_completion=False)
    status = runner.emulator.control("GET", "jobs")["data"][0]["ids"]["statusId"]
    created = runner.run(
        DataRobotStatusSensor, status=status, genai=True, deferrable=deferrable, poke_interval=0.05, timeout=60
    )
    assert created.startswith(f"{runner.origin}/api/v2/genai/customModelVectorDatabaseValidations/")


def test_a_build_that_times_out_is_cancelled(runner, model_folder):
    model = create_model(runner)
    ids = {"custom_model_id": model, "custom_model_version_id": create_version(runner, model, model_folder)}
    runner.emulator.control("POST", "outcomes", {"kind": "dependency_build", "outcome": "stuck"})
    with pytest.raises(AirflowException, match="was cancelled in DataRobot"):
        runner.run(StartDependencyBuildOperator, **ids, timeout=0.2, poll_interval=0.05)
    assert [e.status for e in runner.received if e.method == "DELETE"] == [204]


def test_a_test_that_times_out_is_cancelled(runner, model_folder):
    ids = create_built_version(runner, model_folder)
    runner.emulator.control("POST", "outcomes", {"kind": "model_test", "outcome": "stuck"})
    with pytest.raises(AirflowException, match="was cancelled in DataRobot"):
        runner.run(RunModelTestOperator, **ids, dataset_id=DATASET, timeout=0.2, poll_interval=0.05)
    assert [e.status for e in runner.received if e.method == "DELETE"] == [204]


def test_the_test_button(runner):
    assert DataRobotHook().test_connection()[0]
    assert [exchange.path for exchange in runner.received] == ["/api/v2/version/"]
