"""Vector database validations."""

import pytest
from datarobot.errors import ClientError
from datarobot.models.genai.vector_database import CustomModelVectorDatabaseValidation as Validation

NAMES = {"prompt_column_name": "promptText", "target_column_name": "relevant"}


@pytest.fixture
def deployment(control):
    return control.deployment(columns=["promptText", "relevant"])


@pytest.fixture
def validate(deployment):
    def run(**fields):
        settings = {**NAMES, "deployment_id": deployment["id"], "wait_for_completion": True, **fields}
        return Validation.create(**settings)

    return run


def test_passes(validate, deployment):
    validation = validate(name="Handbook", prediction_timeout=60)
    assert validation.validation_status == "PASSED"
    assert validation.deployment_access_data["prediction_api_url"].startswith("http")
    assert (validation.name, validation.prediction_timeout) == ("Handbook", 60)
    assert (validation.model_id, validation.deployment_name) == (deployment["modelId"], "Handbook")
    assert (validation.tenant_id, validation.user_id, validation.error_message) != (None, None, None)


def test_start_without_waiting(validate, wait_until):
    validation = validate(wait_for_completion=False)
    assert (validation.validation_status, validation.deployment_access_data) == ("TESTING", None)
    assert wait_until(lambda: Validation.get(validation.id).validation_status == "PASSED")


def test_fails(control, validate):
    wrong = control.deployment(targetType="Regression")
    validation = validate(deployment_id=wrong["id"])
    assert validation.validation_status == "FAILED"
    assert validation.error_message == "Only unstructured deployment types are supported"


def test_list(control, validate):
    use_case = control("POST", "use-cases", {"name": "Support"})["id"]
    first = validate(use_case=use_case)
    second = validate(name="other")
    assert [v.id for v in Validation.list()] == [second.id, first.id]
    assert [v.id for v in Validation.list(use_cases=use_case)] == [first.id]
    assert [v.id for v in Validation.list(search="OTHER")] == [second.id]
    assert [v.id for v in Validation.list(sort="name")] == [first.id, second.id]
    assert [v.id for v in Validation.list(completed_only=True, model=first.model_id)] == [second.id, first.id]
    assert Validation.list(prompt_column_name="another") == []


def test_get_by_values(validate, deployment):
    validation = validate()
    found = Validation.get_by_values(**NAMES, deployment_id=deployment["id"], model_id=deployment["modelId"])
    assert found.id == validation.id
    with pytest.raises(ClientError) as error:
        Validation.get_by_values(**NAMES, deployment_id=deployment["id"], model_id="64f000000000000000000001")
    assert error.value.status_code == 404


def test_update(validate):
    validation = validate()
    validation = validation.update(name="Renamed", prediction_timeout=10)
    assert (validation.name, validation.prediction_timeout) == ("Renamed", 10)
    assert Validation.get(validation.id).validation_status == "PASSED"


def test_update_of_a_tested_field_validates_again(control, validate, wait_until):
    validation = validate()
    other = control.deployment(label="Other")
    validation = validation.update(deployment=other["id"])
    assert (validation.deployment_id, validation.validation_status) == (other["id"], "TESTING")
    assert wait_until(lambda: Validation.get(validation.id).validation_status == "PASSED")


def test_revalidate(validate, control, wait_until):
    validation = validate()
    control.outcome("vector_database_validation", "failed", message="Unknown vector database error occurred")
    again = Validation.revalidate(validation.id)
    assert (again.id, again.validation_status) == (validation.id, "TESTING")
    assert wait_until(lambda: Validation.get(validation.id).validation_status == "FAILED")


def test_delete(validate):
    validation = validate()
    validation.delete()
    with pytest.raises(ClientError) as error:
        Validation.get(validation.id)
    assert error.value.status_code == 404


def test_errors_of_genai_routes_reach_the_client(validate):
    with pytest.raises(ClientError) as error:
        validate(prediction_timeout=5000)
    assert error.value.status_code == 422
    assert error.value.json["detail"][0]["loc"] == ["body", "predictionTimeout"]
    with pytest.raises(ClientError) as error:
        validate(deployment_id="64f000000000000000000001")
    assert "deploymentId" in str(error.value.json["detail"])
