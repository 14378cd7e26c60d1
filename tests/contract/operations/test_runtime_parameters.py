"""Runtime parameters: set with a version, inherited by the next, and a credential that is found by its name."""

from __future__ import annotations

import json

import pytest

from datarobot_provider.operators.custom_models import CreateCustomModelOperator, GetCustomModelOperator
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.operators.versions import CreateVersionOperator, GetVersionOperator, ListVersionsOperator
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.contract.operations.register import covers
from tests.support.emulator import DATASET, ENVIRONMENT
from tests.support.life_cycle import create_model, create_version
from tests.support.task_runner import WAIT

METADATA = """
name: Assistant
type: inference
targetType: textgeneration
inferenceModel: {targetName: answer}
runtimeParameterDefinitions:
- {fieldName: LLM, type: string, defaultValue: gpt-4o}
- {fieldName: TEMPERATURE, type: numeric, minValue: 0, maxValue: 2}
- {fieldName: STREAM, type: boolean, defaultValue: true}
- {fieldName: KEY, type: credential, allowEmpty: false}
"""


@pytest.fixture
def folder(model_folder):
    (model_folder / "model-metadata.yaml").write_text(METADATA, encoding="utf-8")
    return model_folder


@pytest.fixture
def credential(runner):
    """Create two credentials; return the id of the one with the name ``OpenAI``."""
    runner.emulator.control("POST", "credentials", {"name": "Other"})
    return runner.emulator.control("POST", "credentials", {"name": "OpenAI"})["id"]


def current(runner, model, version):
    seen = runner.run(GetVersionOperator, custom_model_id=model, custom_model_version_id=version)
    return {row["fieldName"]: row["currentValue"] for row in seen["runtimeParameters"]}


def test_values_are_set_and_inherited(runner, folder, credential):
    model = create_model(runner)
    values = {"TEMPERATURE": "0.5", "STREAM": "false", "KEY": "OpenAI"}
    version = create_version(runner, model, folder, runtime_parameter_values=values)
    assert current(runner, model, version) == {"LLM": "gpt-4o", "TEMPERATURE": 0.5, "STREAM": False, "KEY": credential}
    changed = runner.run(
        CreateVersionOperator,
        custom_model_id=model,
        from_latest=True,
        runtime_parameter_values=json.dumps({"LLM": "o3", "TEMPERATURE": None}),
    )
    assert current(runner, model, changed) == {"LLM": "o3", "TEMPERATURE": None, "STREAM": False, "KEY": credential}
    assert [e.status for e in runner.received if e.path == "/api/v2/credentials/"] == [200]


def test_the_list_of_the_api_without_definitions(runner, folder, credential):
    model = create_model(runner)
    rows = [{"fieldName": "KEY", "type": "credential", "value": credential}]
    version = create_version(runner, model, folder, runtime_parameter_values=rows)
    assert current(runner, model, version)["KEY"] == credential


def test_nothing_is_uploaded_with_invalid_values(runner, folder):
    model = create_model(runner)
    with pytest.raises(AirflowFailException) as error:
        create_version(runner, model, folder, runtime_parameter_values={"TEMPERATURE": 3, "OTHER": "x"})
    for message in ("TEMPERATURE: should be at most 2", "OTHER: is not defined", "KEY: needs a value"):
        assert message in str(error.value)
    with pytest.raises(AirflowFailException, match="KEY: the user of the connection has no credential with this name"):
        create_version(runner, model, folder, runtime_parameter_values={"KEY": "Nobody's"})
    assert runner.bodies("POST", f"customModels/{model}/versions/") == []


def test_an_unknown_credential_is_rejected_by_datarobot(runner, folder):
    with pytest.raises(AirflowFailException, match="there is no credential with this ID"):
        create_version(
            runner, create_model(runner), folder, runtime_parameter_values={"KEY": "64e0000000000000000000ff"}
        )


def test_a_version_whose_response_was_lost_is_found_by_its_values(direct, folder, credential):
    runner, model = direct, create_model(direct)
    arguments = {"custom_model_id": model, "folder": str(folder), "base_environment_id": ENVIRONMENT}
    values = {"KEY": credential, "TEMPERATURE": 1}
    runner.emulator.control("POST", "faults", {"method": "POST", "path": "/versions/$", "cut": "after"})
    with pytest.raises(AirflowException, match="the connection was lost"):
        runner.run(CreateVersionOperator, **arguments, runtime_parameter_values=values)
    store = runner.store
    other = create_version(runner, model, folder, runtime_parameter_values={**values, "TEMPERATURE": 2})
    runner.store = store
    found = runner.retry(CreateVersionOperator, **arguments, runtime_parameter_values=values)
    assert [v["id"] for v in runner.run(ListVersionsOperator, custom_model_id=model)] == [other, found]


def test_a_model_test_starts_when_all_values_are_set(runner, folder, credential):
    model = create_model(runner)
    (folder / "requirements.txt").unlink()
    version = create_version(runner, model, folder, runtime_parameter_values={"KEY": credential})
    ids = {"custom_model_id": model, "custom_model_version_id": version}
    assert runner.run(RunModelTestOperator, **ids, dataset_id=DATASET, **WAIT)


@covers("create_custom_model", "get_custom_model")
def test_a_model_is_created_from_its_metadata(runner, folder):
    model = runner.run(CreateCustomModelOperator, metadata=str(folder))
    seen = runner.run(GetCustomModelOperator, custom_model_id=model)
    assert (seen["name"], seen["targetType"], seen["targetName"]) == ("Assistant", "TextGeneration", "answer")
