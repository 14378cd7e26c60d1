"""Connection form, for new and old versions of Airflow."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from datarobot_provider.client.transport import TransportSettings
from datarobot_provider.get_provider_info import get_provider_info
from datarobot_provider.hooks.datarobot import DataRobotHook

(DECLARED,) = get_provider_info()["connection-types"]


class Field:
    """Fake field of wtforms."""

    def __init__(self, label, validators, description):
        self.label, self.description = label, description
        self.optional = [type(validator).__name__ for validator in validators] == ["Optional"]


class StringField(Field):
    pass


class Optional:
    pass


@pytest.fixture
def _wtforms(monkeypatch):
    """Provide fake wtforms, which only old versions of Airflow install."""
    forms, validators = ModuleType("wtforms"), ModuleType("wtforms.validators")
    forms.StringField, validators.Optional = StringField, Optional
    monkeypatch.setitem(sys.modules, "wtforms", forms)
    monkeypatch.setitem(sys.modules, "wtforms.validators", validators)


def test_both_declarations_of_the_standard_fields_are_equal():
    old = DataRobotHook.get_ui_field_behaviour()
    new = DECLARED["ui-field-behaviour"]
    assert {name.replace("_", "-"): value for name, value in old.items()} == new


@pytest.mark.usefixtures("_wtforms")
def test_both_declarations_of_the_extra_fields_are_equal():
    old = DataRobotHook.get_connection_form_widgets()
    assert {name: (field.label, field.description) for name, field in old.items()} == {
        name: (field["label"], field["description"]) for name, field in DECLARED["conn-fields"].items()
    }
    assert all(field.optional for field in old.values())


def test_the_extra_fields_are_missing_without_wtforms(monkeypatch):
    monkeypatch.setitem(sys.modules, "wtforms", None)
    assert DataRobotHook.get_connection_form_widgets() == {}


def test_the_form_shows_endpoint_and_token_and_hides_unused_fields():
    behaviour = DECLARED["ui-field-behaviour"]
    assert set(behaviour["hidden-fields"]) == {"login", "schema"}
    assert behaviour["relabeling"] == {"host": "Endpoint", "password": "API token"}
    assert set(behaviour["placeholders"]) == {"host", "password", "port"}


def test_the_hook_and_the_provider_info_agree_on_the_type():
    assert DECLARED["connection-type"] == DataRobotHook.conn_type == "datarobot"
    assert DECLARED["hook-name"] == DataRobotHook.hook_name
    module, _, name = DECLARED["hook-class-name"].rpartition(".")
    assert (module, name) == (DataRobotHook.__module__, DataRobotHook.__name__)


def test_the_hook_can_be_created_by_a_connection():
    assert DataRobotHook.default_conn_name == "datarobot_default"
    hook = DataRobotHook(**{DataRobotHook.conn_name_attr: "other"})
    assert hook.datarobot_conn_id == "other"


def test_no_field_is_for_a_secret_in_clear_text():
    names = set(DECLARED["conn-fields"])
    assert names == {
        *("connect_timeout", "read_timeout", "upload_timeout", "attempts", "upload_attempts", "retry_cap"),
        "poll_failure_timeout",
        "max_polls_per_second",
        *("ca_bundle", "client_cert", "client_key", "verify"),
    }
    assert not any("__" in name for name in names)


def test_an_unchanged_form_stores_only_nulls():
    """Airflow prefills a field with the default of its schema and stores it in the connection."""
    for field in DECLARED["conn-fields"].values():
        assert not {"default", "const", "value"} & {*field, *field["schema"]}


def test_the_form_describes_the_defaults_of_the_transport():
    settings = TransportSettings()
    actual = {**vars(settings), "attempts": settings.retry.attempts, "retry_cap": settings.retry.cap}
    described = {
        name: field["description"].partition("Default: ")[2].removesuffix(".")
        for name, field in DECLARED["conn-fields"].items()
    }
    files = {"ca_bundle", "client_cert", "client_key"}
    assert described == {
        name: "" if name in files else f"{actual[name]!s:s}".lower().removesuffix(".0") for name in described
    }


def test_verify_is_a_choice_because_an_unset_boolean_is_displayed_as_false():
    schema = DECLARED["conn-fields"]["verify"]["schema"]
    assert schema["type"] == ["string", "null"]
    assert schema["enum"] == ["true", "false", None]


def test_every_extra_field_may_be_empty():
    for field in DECLARED["conn-fields"].values():
        assert "null" in field["schema"]["type"]
