"""Guard templates, guard configurations, and what holds for all guards of an entity."""

from __future__ import annotations

import json
import re

import pytest

from datarobot_provider.operators.guard_configs import (
    CreateGuardConfigOperator,
    DeleteGuardConfigOperator,
    GetGuardConfigOperator,
    ListGuardConfigsOperator,
    ListGuardPredictionEnvironmentsOperator,
    UpdateGuardConfigOperator,
)
from datarobot_provider.operators.guard_templates import GetGuardTemplateOperator, ListGuardTemplatesOperator
from datarobot_provider.operators.guards import ApplyGuardConfigOperator
from datarobot_provider.operators.moderation import (
    GetOverallModerationConfigOperator,
    UpdateOverallModerationConfigOperator,
)
from datarobot_provider.version_compat import AirflowFailException
from tests.contract.operations.register import covers
from tests.contract.operations.test_custom_models import names, queries
from tests.contract.provider.conftest import DEPLOYMENT
from tests.contract.provider.scenes import GUARD, make_model, make_version

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
    "parameters": [],
}
NEMO = {"actions": "", "blockedTerms": "", "llmPrompts": "", "mainConfig": "x", "railsConfig": "y"}


@pytest.fixture
def model(stage, model_folder):
    made = make_model(stage)
    make_version(stage, made, model_folder)
    return made


@pytest.fixture
def templates(stage):
    return {template["name"]: template for template in stage.run(ListGuardTemplatesOperator)}


def make_guard(stage, templates, model, name="Tokens", **given):
    wanted = {"stages": ["prompt"], "entity_id": model, "entity_type": "customModel", **given}
    return stage.run(CreateGuardConfigOperator, template_id=templates["Prompt Tokens"]["id"], name=name, **wanted)


def guards_of(stage, entity, kind="customModel", **given):
    return stage.run(ListGuardConfigsOperator, entity_id=entity, entity_type=kind, **given)


@covers("list_guard_templates", "get_guard_template")
def test_templates(stage):
    templates = stage.run(ListGuardTemplatesOperator)
    assert {"Prompt Tokens", "Faithfulness", "PII Detection"} <= set(names(templates))
    assert stage.run(ListGuardTemplatesOperator, limit="2") == templates[:2]
    assert queries(stage, "guardTemplates/") == [{"offset": "0", "limit": "100"}, {"offset": "0", "limit": "2"}]
    for template in templates:
        assert stage.run(GetGuardTemplateOperator, template_id=template["id"]) == template


@covers("create_guard_configuration", "get_guard_configuration")
def test_create_and_get(stage, templates, model):
    guard = make_guard(stage, templates, model, **EVERYTHING)
    seen = stage.run(GetGuardConfigOperator, config_id=guard)
    assert (seen["id"], seen["name"], seen["entityId"], seen["stages"]) == (guard, "Tokens", model, ["prompt"])
    assert (seen["description"], seen["type"]) == ("keeps long prompts out", "ootb")
    assert (seen["deploymentId"], seen["modelInfo"]) == (DEPLOYMENT, EVERYTHING["model_info"])
    assert seen["intervention"]["conditions"] == GUARD["intervention"]["conditions"]
    assert stage.ti.xcoms["datarobot_id"] == guard
    (body,) = stage.bodies("POST", "guardConfigurations/")
    assert json.loads(body)["openaiApiKey"] == KEY
    assert len(json.loads(body)) == len(EVERYTHING) + 5
    assert KEY not in json.dumps(seen)


@covers("list_guard_configurations")
def test_list(stage, templates, model):
    made = [make_guard(stage, templates, model, name=f"Guard {n}") for n in range(103)]
    stage.seen.clear()
    assert [guard["id"] for guard in guards_of(stage, model)] == made[::-1]
    assert [guard["id"] for guard in guards_of(stage, model, limit="2")] == made[:-3:-1]
    assert guards_of(stage, "playground-1", "playground") == []
    which = {"entityId": model, "entityType": "customModel"}
    assert queries(stage, "guardConfigurations/") == [
        {"offset": "0", "limit": "100", **which},
        {"offset": "100", "limit": "100", **which},
        {"offset": "0", "limit": "2", **which},
        {"offset": "0", "limit": "100", "entityId": "playground-1", "entityType": "playground"},
    ]


