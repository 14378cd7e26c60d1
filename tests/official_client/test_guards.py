"""Guard templates, guard configurations, overall configuration, and creation of a version with guards."""

import pytest
from datarobot import enums
from datarobot.errors import ClientError
from datarobot.models.custom_model_version import CustomModelVersion
from datarobot.models.moderation.configuration import ModerationConfiguration
from datarobot.models.moderation.intervention import GuardInterventionCondition, GuardInterventionForConfiguration
from datarobot.models.moderation.model_info import GuardModelInfo
from datarobot.models.moderation.model_version_update import ModelVersionUpdate
from datarobot.models.moderation.nemo_info import GuardNemoInfo
from datarobot.models.moderation.overall import OverallModerationConfig
from datarobot.models.moderation.template import ModerationTemplate

VERSION = enums.ModerationGuardEntityType.CUSTOM_MODEL_VERSION
MODEL = enums.ModerationGuardEntityType.CUSTOM_MODEL
PLAYGROUND = enums.ModerationGuardEntityType.PLAYGROUND
PROMPT = enums.ModerationGuardStage.PROMPT


def intervention(limit=100):
    return GuardInterventionForConfiguration(
        action=enums.ModerationGuardAction.BLOCK,
        allowed_actions=[enums.ModerationGuardAction.BLOCK, enums.ModerationGuardAction.REPORT],
        conditions=[
            GuardInterventionCondition(comparator=enums.ModerationGuardConditionOperator.GREATER_THAN, comparand=limit)
        ],
        message="too long",
    )


@pytest.fixture
def template():
    return ModerationTemplate.find("Prompt Tokens")


@pytest.fixture
def guard(template, version):
    def make(name="tokens", **fields):
        settings = {
            "template_id": template.id,
            "name": name,
            "description": "counts",
            "stages": [PROMPT],
            "entity_id": version.id,
            "entity_type": VERSION,
            "intervention": intervention(),
            **fields,
        }
        return ModerationConfiguration.create(**settings)

    return make


def test_templates():
    templates = ModerationTemplate.list()
    assert len(templates) >= 5
    for listed in templates:
        read = ModerationTemplate.get(listed.id)
        assert (read.name, read.type, read.allowed_stages) == (listed.name, listed.type, listed.allowed_stages)
        read.refresh()
    assert [t.name for t in ModerationTemplate.list(name="Toxicity", include_agentic=True)] == ["Toxicity"]
    assert ModerationTemplate.find("no such template") is None
    with pytest.raises(ClientError) as error:
        ModerationTemplate.get("64f000000000000000000001")
    assert error.value.status_code == 404


@pytest.mark.parametrize(
    "name",
    ["Stay on topic for inputs", "Stay on topic for output", "Sentiment Classifier", "Custom Deployment", "Cost",
     "Task Adherence", "Emotions Classifier", "Agent Goal Accuracy"],
)  # fmt: skip
def test_templates_are_found_by_name(guard, name):
    found = ModerationTemplate.find(name)
    assert found.name == name
    created = guard(name, template_id=found.id, stages=found.allowed_stages)
    assert (created.type, created.ootb_type) == (found.type, found.ootb_type)


def test_create_and_get(guard, version):
    created = guard()
    assert (created.name, created.description, created.stages) == ("tokens", "counts", [PROMPT])
    assert (created.entity_id, created.entity_type, created.ootb_type.value) == (version.id, VERSION, "token_count")
    assert created.intervention.message == "too long"
    assert created.intervention.conditions[0].comparand == 100
    assert ModerationConfiguration.get(created.id).name == "tokens"


def test_guard_with_a_deployed_model(guard, control):
    deployment = control.deployment(targetType="Binary")
    info = GuardModelInfo(
        input_column_name="text",
        output_column_name="toxic_PREDICTION",
        target_type=enums.ModerationGuardModelTargetType.BINARY,
        class_names=["toxic", "clean"],
    )
    toxicity = ModerationTemplate.find("Toxicity")
    created = guard(template_id=toxicity.id, deployment_id=deployment["id"], model_info=info)
    assert (created.deployment_id, created.model_info.input_column_name) == (deployment["id"], "text")
    assert created.model_info.class_names == ["toxic", "clean"]


