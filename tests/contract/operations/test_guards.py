"""Guard templates, guard configurations, and the overall moderation configuration."""

from __future__ import annotations

import json
import re

import pytest

from datarobot_provider.core.arguments.converters import camel_case
from datarobot_provider.operators.guard_configurations import (
    ApplyGuardConfigOperator,
    CreateGuardConfigOperator,
    DeleteGuardConfigOperator,
    GetGuardConfigOperator,
    ListGuardConfigsOperator,
    ListGuardPredictionEnvironmentsOperator,
    UpdateGuardConfigOperator,
)
from datarobot_provider.operators.guard_templates import GetGuardTemplateOperator, ListGuardTemplatesOperator
from datarobot_provider.operators.moderation import (
    GetOverallModerationConfigOperator,
    UpdateOverallModerationConfigOperator,
)
from datarobot_provider.version_compat import AirflowFailException
from tests.contract.operations.register import covers
from tests.contract.operations.test_custom_models import names, queries
from tests.contract.provider.openapi import all_problems
from tests.support.emulator import DEPLOYMENT, GUARD
from tests.support.life_cycle import create_model, create_version

KEY = "sk-guard-key-0123456789"
EVERYTHING = {
    "description": "keeps long prompts out",
    "intervention": GUARD["intervention"],
    "deployment_id": DEPLOYMENT,
    "model_info": {
        "inputColumnName": "in",
        "outputColumnName": "out",
        "targetType": "Binary",
        "classNames": ["a", "b"],
        "modelId": "m",
        "modelName": "n",
        "replacementTextColumnName": "",
    },
    "llm_type": "azureOpenAi",
    "openai_api_base": "https://openai.example/",
    "openai_api_key": KEY,
    "openai_credential": "credential",
    "openai_deployment_id": "azure",
    "google_service_account": "65a000000000000000000a01",
    "google_region": "us-east1",
    "google_model": "google-gemini-1.5-pro",
    "aws_account": "65a000000000000000000a02",
    "aws_region": "us-east-1",
    "aws_model": "amazon-nova-lite",
    "llm_gateway_model_id": "azure/gpt-4o",
    "nim_endpoint": "https://nim.example/",
    "faas_url": "https://metric.example/",
    "forward_token": False,
    "copy_citations": True,
    "is_agentic": False,
    "additional_guard_config": {"agentGuideline": "Be kind."},
    "streaming_character_threshold": 100,
    "parameters": [],
}
NEMO = {"actions": "", "blockedTerms": "", "llmPrompts": "", "mainConfig": "x", "railsConfig": "y"}


@pytest.fixture
def model(runner, model_folder):
    created = create_model(runner)
    create_version(runner, created, model_folder)
    return created


@pytest.fixture
def templates(runner):
    return {template["name"]: template for template in runner.run(ListGuardTemplatesOperator)}


def create_guard(runner, templates, model, name="Tokens", **arguments):
    wanted = {"stages": ["prompt"], "entity_id": model, "entity_type": "customModel", **arguments}
    return runner.run(CreateGuardConfigOperator, template_id=templates["Prompt Tokens"]["id"], name=name, **wanted)


def guards_of(runner, entity, kind="customModel", **arguments):
    return runner.run(ListGuardConfigsOperator, entity_id=entity, entity_type=kind, **arguments)


@covers("list_guard_templates", "get_guard_template")
def test_templates(runner):
    templates = runner.run(ListGuardTemplatesOperator)
    assert {"Prompt Tokens", "Faithfulness", "PII Detection"} <= set(names(templates))
    assert runner.run(ListGuardTemplatesOperator, limit="2") == templates[:2]
    assert queries(runner, "guardTemplates/") == [{"offset": "0", "limit": "100"}, {"offset": "0", "limit": "2"}]
    runner.received.clear()
    for template in templates:
        assert runner.run(GetGuardTemplateOperator, template_id=template["id"]) == template
    more = runner.run(ListGuardTemplatesOperator, include_agentic="true")
    assert set(names(more)) - set(names(templates)) == {"Agent Goal Accuracy", "Agent Guideline Adherence"}
    assert runner.run(ListGuardTemplatesOperator, include_agentic=False) == templates


