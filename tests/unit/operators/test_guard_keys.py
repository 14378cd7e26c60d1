"""The key of a guard's language model: by value or by connection, masked, and nowhere but in the request."""

from __future__ import annotations

import json

import pytest

from datarobot_provider.core.arguments.converters import camel_case
from datarobot_provider.operators.guard_configurations import (
    ApplyGuardConfigOperator,
    CreateGuardConfigOperator,
    UpdateGuardConfigOperator,
)
from datarobot_provider.version_compat import AirflowFailException
from tests.unit.support import response

KEY, OTHER = "sk-of-the-connection-0123456789", "sk-of-another-connection-987654"
PUSH = "guardConfigurations/toNewCustomModelVersion/"
CREATE = {
    "template_id": "t",
    "name": "Faithful",
    "stages": ["response"],
    "entity_id": "e",
    "entity_type": "customModel",
}
ASKING = {"name": "Faithful", "description": "d", "type": "ootb", "stages": ["response"], "llmType": "openAi"}
PLAIN = {"name": "Tokens", "description": "d", "type": "ootb", "stages": ["prompt"]}


@pytest.fixture
def masked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Write down what the masker is told."""
    told: list[str] = []
    for module in ("core.guard_keys", "core.guard_fields", "hooks.datarobot"):
        monkeypatch.setattr(f"datarobot_provider.{module}.mask_secret", told.append)
    return told


@pytest.fixture
def keys(api, monkeypatch: pytest.MonkeyPatch):
    """Set up two connections with keys and one without; script the routes."""
    for name, password in (("MY_OPENAI", f" {KEY}\n"), ("OTHER_OPENAI", OTHER), ("NO_KEY", None)):
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps({"conn_type": "generic", "password": password}))
    api.on("POST", "guardConfigurations/", response(201, {"id": "g"}))
    api.on("GET", "guardConfigurations/", response(body={"data": [], "next": None}))
    api.on("PATCH", "guardConfigurations/g/", response(body={"id": "g", "openaiApiKey": KEY, "echo": "x"}))
    api.on("POST", PUSH, response(body={"customModelVersionId": "v"}))
    api.on("GET", "customModels/m/versions/", response(body={"data": [], "next": None}))
    return api


def sent(api, method="POST"):
    return api.sent(method)[-1].json


def test_create_reads_the_key_from_the_connection(keys, context, masked, ti, task_log):
    task = CreateGuardConfigOperator(task_id="t", **CREATE, openai_api_key_conn_id="my_openai")
    assert task.execute(context) == "g"
    assert sent(keys)["openaiApiKey"] == KEY
    assert "openaiApiKeyConnId" not in sent(keys)
    assert KEY in masked
    assert KEY not in task_log() + json.dumps(ti.xcoms) + repr(
        {name: vars(task)[name] for name in task.template_fields}
    )


def test_update_reads_the_key_from_the_connection_and_needs_no_other_change(keys, context, masked):
    task = UpdateGuardConfigOperator(task_id="t", config_id="g", openai_api_key_conn_id="my_openai")
    assert task.execute(context) == {"id": "g", "openaiApiKey": "***", "echo": "x"}
    assert sent(keys, "PATCH") == {"openaiApiKey": KEY}
    assert KEY in masked


def apply(context, guards, **given):
    return ApplyGuardConfigOperator(task_id="t", custom_model_id="m", guards=guards, **given).execute(context)


def test_apply_gives_the_key_to_the_guards_that_need_one_and_have_none(keys, context, masked):
    guards = [
        ASKING,
        PLAIN,
        {**ASKING, "name": "Own", "openaiApiKey": "sk-own-key"},
        {**ASKING, "name": "Own connection", "openaiApiKeyConnId": "other_openai"},
        {**ASKING, "name": "Credential", "openaiCredential": "c"},
        {**ASKING, "name": "NeMo", "type": "nemo", "nemoInfo": {"credentialId": "c"}},
    ]
    assert apply(context, guards, openai_api_key_conn_id="my_openai") == "v"
    found = {guard["name"]: guard.get("openaiApiKey") for guard in sent(keys)["data"]}
    assert found == {
        "Faithful": KEY,
        "Tokens": None,
        "Own": "sk-own-key",
        "Own connection": OTHER,
        "Credential": None,
        "NeMo": None,
    }
    assert not any("openaiApiKeyConnId" in guard for guard in sent(keys)["data"])
    assert {KEY, OTHER, "sk-own-key"} <= set(masked)


@pytest.mark.parametrize("llm_type", ["google", "amazon", "datarobot", "nim", "llmGateway", "of tomorrow"])
def test_an_openai_key_goes_to_no_other_language_model(keys, context, llm_type):
    """The address of a NIM is another host, and what DataRobot does with keys that it does not want is not known."""
    own = {**ASKING, "name": "Own", "llmType": llm_type, "openaiApiKeyConnId": "other_openai"}
    apply(context, [{**ASKING, "llmType": llm_type}, own], openai_api_key_conn_id="my_openai")
    assert [guard.get("openaiApiKey") for guard in sent(keys)["data"]] == [None, OTHER]


SERVICE_ACCOUNT = '{"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----"}'


@pytest.mark.parametrize("argument", ["google_service_account", "aws_account", "openai_credential"])
@pytest.mark.parametrize("value", [SERVICE_ACCOUNT, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"])
def test_a_key_where_the_id_of_a_credential_is_wanted_is_refused_and_masked(
    keys, context, masked, task_log, argument, value
):
    made = [
        CreateGuardConfigOperator(task_id="t", **CREATE, **{argument: value}),
        UpdateGuardConfigOperator(task_id="t", config_id="g", **{argument: value}),
        ApplyGuardConfigOperator(task_id="t", custom_model_id="m", guards=[{**PLAIN, camel_case(argument): value}]),
    ]
    for task in made:
        masked.clear()
        task.render_template_fields({})
        assert masked == [value]
        with pytest.raises(AirflowFailException, match="should be the id of a credential in DataRobot") as caught:
            task.execute(context)
        assert (argument if task is not made[2] else camel_case(argument)) in str(caught.value)
        assert value not in str(caught.value) + task_log()
    assert keys.sent("POST") + keys.sent("PATCH") == []


def test_a_guard_names_its_connection_without_the_task_naming_one(keys, context, masked):
    given = [{**PLAIN, "openaiApiKeyConnId": "my_openai"}]
    apply(context, given)
    assert sent(keys)["data"][0]["openaiApiKey"] == KEY
    assert given == [{**PLAIN, "openaiApiKeyConnId": "my_openai"}]


def test_guards_from_templates_get_keys_as_well(keys, context, masked):
    template = {"id": "1", "name": "Faithfulness", "type": "ootb", "description": "d", "allowedStages": ["response"]}
    keys.on("GET", "guardTemplates/", response(body={"data": [{**template, "llmType": "openAi"}], "next": None}))
    wanted = ["Faithfulness", {"template": "1", "name": "Two", "openaiApiKeyConnId": "other_openai"}]
    apply(context, None, from_templates=wanted, openai_api_key_conn_id="my_openai")
    assert [guard["openaiApiKey"] for guard in sent(keys)["data"]] == [KEY, OTHER]


def test_a_connection_that_no_guard_needs_is_not_read(keys, context, masked):
    apply(context, [PLAIN], openai_api_key_conn_id="no_such_connection")
    assert masked == []


@pytest.mark.parametrize("task", [CreateGuardConfigOperator, UpdateGuardConfigOperator])
def test_a_value_and_a_connection_are_too_much(keys, context, task):
    given = CREATE if task is CreateGuardConfigOperator else {"config_id": "g"}
    made = task(task_id="t", **given, openai_api_key="sk-by-value", openai_api_key_conn_id="my_openai")
    with pytest.raises(AirflowFailException, match="openai_api_key or openai_api_key_conn_id, not both") as caught:
        made.execute(context)
    assert "sk-by-value" not in str(caught.value)
    assert keys.requests == []


def test_a_value_and_a_connection_are_too_much_in_a_guard(keys, context):
    guard = {**ASKING, "openaiApiKey": "sk-by-value", "openaiApiKeyConnId": "my_openai"}
    with pytest.raises(AirflowFailException, match="The guard 'Faithful' has openaiApiKey and openaiApiKeyConnId"):
        apply(context, [guard])
    assert keys.sent("POST") == []


@pytest.mark.parametrize("field", ["openaiApiKey", "openaiApiKeyConnId"])
@pytest.mark.parametrize("value", ["", "None"])
def test_a_key_of_a_guard_that_rendered_to_nothing_is_named(keys, context, field, value):
    with pytest.raises(AirflowFailException, match="of the guard 'Faithful' rendered to nothing"):
        apply(context, [{**ASKING, field: value}])


@pytest.mark.parametrize(
    ("conn_id", "said"),
    [("no_key", "connection 'no_key' has no password"), ("missing", "no Airflow connection 'missing'")],
)
def test_a_connection_without_a_key_is_named(keys, context, conn_id, said):
    with pytest.raises(AirflowFailException, match=said):
        apply(context, [ASKING], openai_api_key_conn_id=conn_id)
    with pytest.raises(AirflowFailException, match=said):
        UpdateGuardConfigOperator(task_id="t", config_id="g", openai_api_key_conn_id=conn_id).execute(context)
    assert keys.sent("POST") + keys.sent("PATCH") == []


def test_keys_are_masked_as_soon_as_they_are_rendered(masked):
    """Airflow stores the rendered arguments before the task runs, and what stands in a text has no name to hide it."""
    context = {"key": "sk-rendered-key"}
    CreateGuardConfigOperator(task_id="t", **CREATE, openai_api_key="{{ key }}").render_template_fields(context)
    assert masked == ["sk-rendered-key"]
    guards = '[{"name": "a", "openaiApiKey": "{{ key }}"}, "b"]'
    ApplyGuardConfigOperator(task_id="t", custom_model_id="m", from_templates=guards).render_template_fields(context)
    ApplyGuardConfigOperator(task_id="t", custom_model_id="m", guards="no JSON").render_template_fields(context)
    assert masked == ["sk-rendered-key"] * 2


@pytest.mark.parametrize("echo", ["sk-of-the-connection-0123456789", KEY.encode().hex()])
def test_a_key_that_the_server_echoes_is_not_shown(keys, context, echo, task_log):
    keys.on("POST", PUSH, response(422, {"message": f"bad key {echo}", "errors": {"openaiApiKey": echo}}))
    with pytest.raises(AirflowFailException) as caught:
        apply(context, [ASKING], openai_api_key_conn_id="my_openai")
    assert echo not in str(caught.value) + task_log()