def test_guard_with_rails_and_a_language_model(guard):
    nemo = GuardNemoInfo(main_config="m", rails_config="r", blocked_terms="b", llm_prompts="p", actions="a")
    created = guard(
        template_id=ModerationTemplate.find("Faithfulness").id,
        nemo_info=nemo,
        llm_type=enums.ModerationGuardLlmType.AZURE_OPEN_AI,
        openai_api_base="https://llm.example.com",
        openai_deployment_id="gpt",
        openai_api_key="very-secret",
    )
    assert (created.nemo_info["main_config"], created.llm_type.value) == ("m", "azureOpenAi")
    assert "very-secret" not in str(vars(created))


@pytest.mark.parametrize("entity_type", [MODEL, VERSION, PLAYGROUND])
def test_list_by_entity(guard, model, version, entity_type):
    entity = {MODEL: model.id, VERSION: version.id, PLAYGROUND: "64f000000000000000000077"}[entity_type]
    created = [guard(name, entity_id=entity, entity_type=entity_type) for name in ("one", "two")]
    listed = ModerationConfiguration.list(entity, entity_type)
    assert [c.id for c in listed] == [c.id for c in created[::-1]]


def test_update_and_refresh(guard):
    created = guard()
    other = ModerationConfiguration.get(created.id)
    created.update(name="renamed", description="counts more", intervention=intervention(5))
    assert (created.name, created.intervention.conditions[0].comparand) == ("renamed", 5)
    other.refresh()
    assert (other.name, other.description) == ("renamed", "counts more")


def test_name_is_unique_per_entity(guard):
    guard()
    with pytest.raises(ClientError) as error:
        guard()
    assert error.value.status_code == 409


def test_delete(guard, version):
    created = guard()
    created.delete()
    assert ModerationConfiguration.list(version.id, VERSION) == []
    with pytest.raises(ClientError) as error:
        created.refresh()
    assert error.value.status_code == 404


def test_overall_configuration(version):
    action = enums.ModerationTimeoutActionType
    created = OverallModerationConfig.create(10, action.BLOCK, version.id, VERSION)
    assert (created.timeout_sec, created.timeout_action, created.entity_id) == (10, action.BLOCK, version.id)
    created.update(20, action.SCORE, version.id, VERSION)
    found = OverallModerationConfig.find(version.id, VERSION)
    assert (found.timeout_sec, found.timeout_action, found.entity_type) == (20, action.SCORE, VERSION)
    assert found.updater_id


def test_locate_and_refresh_fail_in_the_client(version):
    """`locate` and `refresh` expect a list, but the API returns one object, as the reference and `find` state."""
    created = OverallModerationConfig.create(10, enums.ModerationTimeoutActionType.BLOCK, version.id, VERSION)
    with pytest.raises(KeyError, match="data"):
        OverallModerationConfig.locate(version.id, VERSION)
    with pytest.raises(KeyError, match="data"):
        created.refresh()


def test_configurations_are_pushed_to_a_new_version(guard, model, version, control):
    deployment = control.deployment(targetType="Binary")
    toxicity = ModerationTemplate.find("Toxicity")
    info = GuardModelInfo(
        input_column_name="text",
        output_column_name="toxic",
        target_type=enums.ModerationGuardModelTargetType.BINARY,
        class_names=["toxic"],
    )
    guards = [guard(), guard("toxic", template_id=toxicity.id, deployment_id=deployment["id"], model_info=info)]
    overall = OverallModerationConfig.create(30, enums.ModerationTimeoutActionType.SCORE, version.id, VERSION)
    newer = ModelVersionUpdate.new_custom_model_version_with_config(model.id, overall, guards)
    assert CustomModelVersion.get(model.id, newer).label == "1.1"
    moved = ModerationConfiguration.list(newer, VERSION)
    assert {c.name for c in moved} == {"tokens", "toxic"}
    assert {c.id for c in moved}.isdisjoint({c.id for c in guards})
    assert OverallModerationConfig.find(newer, VERSION).timeout_sec == 30
    with pytest.raises(ClientError, match="frozen"):
        guards[0].update(name="too late")


def test_configurations_cannot_be_pushed_to_a_frozen_version(guard, model, version, control):
    guards = [guard()]
    overall = OverallModerationConfig.create(30, enums.ModerationTimeoutActionType.SCORE, version.id, VERSION)
    control.deployment(modelId=version.id)
    with pytest.raises(ClientError) as error:
        ModelVersionUpdate.new_custom_model_version_with_config(model.id, overall, guards)
    assert error.value.status_code == 409
