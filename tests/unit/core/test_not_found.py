"""Which arguments a 404 is about: by the server's words, by the path, by the body."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from datarobot_provider.client.not_found import GivenId, says_not_found
from datarobot_provider.core.not_found import argument_ids, explain_not_found
from datarobot_provider.exceptions import NotFoundError

A, B, C = "64e000000000000000000001", "64e000000000000000000002", "64e000000000000000000003"


def task(**given):
    return SimpleNamespace(template_fields=tuple(given), **given)


def about(message="Not Found", *, path="things/", method="POST", errors=None, **given):
    return explain_not_found(NotFoundError(404, message, method=method, path=path, errors=errors), task(**given))


def test_the_one_id_of_the_path():
    assert about(path=f"customModels/{A}/", method="GET", custom_model_id=A, dataset_id=B) == (
        f"custom_model_id '{A}' was not found: DataRobot has no such custom model, or the user of the API token "
        "cannot access it."
    )


def test_two_ids_of_the_path_are_both_named():
    line = about(path=f"customModels/{A}/versions/{B}/", method="DELETE", custom_model_id=A, custom_model_version_id=B)
    assert line == (
        f"custom_model_id '{A}' or custom_model_version_id '{B}' was not found: DataRobot has no such custom model or "
        "custom model version, or the user of the API token cannot access it."
    )


def test_an_id_that_is_escaped_in_the_path_is_known_again():
    assert "status_id 'a b/c' was" in about(path="status/a%20b%2Fc/", method="GET", status_id="a b/c")


def test_a_number_out_of_a_native_template_is_known_again():
    assert "custom_model_test_id '5' was" in about(path="customModelTests/5/", method="GET", custom_model_test_id=5)


def test_with_a_body_its_ids_may_be_the_wrong_ones_too():
    line = about(path=f"customModels/{A}/versions/", custom_model_id=A, base_environment_id=B)
    assert line.startswith(f"custom_model_id '{A}' or base_environment_id '{B}' was not found")


@pytest.mark.parametrize(
    ("message", "errors", "named"),
    [
        ("Dataset not found.", {}, ["dataset_id"]),
        (f"Dataset {B} not found", {}, ["dataset_id"]),
        (f"no access to {B}", {}, ["dataset_id"]),
        ("Not Found", {"datasetId": f"{B} does not exist"}, ["dataset_id"]),
        ("Execution environment not found", {}, ["base_environment_id"]),
        ("There is no such base environment.", {}, ["base_environment_id"]),
        ("Custom model not found", {}, ["custom_model_id"]),
        ("Not Found", {}, ["custom_model_id", "dataset_id", "base_environment_id"]),
    ],
)
def test_what_the_server_names_is_what_is_named(message, errors, named):
    given = {"custom_model_id": A, "dataset_id": B, "base_environment_id": C}
    line = about(message, path=f"customModels/{A}/versions/", errors=errors, **given)
    assert [name for name in given if name in line] == named
    assert "was not found" in line


def test_a_reason_of_the_servers_own_stands():
    line = about("No testing log found.", path=f"customModelTests/{A}/log/", method="GET", custom_model_test_id=A)
    assert line == f"Ids in the request: custom_model_test_id '{A}'."


def test_ids_inside_of_objects_lists_and_json():
    given = {
        "training_data": {"datasetId": A, "name": "x"},
        "guards": ({"deploymentId": B}, {"name": "y", "nemoInfo": {"credentialId": C}}),
        "holdout_data": f'{{"datasetId": "{C}"}}',
        "use_case_ids": [A, B],
        "broken": "[not JSON",
        "deep": "[" * 100_000,
        "nothing_id": None,
    }
    assert [f"{each.name}={each.value}" for each in argument_ids(task(**given))] == [
        f"training_data.datasetId={A}",
        f"guards[0].deploymentId={B}",
        f"guards[1].nemoInfo.credentialId={C}",
        f"holdout_data.datasetId={C}",
        f"use_case_ids[0]={A}",
        f"use_case_ids[1]={B}",
    ]


def test_connections_and_names_of_other_services_are_no_ids_of_datarobot():
    given = {
        "datarobot_conn_id": "datarobot_default",
        "openai_api_key_conn_id": "my_openai",
        "guards": [{"openaiApiKeyConnId": "c", "openaiDeploymentId": "gpt"}],
        "openai_deployment_id": "gpt",
        "user_provided_id": "mine",
        "openai_api_key": "sk-secret",
    }
    assert about(**given) == ""


def test_an_id_that_no_argument_holds_is_not_blamed_on_another():
    assert about(path=f"customModelTests/{C}/", method="GET", custom_model_id=A, custom_model_version_id=B) == ""


def test_an_id_of_the_query_is_named():
    assert "entity_id 'm' was not found" in about(path="guardConfigurations/", method="GET", entity_id="m")


def test_a_long_id_is_cut():
    assert len(about(path="x/", entity_id="y" * 10_000)) < 400


@pytest.mark.parametrize(
    ("name", "noun"),
    [
        ("custom_model_version_id", "custom model version"),
        ("guards[3].deploymentId", "deployment"),
        ("use_case_ids[0]", "use case"),
        ("config_id", "guard configuration"),
        ("status_id", "status record"),
        ("path", "path"),
    ],
)
def test_the_noun_of_an_id(name, noun):
    assert GivenId(name, "x").noun == noun


@pytest.mark.parametrize(
    ("noun", "message", "named"),
    [
        ("deployment", "Deployment not found.", True),
        ("deployment", "There is no such deployment.", True),
        ("deployment", "The deployment 'x1' does not exist", True),
        ("deployment", "Deployment with id x1 was not found", True),
        ("custom model version", "No feature impact data found for the custom model version.", False),
        ("custom model", "The custom model has no version.", False),
        ("model", "Remodel not found", False),
    ],
)
def test_when_a_message_says_that_there_is_no_such_thing(noun, message, named):
    assert says_not_found(noun, message) is named


def test_an_error_without_an_explanation_stays_as_it_is():
    error = NotFoundError(404, "Not Found", method="GET", path="x/")
    before = str(error)
    error.explain("")
    assert str(error) == before
    error.explain("config_id 'x' was not found.")
    assert str(error).splitlines()[:2] == [
        "DataRobot returned 404 for GET x/: Not Found",
        "config_id 'x' was not found.",
    ]
