"""Airflow's UI: the connection form, its test button, the trigger form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from datarobot_provider.hooks.form import EXTRAS
from harness.airflow_api import ApiError
from tests.support.airflow import is_before, needs_airflow
from tests.system.examples import FOLDER

if TYPE_CHECKING:
    from tests.system.conftest import Environment


def test_the_connection_form_shows_only_our_fields(environment: Environment) -> None:
    forms = environment.connection_forms()
    form = next(each for each in forms if each["connection_type"] == "datarobot")
    assert form["hook_name"] == "DataRobot"
    if is_before("3.1"):
        # Airflow 3.0 shows the generic form for every provider, unless Flask-AppBuilder is installed.
        assert (form["standard_fields"], form["extra_fields"]) == (None, None)
        return
    standard = form["standard_fields"]
    assert {name for name, field in standard.items() if field and field["hidden"]} == {"login", "url_schema"}
    assert standard["port"]["placeholder"] == "443, if the Test button reports Bad Request"
    assert standard["host"]["title"] == "Endpoint"
    assert standard["password"]["title"] == "API token"
    assert set(form["extra_fields"]) == set(EXTRAS)


def test_the_test_button_reports_whether_the_connection_works(environment: Environment) -> None:
    def test_connection(token: str, host: str = environment.emulator.endpoint) -> tuple[bool, str]:
        return environment.test_connection(connection_id="tested", conn_type="datarobot", host=host, password=token)

    works, message = test_connection(environment.emulator.token)
    assert works, message
    assert test_connection("not-the-token") == (
        False,
        (
            f"{environment.emulator.endpoint.removesuffix('/api/v2')} refuses the API token (401). "
            "Set a valid API token as the password."
        ),
    )
    assert test_connection("any", "http://127.0.0.1:9")[0] is False


def test_the_connection_of_the_demonstration_is_listed_without_its_token(environment: Environment) -> None:
    (listed,) = environment.api._all("/connections", "connections")
    shown = (listed["connection_id"], listed["conn_type"], listed["host"], listed["password"])
    assert shown == ("datarobot_default", "datarobot", environment.emulator.endpoint, "***")


#: A file with an approval contains no DAG before Airflow 3.1.
EXAMPLES = [
    pytest.param(
        file.stem, marks=needs_airflow("3.1", "approvals") if "ApprovalOperator" in file.read_text("utf-8") else ()
    )
    for file in sorted(FOLDER.glob("example_*.py"))
]


@pytest.mark.parametrize("dag_id", EXAMPLES)
def test_a_trigger_form_is_typed_and_has_defaults_and_labels(environment: Environment, dag_id: str) -> None:
    environment.api.wait_for_dag(dag_id)
    form = environment.api.form(dag_id)
    assert form
    assert all(field["value"] is not None for field in form.values())
    assert all({"type", "title"} <= set(field["schema"]) for field in form.values())
    assert len({field["schema"]["title"] for field in form.values()}) == len(form)
    assert "__var" not in str(form)


@pytest.mark.parametrize(
    ("dag_id", "field", "value", "message"),
    [
        ("example_custom_model_pipeline", "model_name", None, "None is not of type 'string'"),
        ("example_custom_model_pipeline", "model_name", "", "'' should be non-empty"),
        ("example_custom_model_pipeline", "model_name", 2026, "2026 is not of type 'string'"),
        ("example_custom_model_pipeline", "environment_id", "my environment", "'my environment' does not match"),
        ("example_custom_model_pipeline", "guard_timeout_seconds", None, "None is not of type 'integer'"),
        ("example_custom_model_pipeline", "guards", "PII Detection", "'PII Detection' is not of type 'array'"),
        ("example_guards_from_templates", "guards", ["PII Detection"], "'PII Detection' is not of type 'object'"),
        ("example_guards_from_templates", "guards", [{"name": "PII"}], "'template' is a required property"),
        ("example_many_models", "model_names", None, "None is not of type 'array'"),
    ],
)
def test_an_invalid_field_is_reported(
    environment: Environment, dag_id: str, field: str, value: Any, message: str
) -> None:
    environment.api.wait_for_dag(dag_id)
    with pytest.raises(ApiError) as rejected:
        environment.api.submit_form(dag_id, {field: value})
    assert f"Invalid input for param {field}: {message}" in str(rejected.value)