@covers("update_guard_configuration")
def test_update(stage, templates, model):
    guard = make_guard(stage, templates, model)
    given = {"name": "Other", **EVERYTHING, "nemo_info": NEMO}
    changed = stage.run(UpdateGuardConfigOperator, config_id=guard, **given)
    assert (changed["id"], changed["name"], changed["llmType"]) == (guard, "Other", "azureOpenAi")
    assert changed["nemoInfo"] == NEMO
    (body,) = stage.bodies("PATCH", f"guardConfigurations/{guard}/")
    assert len(json.loads(body)) == len(given)
    assert json.loads(body)["openaiApiKey"] == KEY
    assert KEY not in json.dumps(changed)


@covers("delete_guard_configuration")
def test_delete_and_delete_again(stage, templates, model):
    guard = make_guard(stage, templates, model)
    assert stage.run(DeleteGuardConfigOperator, config_id=guard) is None
    assert guards_of(stage, model) == []
    with pytest.raises(AirflowFailException, match="answered 404 to DELETE"):
        stage.run(DeleteGuardConfigOperator, config_id=guard)
    assert stage.run(DeleteGuardConfigOperator, config_id=guard, ignore_if_missing=True) is None


@covers("push_guards_to_new_custom_model_version", "list_guard_prediction_environments")
def test_apply_and_the_environments_in_use(stage, model):
    second = {**GUARD, "name": "Model", "type": "guardModel", "ootbType": None, "deploymentId": DEPLOYMENT}
    version = stage.run(ApplyGuardConfigOperator, custom_model_id=model, guards=[GUARD, second])
    assert names(guards_of(stage, version, "customModelVersion")) == ["Model", "Tokens"]
    (environment,) = stage.run(ListGuardPredictionEnvironmentsOperator, custom_model_version_id=version)
    assert environment["name"] == "Emulated prediction environment"
    assert [(use["name"], use["deploymentId"]) for use in environment["usedBy"]] == [("Model", DEPLOYMENT)]


@covers("list_guard_prediction_environments", "push_guards_to_new_custom_model_version")
def test_environments_come_in_pages_of_32(stage, model):
    version = stage.run(ApplyGuardConfigOperator, custom_model_id=model, guards=[GUARD])
    rows = [{"id": f"{n:024}", "name": f"e{n}", "usedBy": []} for n in range(70)]
    path = "guardConfigurations/predictionEnvironmentsInUse/"
    for offset in (0, 32, 64):
        shown = rows[offset : offset + 32]
        following = f"{stage.origin}/api/v2/{path}?customModelVersionId={version}&offset={offset + 32}&limit=32"
        body = {"count": len(shown), "next": following if len(shown) == 32 else None, "previous": None, "data": shown}
        stage.emulator.control("POST", "faults", {"path": path, "status": 200, "body": {**body, "totalCount": 70}})
    assert stage.run(ListGuardPredictionEnvironmentsOperator, custom_model_version_id=version) == rows
    stage.run(ListGuardPredictionEnvironmentsOperator, custom_model_version_id=version, limit=5)
    which = {"customModelVersionId": version}
    assert queries(stage, path) == [
        {"offset": "0", "limit": "32", **which},
        {"offset": "32", "limit": "32", **which},
        {"offset": "64", "limit": "32", **which},
        {"offset": "0", "limit": "5", **which},
    ]


