"""Registered models and their versions: register, get, list, update, archive."""

from __future__ import annotations

import pytest

from datarobot_provider.operators.registered_models import (
    ArchiveRegisteredModelOperator,
    GetRegisteredModelOperator,
    GetRegisteredModelVersionOperator,
    ListRegisteredModelsOperator,
    ListRegisteredModelVersionsOperator,
    RegisterCustomModelVersionOperator,
    UpdateRegisteredModelOperator,
)
from datarobot_provider.sensors.registered_models import RegisteredModelBuildSensor
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.contract.operations.register import covers
from tests.contract.operations.test_custom_models import names, queries
from tests.support.life_cycle import create_model, create_version
from tests.support.task_runner import WAIT

BOTH_MODES = pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "trigger"])


@pytest.fixture
def version(runner, model_folder):
    return create_version(runner, create_model(runner), model_folder)


@pytest.fixture
def registered(runner, version):
    arguments = {"custom_model_version_id": version, "registered_model_name": "Prices"}
    return runner.run(RegisterCustomModelVersionOperator, **arguments, **WAIT)


@BOTH_MODES
@covers("register_custom_model_version", "get_registered_model", "get_registered_model_version")
def test_a_version_is_registered_as_a_new_model(runner, version, deferrable):
    registered = runner.run(
        RegisterCustomModelVersionOperator,
        custom_model_version_id=version,
        registered_model_name="Prices",
        registered_model_description="Of houses",
        registered_model_tags=[{"name": "team", "value": "pricing"}],
        name="first",
        description="trained in spring",
        tags=[{"name": "stage", "value": "candidate"}],
        deferrable=deferrable,
        **WAIT,
    )
    assert (registered["name"], registered["modelId"], registered["buildStatus"]) == ("first", version, "complete")
    model = runner.run(GetRegisteredModelOperator, registered_model_id=registered["registeredModelId"])
    assert (model["name"], model["description"], model["lastVersionNum"]) == ("Prices", "Of houses", 1)
    assert model["target"] == {"name": "target", "type": "Regression"}
    seen = runner.run(GetRegisteredModelVersionOperator, registered_model_id=model["id"], version_id=registered["id"])
    assert seen == registered
    assert runner.ti.xcoms["_link_RegisteredModelLink"].endswith(f"/registry/registered-models/{model['id']}/info")


@covers("register_custom_model_version", "list_registered_models", "list_registered_model_versions")
def test_the_next_version_is_added_to_the_model_of_that_name(runner, registered, version):
    model = registered["registeredModelId"]
    by_name = runner.run(
        RegisterCustomModelVersionOperator,
        custom_model_version_id=version,
        registered_model_name="Prices",
        registered_model_description="ignored",
        **WAIT,
    )
    by_id = runner.run(
        RegisterCustomModelVersionOperator, custom_model_version_id=version, registered_model_id=model, **WAIT
    )
    assert (by_name["registeredModelId"], by_id["registeredModelId"]) == (model, model)
    listed = runner.run(ListRegisteredModelVersionsOperator, registered_model_id=model, build_status="complete")
    assert [each["id"] for each in listed] == [by_id["id"], by_name["id"], registered["id"]]
    assert names(runner.run(ListRegisteredModelsOperator)) == ["Prices"]


@covers("list_registered_models", "list_registered_model_versions")
def test_list_filters(runner, registered, version):
    runner.run(
        RegisterCustomModelVersionOperator, custom_model_version_id=version, registered_model_name="Costs", **WAIT
    )
    runner.received.clear()
    assert names(runner.run(ListRegisteredModelsOperator, sort_key="name", sort_direction="desc")) == [
        "Prices",
        "Costs",
    ]
    assert names(runner.run(ListRegisteredModelsOperator, search="cost")) == ["Costs"]
    assert runner.run(ListRegisteredModelsOperator, target_name="other") == []
    assert len(runner.run(ListRegisteredModelsOperator, target_type="Regression", limit=1)) == 1
    assert queries(runner, "registeredModels/")[0] == {
        "offset": "0", "limit": "100", "sortKey": "name", "sortDirection": "desc",
    }  # fmt: skip
    model = registered["registeredModelId"]
    assert runner.run(ListRegisteredModelVersionsOperator, registered_model_id=model, search="nothing") == []


@covers("update_registered_model")
def test_update_keeps_other_fields(runner, registered):
    model = {"registered_model_id": registered["registeredModelId"]}
    changed = runner.run(UpdateRegisteredModelOperator, **model, description="New")
    assert (changed["name"], changed["description"]) == ("Prices", "New")
    changed = runner.run(UpdateRegisteredModelOperator, **model, name="Prices 2")
    assert (changed["name"], changed["description"]) == ("Prices 2", "New")


@covers("archive_registered_model")
def test_archive(runner, registered):
    model = {"registered_model_id": registered["registeredModelId"]}
    assert runner.run(ArchiveRegisteredModelOperator, **model) is None
    assert runner.run(ListRegisteredModelsOperator) == []
    runner.run(ArchiveRegisteredModelOperator, **model, ignore_if_missing=True)


@pytest.mark.parametrize("arguments", [{}, {"registered_model_id": "r", "registered_model_name": "n"}])
def test_the_registered_model_is_named_once(runner, arguments):
    with pytest.raises(AirflowFailException, match="Give either registered_model_name or registered_model_id"):
        runner.run(RegisterCustomModelVersionOperator, custom_model_version_id="v", **arguments)
    assert runner.received == []


@BOTH_MODES
def test_a_failed_build_is_an_error(runner, version, deferrable):
    runner.datarobot.outcome("model_package_build", "failed")
    with pytest.raises(AirflowException, match="The registered model build failed"):
        runner.run(
            RegisterCustomModelVersionOperator,
            custom_model_version_id=version,
            registered_model_name="Prices",
            deferrable=deferrable,
            **WAIT,
        )


@BOTH_MODES
def test_the_sensor_waits_for_a_build(runner, version, deferrable):
    version_id = runner.run(
        RegisterCustomModelVersionOperator,
        custom_model_version_id=version,
        registered_model_name="Prices",
        wait_for_completion=False,
    )
    (model,) = runner.run(ListRegisteredModelsOperator)
    seen = runner.run(
        RegisteredModelBuildSensor,
        registered_model_id=model["id"],
        version_id=version_id,
        deferrable=deferrable,
        poke_interval=0.05,
        timeout=60,
    )
    assert (seen["id"], seen["buildStatus"]) == (version_id, "complete")
