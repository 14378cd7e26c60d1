"""Runtime parameters of versions, and credentials."""

import datarobot as dr
import pytest
from datarobot.errors import ClientError
from datarobot.models.runtime_parameters import RuntimeParameterValue

METADATA = """
runtimeParameterDefinitions:
- {fieldName: LLM, type: string, defaultValue: gpt-4o, description: ""}
- {fieldName: TEMPERATURE, type: numeric, defaultValue: 0, minValue: 0, maxValue: 2}
- {fieldName: STREAM, type: boolean, defaultValue: true}
- {fieldName: KEY, type: credential, credentialType: api_token, allowEmpty: false}
"""


@pytest.fixture(autouse=True)
def _defined(folder):
    (folder / "model-metadata.yaml").write_text(METADATA, encoding="utf-8")


def values(**given):
    types = {"LLM": "string", "TEMPERATURE": "numeric", "STREAM": "boolean", "KEY": "credential"}
    return [
        RuntimeParameterValue(field_name=name, type=types.get(name, "string"), value=v) for name, v in given.items()
    ]


def current(version):
    return {parameter.field_name: parameter.current_value for parameter in version.runtime_parameters}


@pytest.fixture
def credential(control):
    control("POST", "credentials", {"name": "OpenAI", "credentialType": "api_token"})
    (found,) = [each for each in dr.Credential.list() if each.name == "OpenAI"]
    assert (found.credential_type, found.description) == ("api_token", "")
    return found.credential_id


def test_values_are_set_and_read(model, make_version, credential):
    version = make_version(model, runtime_parameter_values=values(TEMPERATURE=1.5, STREAM=False, KEY=credential))
    read = dr.CustomModelVersion.get(model.id, version.id)
    assert current(read) == {"LLM": "gpt-4o", "TEMPERATURE": 1.5, "STREAM": False, "KEY": credential}
    bounded = read.runtime_parameters[1]
    assert (bounded.min_value, bounded.max_value, bounded.default_value, bounded.override_value) == (0, 2, 0, 1.5)
    assert (read.runtime_parameters[3].allow_empty, read.runtime_parameters[3].credential_type) == (False, "api_token")


def test_only_a_version_from_the_previous_one_inherits_values(model, make_version):
    first = make_version(model, runtime_parameter_values=values(LLM="o3", TEMPERATURE=1))
    newer = dr.CustomModelVersion.create_from_previous(
        model.id, first.base_environment_id, runtime_parameter_values=values(TEMPERATURE=None)
    )
    assert (current(newer)["LLM"], current(newer)["TEMPERATURE"]) == ("o3", 0)
    assert current(make_version(model))["LLM"] == "gpt-4o"


@pytest.mark.parametrize("given", [{"OTHER": "x"}, {"TEMPERATURE": 3}, {"KEY": "64f0000000000000000000ff"}])
def test_invalid_values_are_rejected_by_name(model, make_version, given):
    with pytest.raises(ClientError) as error:
        make_version(model, runtime_parameter_values=values(**given))
    assert error.value.status_code == 422
    assert next(iter(given)) in error.value.json["errors"]["runtimeParameterValues"]


def test_model_test_requires_all_values(model, make_version, control, folder, credential):
    (folder / "requirements.txt").unlink()
    with pytest.raises(ClientError) as error:
        dr.CustomModelTest.create(model.id, make_version(model).id, control.dataset())
    assert error.value.status_code == 422
    assert "KEY" in str(error.value)
    complete = make_version(model, runtime_parameter_values=values(KEY=credential))
    assert dr.CustomModelTest.create(model.id, complete.id, control.dataset()).overall_status == "succeeded"


def test_credential_is_read(credential):
    assert dr.Credential.get(credential).name == "OpenAI"
    with pytest.raises(ClientError) as error:
        dr.Credential.get("64f0000000000000000000ff")
    assert error.value.status_code == 404