@covers("push_guards_to_new_custom_model_version", "list_guard_templates", "list_guard_configurations")
def test_apply_from_templates(stage, templates, model):
    toxicity = templates["Toxicity"]
    version = stage.run(
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
    guards = {guard["name"]: guard for guard in guards_of(stage, version, "customModelVersion")}
    assert set(guards) == {"Tokens", "PII Detection", "Toxicity", "Short"}
    assert guards["PII Detection"]["stages"] == ["prompt", "response"]
    assert guards["PII Detection"]["intervention"]["message"] == "This text was stopped by a guard."
    assert guards["Toxicity"]["stages"] == ["response"]
    assert guards["Toxicity"]["modelInfo"]["outputColumnName"] == "toxicity_toxic_PREDICTION"
    short = guards["Short"]["intervention"]
    assert (short["message"], short["action"]) == ("Too long.", "report")
    assert short["conditions"] == [{"comparator": "greaterThan", "comparand": 4096}]
    ids = {"entity_id": version, "entity_type": "customModelVersion"}
    overall = stage.run(GetOverallModerationConfigOperator, **ids)
    assert (overall["timeoutSec"], overall["timeoutAction"]) == (9, "block")


@pytest.mark.parametrize("name", ["Prompt Tokens", "Response Tokens", "Faithfulness", "Rouge 1", "Prompt Injection"])
@covers("push_guards_to_new_custom_model_version")
def test_every_template_makes_a_guard_that_the_api_takes(stage, model, name):
    version = stage.run(ApplyGuardConfigOperator, custom_model_id=model, from_templates=[name])
    (guard,) = guards_of(stage, version, "customModelVersion")
    assert guard["name"] == name


def test_everything_that_a_template_and_a_guard_have_in_common_is_taken_over(stage, templates, model):
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
    stage.emulator.control("POST", "faults", {"path": "/guardTemplates/$", "status": 200, "body": page})
    stage.run(ApplyGuardConfigOperator, custom_model_id=model, from_templates=["Prompt Tokens"])
    (body,) = stage.bodies("POST", "guardConfigurations/toNewCustomModelVersion/")
    assert json.loads(body)["data"][0].get("customMetric") == metric
    assert stage.problems() == []


def test_a_template_that_there_is_not(stage, model):
    with pytest.raises(AirflowFailException, match=r"'Politeness', which is no guard template\. There are: Faithful"):
        stage.run(ApplyGuardConfigOperator, custom_model_id=model, from_templates=["Politeness"])
    assert stage.bodies("POST", "guardConfigurations/toNewCustomModelVersion/") == []
    with pytest.raises(AirflowFailException, match="Give guards, from_templates or both"):
        stage.run(ApplyGuardConfigOperator, custom_model_id=model)


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"name": "PII"}, r"from_templates\[1\] has no 'template'\.$"),
        ({"__var": {"template": "Toxicity"}, "__type": "dict"}, r"from_templates\[1\] .* as Airflow encodes it"),
    ],
)
def test_an_object_that_names_no_template(stage, model, item, words):
    with pytest.raises(AirflowFailException) as refused:
        stage.run(ApplyGuardConfigOperator, custom_model_id=model, from_templates=["PII Detection", item])
    assert re.search(words, str(refused.value).splitlines()[0])
    assert stage.bodies("POST", "guardConfigurations/toNewCustomModelVersion/") == []


@covers("update_overall_moderation_configuration", "get_overall_moderation_configuration")
@pytest.mark.parametrize("seconds", ["0", 30])
def test_overall_configuration(stage, model, seconds):
    entity = {"entity_id": model, "entity_type": "customModel"}
    changed = stage.run(UpdateOverallModerationConfigOperator, **entity, timeout_sec=seconds, timeout_action="score")
    assert (changed["entityId"], changed["timeoutSec"], changed["timeoutAction"]) == (model, int(seconds), "score")
    assert stage.run(GetOverallModerationConfigOperator, **entity) == changed
    assert stage.bodies("PATCH", "overallModerationConfiguration/") == [
        json.dumps(
            {"entityId": model, "entityType": "customModel", "timeoutSec": int(seconds), "timeoutAction": "score"}
        ).encode()
    ]
    which = {"entityId": model, "entityType": "customModel"}
    assert queries(stage, "overallModerationConfiguration/") == [which]