@covers("create_guard_configuration", "get_guard_configuration")
def test_create_and_get(runner, templates, model):
    guard = create_guard(runner, templates, model, **EVERYTHING)
    seen = runner.run(GetGuardConfigOperator, config_id=guard)
    assert (seen["id"], seen["name"], seen["entityId"], seen["stages"]) == (guard, "Tokens", model, ["prompt"])
    assert (seen["description"], seen["type"]) == ("keeps long prompts out", "ootb")
    assert (seen["deploymentId"], seen["modelInfo"]) == (DEPLOYMENT, EVERYTHING["model_info"])
    assert seen["intervention"]["conditions"] == GUARD["intervention"]["conditions"]
    assert runner.ti.xcoms["datarobot_id"] == guard
    (body,) = runner.bodies("POST", "guardConfigurations/")
    assert json.loads(body)["openaiApiKey"] == KEY
    assert len(json.loads(body)) == len(EVERYTHING) + 5
    assert KEY not in json.dumps(seen)
    shown = {camel_case(name): value for name, value in EVERYTHING.items() if name != "openai_api_key"}
    assert {name: seen[name] for name in shown} == {**shown, "intervention": seen["intervention"]}


@covers("create_guard_configuration")
def test_rendered_strings_are_converted(runner, templates, model):
    """Rendered arguments are strings."""
    arguments = {
        "forward_token": "False",
        "copy_citations": "true",
        "is_agentic": "FALSE",
        "streaming_character_threshold": "100",
        "additional_guard_config": '{"agentGuideline": "Be kind."}',
    }
    create_guard(runner, templates, model, **arguments)
    (body,) = runner.bodies("POST", "guardConfigurations/")
    sent = json.loads(body)
    assert [sent[camel_case(name)] for name in arguments] == [False, True, False, 100, {"agentGuideline": "Be kind."}]


@covers("create_guard_configuration", "update_guard_configuration")
def test_an_invalid_guard_is_logged_as_a_warning(runner, templates, model, capsys, caplog):
    guard = create_guard(runner, templates, model, llm_type="google")
    warning = (
        "DataRobot shows the guard as invalid: A guard with the llmType google requires googleRegion and googleModel."
    )
    # Airflow writes task logs to the standard output.
    assert warning in capsys.readouterr().out + caplog.text
    caplog.clear()
    runner.run(UpdateGuardConfigOperator, config_id=guard, google_region="us-east1", google_model="chat-bison")
    assert "invalid" not in capsys.readouterr().out + caplog.text


@covers("list_guard_configurations")
def test_list(runner, templates, model):
    body = {"templateId": templates["Prompt Tokens"]["id"], "stages": ["prompt"]}
    body |= {"entityId": model, "entityType": "customModel"}
    created = [runner.send("POST", "guardConfigurations/", **body, name=f"Guard {n}")["id"] for n in range(103)]
    runner.received.clear()
    assert [guard["id"] for guard in guards_of(runner, model)] == created[::-1]
    assert [guard["id"] for guard in guards_of(runner, model, limit="2")] == created[:-3:-1]
    assert guards_of(runner, "playground-1", "playground") == []
    which = {"entityId": model, "entityType": "customModel"}
    assert queries(runner, "guardConfigurations/") == [
        {"offset": "0", "limit": "100", **which},
        {"offset": "100", "limit": "100", **which},
        {"offset": "0", "limit": "2", **which},
        {"offset": "0", "limit": "100", "entityId": "playground-1", "entityType": "playground"},
    ]


@covers("update_guard_configuration")
def test_update(runner, templates, model):
    guard = create_guard(runner, templates, model)
    arguments = {"name": "Other", **EVERYTHING, "nemo_info": NEMO}
    changed = runner.run(UpdateGuardConfigOperator, config_id=guard, **arguments)
    assert (changed["id"], changed["name"], changed["llmType"]) == (guard, "Other", "azureOpenAi")
    assert changed["nemoInfo"] == NEMO
    (body,) = runner.bodies("PATCH", f"guardConfigurations/{guard}/")
    assert len(json.loads(body)) == len(arguments)
    assert json.loads(body)["openaiApiKey"] == KEY
    assert KEY not in json.dumps(changed)


@covers("delete_guard_configuration")
def test_delete_and_delete_again(runner, templates, model):
    guard = create_guard(runner, templates, model)
    assert runner.run(DeleteGuardConfigOperator, config_id=guard) is None
    assert guards_of(runner, model) == []
    with pytest.raises(AirflowFailException, match="returned 404 for DELETE"):
        runner.run(DeleteGuardConfigOperator, config_id=guard)
    assert runner.run(DeleteGuardConfigOperator, config_id=guard, ignore_if_missing=True) is None


