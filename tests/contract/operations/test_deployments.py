"""Deployments: create, get, list, update, activate and deactivate, settings, delete."""

from __future__ import annotations

import pytest

from datarobot_provider.operators.deployment_settings import (
    GetDeploymentSettingsOperator,
    UpdateDeploymentSettingsOperator,
)
from datarobot_provider.operators.deployments import (
    CreateDeploymentOperator,
    DeleteDeploymentOperator,
    GetDeploymentOperator,
    ListDeploymentsOperator,
    UpdateDeploymentOperator,
    UpdateDeploymentStatusOperator,
)
from datarobot_provider.operators.prediction_environments import (
    ListPredictionEnvironmentsOperator,
    ListPredictionServersOperator,
)
from datarobot_provider.sensors.deployments import DeploymentSensor
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.contract.operations.deployed import deployed, registered
from tests.contract.operations.register import covers
from tests.contract.operations.test_custom_models import queries
from tests.support.task_runner import WAIT

BOTH_MODES = pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "trigger"])


@pytest.fixture
def package(runner, model_folder):
    return registered(runner, model_folder)


@pytest.fixture
def deployment(runner, package):
    return deployed(runner, package)


@BOTH_MODES
@covers("create_deployment", "get_deployment")
def test_a_registered_version_is_deployed(runner, package, deferrable):
    created = runner.run(
        CreateDeploymentOperator,
        model_package_id=package,
        deployment_label="Prices",
        description="Of houses",
        importance="HIGH",
        user_provided_id="prices-1",
        prediction_environment_id="64e0000000000000000000b0",
        additional_metadata=[{"key": "team", "value": "pricing"}],
        deferrable=deferrable,
        **WAIT,
    )
    assert (created["label"], created["description"], created["importance"]) == ("Prices", "Of houses", "HIGH")
    assert (created["status"], created["modelPackage"]["id"], created["userProvidedId"]) == (
        "active",
        package,
        "prices-1",
    )
    assert runner.run(GetDeploymentOperator, deployment_id=created["id"]) == created
    assert runner.ti.xcoms["_link_DeploymentLink"].endswith(f"/deployments/{created['id']}/overview")


@covers("create_deployment", "list_deployments")
@pytest.mark.parametrize("if_exists", ["reuse", "fail"])
def test_an_existing_deployment_is_reused_or_refused(runner, package, deployment, if_exists):
    arguments = {"model_package_id": package, "deployment_label": "Prices", "if_exists": if_exists}
    if if_exists == "reuse":
        assert runner.run(CreateDeploymentOperator, **arguments, **WAIT)["id"] == deployment
    else:
        with pytest.raises(AirflowFailException, match=f"The deployment 'Prices' already exists: {deployment}"):
            runner.run(CreateDeploymentOperator, **arguments)
    assert len(runner.run(ListDeploymentsOperator, search="Prices")) == 1


def test_a_deployment_that_failed_is_not_reused(runner, package):
    runner.datarobot.outcome("deployment", "failed")
    arguments = {"model_package_id": package, "deployment_label": "Prices", "if_exists": "reuse"}
    with pytest.raises(AirflowException, match="The deployment failed"):
        runner.run(CreateDeploymentOperator, **arguments, **WAIT)
    assert runner.run(CreateDeploymentOperator, **arguments, **WAIT)["status"] == "active"


@BOTH_MODES
def test_a_failed_deployment_is_an_error(runner, package, deferrable):
    runner.datarobot.outcome("deployment", "failed", message="out of memory")
    with pytest.raises(AirflowException, match=r"The deployment failed(.|\n)*out of memory"):
        runner.run(
            CreateDeploymentOperator, model_package_id=package, deployment_label="Prices", deferrable=deferrable, **WAIT
        )


def test_a_place_is_named_once(runner):
    with pytest.raises(AirflowFailException, match="Give either prediction_environment_id or"):
        runner.run(
            CreateDeploymentOperator,
            model_package_id="k",
            deployment_label="l",
            prediction_environment_id="e",
            default_prediction_server_id="s",
        )
    assert runner.received == []


@BOTH_MODES
def test_the_sensor_waits_for_a_deployment(runner, package, deferrable):
    deployment = runner.run(
        CreateDeploymentOperator, model_package_id=package, deployment_label="Prices", wait_for_completion=False
    )
    seen = runner.run(DeploymentSensor, deployment_id=deployment, deferrable=deferrable, poke_interval=0.05, timeout=60)
    assert (seen["id"], seen["status"]) == (deployment, "active")


