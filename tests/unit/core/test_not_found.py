"""Explanation of a 404 from the message of the server, the path and the payload."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from datarobot_provider.client.not_found import GivenId, says_not_found
from datarobot_provider.core.not_found import argument_ids, explain_not_found
from datarobot_provider.exceptions import NotFoundError

A, B, C = "64e000000000000000000001", "64e000000000000000000002", "64e000000000000000000003"


def task(**given):
    return SimpleNamespace(template_fields=tuple(given), **given)


def explain(message="Not Found", *, path="things/", method="POST", errors=None, **given):
    return explain_not_found(NotFoundError(404, message, method=method, path=path, errors=errors), task(**given))


def test_id_in_the_path_is_named():
    assert explain(path=f"customModels/{A}/", method="GET", custom_model_id=A, dataset_id=B) == (
        f"custom_model_id '{A}' was not found: DataRobot has no such custom model, or the user of the API token "
        "cannot access it."
    )


def test_two_ids_in_the_path_are_both_named():
    line = explain(
        path=f"customModels/{A}/versions/{B}/", method="DELETE", custom_model_id=A, custom_model_version_id=B
    )
    assert line == (
        f"custom_model_id '{A}' or custom_model_version_id '{B}' was not found: DataRobot has no such custom model or "
        "custom model version, or the user of the API token cannot access it."
    )


def test_escaped_id_in_the_path_is_recognized():
    assert "status_id 'a b/c' was" in explain(path="status/a%20b%2Fc/", method="GET", status_id="a b/c")


def test_integer_id_is_recognized():
    assert "custom_model_test_id '5' was" in explain(path="customModelTests/5/", method="GET", custom_model_test_id=5)


def test_ids_in_the_payload_are_named_as_well():
    line = explain(path=f"customModels/{A}/versions/", custom_model_id=A, base_environment_id=B)
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
def test_only_the_ids_that_the_server_names_are_named(message, errors, named):
    given = {"custom_model_id": A, "dataset_id": B, "base_environment_id": C}
    line = explain(message, path=f"customModels/{A}/versions/", errors=errors, **given)
    assert [name for name in given if name in line] == named
    assert "was not found" in line


def test_specific_message_of_the_server_is_kept():
    line = explain("No testing log found.", path=f"customModelTests/{A}/log/", method="GET", custom_model_test_id=A)
    assert line == f"Ids in the request: custom_model_test_id '{A}'."


def test_ids_inside_objects_lists_and_json_are_found():
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


def test_connection_ids_and_ids_of_other_services_are_ignored():
    given = {
        "datarobot_conn_id": "datarobot_default",
        "openai_api_key_conn_id": "my_openai",
        "guards": [{"openaiApiKeyConnId": "c", "openaiDeploymentId": "gpt"}],
        "openai_deployment_id": "gpt",
        "user_provided_id": "mine",
        "openai_api_key": "sk-secret",
    }
    assert explain(**given) == ""


def test_no_argument_is_named_if_the_path_contains_another_id():
    assert explain(path=f"customModelTests/{C}/", method="GET", custom_model_id=A, custom_model_version_id=B) == ""


def test_id_in_the_query_is_named():
    assert "entity_id 'm' was not found" in explain(path="guardConfigurations/", method="GET", entity_id="m")


def test_long_id_is_truncated():
    assert len(explain(path="x/", entity_id="y" * 10_000)) < 400


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
def test_noun_of_an_id(name, noun):
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
def test_message_names_a_missing_resource(noun, message, named):
    assert says_not_found(noun, message) is named


def test_empty_explanation_does_not_change_the_error():
    error = NotFoundError(404, "Not Found", method="GET", path="x/")
    before = str(error)
    error.explain("")
    assert str(error) == before
    error.explain("config_id 'x' was not found.")
    assert str(error).splitlines()[:2] == [
        "DataRobot returned 404 for GET x/: Not Found",
        "config_id 'x' was not found.",
    ]
