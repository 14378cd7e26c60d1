"""The models of a deployment: validate, replace, history, challengers."""

from __future__ import annotations

import pytest

from datarobot_provider.operators.challengers import (
    CreateChallengerOperator,
    DeleteChallengerOperator,
    GetChallengerOperator,
    ListChallengersOperator,
)
from datarobot_provider.operators.model_replacement import (
    ListModelHistoryOperator,
    ReplaceModelOperator,
    ValidateModelReplacementOperator,
)
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.contract.operations.deployed import configure, deployed, registered
from tests.contract.operations.register import covers
from tests.support.task_runner import WAIT

BOTH_MODES = pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "trigger"])
BINARY = {
    "target_type": "Binary",
    "target_name": "readmitted",
    "positive_class_label": "yes",
    "negative_class_label": "no",
}


@pytest.fixture
def deployment(runner, model_folder):
    return deployed(runner, registered(runner, model_folder))


@pytest.fixture
def better(runner, model_folder):
    return registered(runner, model_folder, "Better prices")


@BOTH_MODES
@covers("replace_model", "validate_model_replacement", "list_model_history")
def test_a_model_is_replaced_after_its_validation(runner, deployment, better, deferrable):
    replace = {"deployment_id": deployment, "model_package_id": better, "deferrable": deferrable}
    replaced = runner.run(ReplaceModelOperator, **replace, reason="ACCURACY", **WAIT)
    assert (replaced["status"], replaced["modelPackage"]["id"]) == ("active", better)
    newest, oldest = runner.run(ListModelHistoryOperator, deployment_id=deployment)
    assert (newest["modelPackage"]["id"], newest["reason"], newest["replacedAt"]) == (better, "ACCURACY", None)
    assert oldest["replacedAt"] is not None
    assert runner.run(ReplaceModelOperator, **replace, **WAIT) == replaced
    assert sum(received.method == "PATCH" and "/model/" in received.path for received in runner.received) == 1


@covers("validate_model_replacement")
def test_a_validation_returns_the_checks(runner, deployment, better):
    validate = {"deployment_id": deployment, "model_package_id": better}
    validation = runner.run(ValidateModelReplacementOperator, **validate)
    assert (validation["status"], {check["status"] for check in validation["checks"].values()}) == (
        "passing",
        {"passing"},
    )


def test_a_model_with_another_target_does_not_replace_the_current_one(runner, deployment, model_folder):
    other = registered(runner, model_folder, "Readmissions", **BINARY)
    with pytest.raises(AirflowFailException) as caught:
        runner.run(ReplaceModelOperator, deployment_id=deployment, model_package_id=other)
    message = str(caught.value)
    assert message.startswith("The model cannot be replaced: The model cannot replace the current one.\n")
    assert "\n  targetType: failing: The target type is Binary, but the deployment has Regression." in message
    assert "\n  target: failing: The target is readmitted, but the deployment has target." in message
    assert not any(received.method == "PATCH" and "/model/" in received.path for received in runner.received)


@BOTH_MODES
def test_a_failed_replacement_is_an_error(runner, deployment, better, deferrable):
    runner.datarobot.outcome("model_replacement", "failed", message="out of memory")
    with pytest.raises(AirflowException, match=r"The replacement of the model failed(.|\n)*out of memory"):
        runner.run(
            ReplaceModelOperator, deployment_id=deployment, model_package_id=better, deferrable=deferrable, **WAIT
        )


@BOTH_MODES
def test_a_change_that_is_in_progress_is_awaited(runner, deployment, better, deferrable):
    replace = {"deployment_id": deployment, "model_package_id": better}
    runner.datarobot.outcome("model_replacement", "succeeded", seconds=0.3)
    runner.run(ReplaceModelOperator, **replace, wait_for_completion=False)
    replaced = runner.run(ReplaceModelOperator, **replace, deferrable=deferrable, **WAIT)
    assert replaced["modelPackage"]["id"] == better
    assert sum(received.method == "PATCH" and "/model/" in received.path for received in runner.received) == 1


def test_a_replacement_after_the_one_of_another_user_succeeds_in_the_next_attempt(
    runner, deployment, better, model_folder
):
    other = registered(runner, model_folder, "Other prices")
    runner.datarobot.outcome("model_replacement", "succeeded", seconds=0.2)
    runner.run(ReplaceModelOperator, deployment_id=deployment, model_package_id=other, wait_for_completion=False)
    replace = {"deployment_id": deployment, "model_package_id": better, "task_id": "mine", **WAIT}
    with pytest.raises(AirflowException, match="A retry attempt requests it again"):
        runner.run(ReplaceModelOperator, **replace)
    assert runner.retry(ReplaceModelOperator, **replace)["modelPackage"]["id"] == better


def test_a_deployment_that_does_not_serve_the_new_model_is_an_error(runner, deployment, better):
    runner.datarobot.outcome("model_replacement", "unknown", state="COMPLETED")
    with pytest.raises(AirflowException, match="has ended, but the deployment is not as requested"):
        runner.run(ReplaceModelOperator, deployment_id=deployment, model_package_id=better, **WAIT)


@BOTH_MODES
@covers("create_challenger", "list_challengers", "get_challenger", "delete_challenger")
def test_a_challenger_is_added_and_removed(runner, deployment, better, deferrable):
    configure(runner, deployment, challenger_models={"enabled": True})
    created = runner.run(
        CreateChallengerOperator,
        deployment_id=deployment,
        model_package_id=better,
        name="better",
        prediction_environment_id="64e0000000000000000000b0",
        deferrable=deferrable,
        **WAIT,
    )
    assert (created["name"], created["modelPackage"]["id"]) == ("better", better)
    challenger = {"deployment_id": deployment, "challenger_id": created["id"]}
    assert runner.run(GetChallengerOperator, **challenger) == created
    assert runner.run(ListChallengersOperator, deployment_id=deployment) == [created]
    assert runner.run(DeleteChallengerOperator, **challenger) is None
    assert runner.run(ListChallengersOperator, deployment_id=deployment) == []