@covers("push_guards_to_new_custom_model_version", "list_guard_prediction_environments")
def test_apply_and_the_environments_in_use(runner, model):
    second = {**GUARD, "name": "Model", "type": "guardModel", "ootbType": None, "deploymentId": DEPLOYMENT}
    version = runner.run(ApplyGuardConfigOperator, custom_model_id=model, guards=[GUARD, second])
    assert names(guards_of(runner, version, "customModelVersion")) == ["Model", "Tokens"]
    (environment,) = runner.run(ListGuardPredictionEnvironmentsOperator, custom_model_version_id=version)
    assert environment["name"] == "Emulated prediction environment"
    assert [(use["name"], use["deploymentId"]) for use in environment["usedBy"]] == [("Model", DEPLOYMENT)]


@covers("list_guard_prediction_environments", "push_guards_to_new_custom_model_version")
def test_environments_are_listed_in_pages_of_32(runner, model):
    version = runner.run(ApplyGuardConfigOperator, custom_model_id=model, guards=[GUARD])
    rows = [{"id": f"{n:024}", "name": f"e{n}", "usedBy": []} for n in range(70)]
    path = "guardConfigurations/predictionEnvironmentsInUse/"
    for offset in (0, 32, 64):
        shown = rows[offset : offset + 32]
        following = f"{runner.origin}/api/v2/{path}?customModelVersionId={version}&offset={offset + 32}&limit=32"
        body = {"count": len(shown), "next": following if len(shown) == 32 else None, "previous": None, "data": shown}
        runner.emulator.control("POST", "faults", {"path": path, "status": 200, "body": {**body, "totalCount": 70}})
    assert runner.run(ListGuardPredictionEnvironmentsOperator, custom_model_version_id=version) == rows
    runner.run(ListGuardPredictionEnvironmentsOperator, custom_model_version_id=version, limit=5)
    which = {"customModelVersionId": version}
    assert queries(runner, path) == [
        {"offset": "0", "limit": "32", **which},
        {"offset": "32", "limit": "32", **which},
        {"offset": "64", "limit": "32", **which},
        {"offset": "0", "limit": "5", **which},
    ]


@covers("push_guards_to_new_custom_model_version", "list_guard_templates", "list_guard_configurations")
def test_apply_from_templates(runner, templates, model):
    toxicity = templates["Toxicity"]
    version = runner.run(
        ApplyGuardConfigOperator,
        custom_model_id=model,
        guards=[GUARD],
        from_templates=[
            "PII Detection",
            {"template": toxicity["id"], "deploymentId": DEPLOYMENT, "stages": ["response"]},
            {
                "template": "Prompt Tokens",
                "name": "Short",
                "intervention": {"message": "Too long.", "action": "report"},
            },
        ],
        overall_config={"timeoutSec": 9, "timeoutAction": "block"},
    )
    guards = {guard["name"]: guard for guard in guards_of(runner, version, "customModelVersion")}
    assert set(guards) == {"Tokens", "PII Detection", "Toxicity", "Short"}
    assert guards["PII Detection"]["stages"] == ["prompt", "response"]
    assert guards["PII Detection"]["intervention"]["message"] == "This text was stopped by a guard."
    assert guards["Toxicity"]["stages"] == ["response"]
    assert guards["Toxicity"]["modelInfo"]["outputColumnName"] == "toxicity_toxic_PREDICTION"
    short = guards["Short"]["intervention"]
    assert (short["message"], short["action"]) == ("Too long.", "report")
    assert short["conditions"] == [{"comparator": "greaterThan", "comparand": 4096}]
    ids = {"entity_id": version, "entity_type": "customModelVersion"}
    overall = runner.run(GetOverallModerationConfigOperator, **ids)
    assert (overall["timeoutSec"], overall["timeoutAction"]) == (9, "block")


@covers("push_guards_to_new_custom_model_version")
def test_the_api_accepts_a_guard_from_every_template(runner, model):
    """Including the agentic templates, which are requested explicitly."""
    every = runner.run(ListGuardTemplatesOperator, include_agentic=True)
    version = runner.run(ApplyGuardConfigOperator, custom_model_id=model, from_templates=names(every))
    guards = {guard["name"]: guard for guard in guards_of(runner, version, "customModelVersion")}
    assert set(guards) == set(names(every))
    for template in every:
        guard = guards[template["name"]]
        guard_arguments = ("description", "type", "ootbType", "llmType", "nemoInfo", "modelInfo")
        assert [guard.get(name) for name in guard_arguments] == [template.get(name) for name in guard_arguments]
        assert guard.get("isAgentic", False) == template["isAgentic"]
        assert guard["stages"] == template["allowedStages"]