@covers("list_deployments")
def test_list_filters(runner, package, deployment):
    other = deployed(runner, package, "Costs", importance="CRITICAL")
    runner.received.clear()
    assert _ids(runner.run(ListDeploymentsOperator, search="cost")) == [other]
    assert _ids(runner.run(ListDeploymentsOperator, importance=["CRITICAL", "HIGH"])) == [other]
    assert _ids(runner.run(ListDeploymentsOperator, status="inactive")) == []
    own = {"search": "pri", "service_health": "unknown", "model_health": "unknown", "accuracy_health": "unknown"}
    assert _ids(runner.run(ListDeploymentsOperator, **own, order_by="-label", limit=1)) == [deployment]
    assert queries(runner, "deployments/")[3] == {
        "offset": "0", "limit": "1", "search": "pri", "serviceHealth": "unknown", "modelHealth": "unknown",
        "accuracyHealth": "unknown", "orderBy": "-label",
    }  # fmt: skip
    model = runner.run(GetDeploymentOperator, deployment_id=deployment)["model"]["customModelImage"]["customModelId"]
    assert len(runner.run(ListDeploymentsOperator, custom_model_id=model)) == 2


@covers("update_deployment")
def test_update_keeps_other_fields(runner, deployment):
    changed = runner.run(UpdateDeploymentOperator, deployment_id=deployment, description="New", importance="LOW")
    assert (changed["label"], changed["description"], changed["importance"]) == ("Prices", "New", "LOW")


@BOTH_MODES
@covers("update_deployment_status")
def test_a_deployment_is_deactivated_and_activated(runner, deployment, deferrable):
    change = {"deployment_id": deployment, "deferrable": deferrable, **WAIT}
    assert runner.run(UpdateDeploymentStatusOperator, status="inactive", **change)["status"] == "inactive"
    assert runner.run(UpdateDeploymentStatusOperator, status="active", **change)["status"] == "active"
    assert runner.run(UpdateDeploymentStatusOperator, status="active", **change)["status"] == "active"
    assert sum(received.path.endswith("/status/") for received in runner.received) == 2


@BOTH_MODES
@covers("update_deployment_settings", "get_deployment_settings")
def test_settings_are_changed_one_by_one(runner, deployment, deferrable):
    change = {"deployment_id": deployment, "deferrable": deferrable, **WAIT}
    association = {"columnNames": ["id"], "requiredInPredictionRequests": True}
    runner.run(UpdateDeploymentSettingsOperator, association_id=association, **change)
    changed = runner.run(UpdateDeploymentSettingsOperator, target_drift={"enabled": True}, **change)
    assert changed["targetDrift"] == {"enabled": True}
    assert changed["featureDrift"] == {"enabled": False}
    assert changed["associationId"]["columnNames"] == ["id"]
    assert runner.run(GetDeploymentSettingsOperator, deployment_id=deployment) == changed


def test_settings_without_a_setting_are_refused(runner):
    with pytest.raises(
        AirflowFailException, match="There is nothing to change: give at least one of target_drift, feature_drift"
    ):
        runner.run(UpdateDeploymentSettingsOperator, deployment_id="d")
    assert runner.received == []


@covers("delete_deployment")
def test_delete(runner, deployment):
    assert runner.run(DeleteDeploymentOperator, deployment_id=deployment, ignore_management_agent=True) is None
    (sent,) = (received for received in runner.received if received.method == "DELETE")
    assert sent.target.endswith("/?ignoreManagementAgent=true")
    assert runner.run(ListDeploymentsOperator, search="Prices") == []
    runner.run(DeleteDeploymentOperator, deployment_id=deployment, ignore_if_missing=True)


@covers("list_prediction_environments", "list_prediction_servers")
def test_places_of_predictions(runner):
    (environment,) = runner.run(ListPredictionEnvironmentsOperator, search="emulated")
    assert environment["platform"] == "datarobotServerless"
    assert runner.run(ListPredictionEnvironmentsOperator, search="other") == []
    assert runner.run(ListPredictionServersOperator, limit=1) == []


def test_a_deployment_that_was_deleted_meanwhile_is_an_error(runner, deployment):
    runner.run(DeleteDeploymentOperator, deployment_id=deployment)
    with pytest.raises(AirflowFailException, match="404 for GET deployments/"):
        configure_status(runner, deployment)


def configure_status(runner, deployment):
    runner.run(UpdateDeploymentStatusOperator, deployment_id=deployment, status="inactive")


def _ids(rows):
    return [row["id"] for row in rows]