@covers("push_guards_to_new_custom_model_version")
def test_an_object_of_a_template_is_merged_with_the_changes(runner, templates, model):
    topic = templates["Stay on topic for inputs"]["nemoInfo"]
    wanted = [
        {"template": "Stay on topic for inputs", "nemoInfo": {"blockedTerms": "weather"}},
        {"template": "Toxicity", "modelInfo": {"outputColumnName": "other"}},
    ]
    version = runner.run(ApplyGuardConfigOperator, custom_model_id=model, from_templates=wanted)
    guards = {guard["name"]: guard for guard in guards_of(runner, version, "customModelVersion")}
    assert guards["Stay on topic for inputs"]["nemoInfo"] == {**topic, "blockedTerms": "weather"}
    assert guards["Toxicity"]["modelInfo"] == {**templates["Toxicity"]["modelInfo"], "outputColumnName": "other"}


@covers("push_guards_to_new_custom_model_version")
def test_guards_without_a_description_are_applied(runner, model):
    """Like the guards that the moderation library sends."""
    bare = {"name": "Bare", "type": "ootb", "ootbType": "token_count", "stages": ["prompt"]}
    version = runner.run(ApplyGuardConfigOperator, custom_model_id=model, guards=[bare])
    (body,) = runner.bodies("POST", "guardConfigurations/toNewCustomModelVersion/")
    assert json.loads(body)["data"] == [{"parameters": [], **bare}]
    assert names(guards_of(runner, version, "customModelVersion")) == ["Bare"]


def test_all_common_fields_of_a_template_are_copied_to_a_guard(runner, templates, model):
    metric = {
        "name": "Prompts blocked",
        "description": "counts",
        "directionality": "lowerIsBetter",
        "type": "sum",
        "units": "count",
        "isModelSpecific": True,
        "baselineValues": [],
        "timestamp": {"columnName": "timestamp", "timeFormat": "%m/%d/%Y"},
        "value": {"columnName": "value"},
    }
    template = {**templates["Prompt Tokens"], "customMetric": metric}
    page = {"count": 1, "totalCount": 1, "next": None, "previous": None, "data": [template]}
    runner.emulator.control("POST", "faults", {"path": "/guardTemplates/$", "status": 200, "body": page})
    runner.run(ApplyGuardConfigOperator, custom_model_id=model, from_templates=["Prompt Tokens"])
    (body,) = runner.bodies("POST", "guardConfigurations/toNewCustomModelVersion/")
    assert json.loads(body)["data"][0].get("customMetric") == metric
    assert all_problems(runner.received) == []


def test_an_unknown_template_is_rejected(runner, model):
    with pytest.raises(
        AirflowFailException, match=r"'Politeness', which is no guard template\. There are: .*, Faithful"
    ):
        runner.run(ApplyGuardConfigOperator, custom_model_id=model, from_templates=["Politeness"])
    assert runner.bodies("POST", "guardConfigurations/toNewCustomModelVersion/") == []
    with pytest.raises(AirflowFailException, match="Give guards, from_templates or both"):
        runner.run(ApplyGuardConfigOperator, custom_model_id=model)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"name": "PII"}, r"from_templates\[1\] has no 'template'\.$"),
        ({"__var": {"template": "Toxicity"}, "__type": "dict"}, r"from_templates\[1\] .* as Airflow encodes it"),
    ],
)
def test_an_object_without_a_template_is_rejected(runner, model, item, expected):
    with pytest.raises(AirflowFailException) as rejected:
        runner.run(ApplyGuardConfigOperator, custom_model_id=model, from_templates=["PII Detection", item])
    assert re.search(expected, str(rejected.value).splitlines()[0])
    assert runner.bodies("POST", "guardConfigurations/toNewCustomModelVersion/") == []


@covers("update_overall_moderation_configuration", "get_overall_moderation_configuration")
@pytest.mark.parametrize("seconds", ["0", 30])
def test_overall_configuration(runner, model, seconds):
    entity = {"entity_id": model, "entity_type": "customModel"}
    changed = runner.run(UpdateOverallModerationConfigOperator, **entity, timeout_sec=seconds, timeout_action="score")
    assert (changed["entityId"], changed["timeoutSec"], changed["timeoutAction"]) == (model, int(seconds), "score")
    assert runner.run(GetOverallModerationConfigOperator, **entity) == changed
    assert runner.bodies("PATCH", "overallModerationConfiguration/") == [
        json.dumps(
            {"entityId": model, "entityType": "customModel", "timeoutSec": int(seconds), "timeoutAction": "score"}
        ).encode()
    ]
    which = {"entityId": model, "entityType": "customModel"}
    assert queries(runner, "overallModerationConfiguration/") == [which]
