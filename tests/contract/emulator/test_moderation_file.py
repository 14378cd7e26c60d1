"""The file of the moderation library, which rejects unknown types and fields."""

import io
import json
import zipfile

import pytest

INTERVENTION = {
    "action": "block",
    "allowedActions": ["block", "report"],
    "conditions": [{"comparator": "greaterThan", "comparand": 0.5}],
    "conditionLogic": "any",
    "message": "no",
    "sendNotification": False,
}
SHOWN_INTERVENTION = {
    "action": "block",
    "conditions": [{"comparator": "greaterThan", "comparand": 0.5}],
    "message": "no",
    "send_notification": False,
}
MODEL_INFO = {
    "inputColumnName": "text",
    "outputColumnName": "toxic",
    "targetType": "Binary",
    "classNames": ["a", "b"],
    "modelName": "Toxicity",
    "replacementTextColumnName": "",
}
SHOWN_MODEL_INFO = {
    "input_column_name": "text",
    "target_name": "toxic",
    "target_type": "Binary",
    "class_names": ["a", "b"],
    "replacement_text_column_name": "",
}
NEMO_INFO = {"mainConfig": "m", "railsConfig": "r", "blockedTerms": "b", "llmPrompts": "l", "actions": "a"}
OF_THE_SERVICE = {"parameters": [], "isValid": True, "errorMessage": None, "awsAccount": "c", "openaiCredential": "c"}


def entry_of(api, model, guard):
    """Push one guard and return its entry in the file of the new version."""
    body = {"customModelId": model, "data": [{"name": "g", "stages": ["prompt"], **OF_THE_SERVICE, **guard}]}
    created = api("POST", "/guardConfigurations/toNewCustomModelVersion/", json=body)
    assert created.status_code == 200, created.text
    archive = zipfile.ZipFile(io.BytesIO(api("GET", f"/customModels/{model}/download/").content))
    (entry,) = json.loads(archive.read("moderation_config.yaml"))["guards"]
    assert (entry.pop("name"), entry.pop("stage")) == ("g", ["prompt"])
    return entry


@pytest.fixture
def model(api):
    model = api.model()
    api.version(model)
    return model


@pytest.mark.parametrize("kind", ["guardModel", "userModel", "pii"])
def test_guard_with_a_deployed_model(api, model, kind):
    deployment = api.control("POST", "deployments", {"label": "d"})["id"]
    guard = {"type": kind, "deploymentId": deployment, "modelInfo": MODEL_INFO, "intervention": INTERVENTION}
    assert entry_of(api, model, {**guard, "nemoInfo": {}, "additionalGuardConfig": {}}) == {
        "type": "model",
        "deployment_id": deployment,
        "model_info": SHOWN_MODEL_INFO,
        "intervention": SHOWN_INTERVENTION,
    }


def test_nemo_guard(api, model):
    guard = {"type": "nemo", "llmType": "openAi", "nemoInfo": NEMO_INFO, "modelInfo": {}}
    assert entry_of(api, model, guard) == {"type": "nemo_guardrails", "llm_type": "openAi"}


def test_out_of_the_box_guard(api, model):
    guard = {"type": "ootb", "ootbType": "custom_metric", "faasUrl": "https://f", "forwardToken": False}
    shown = {"type": "ootb", "ootb_type": "custom_metric", "faas_url": "https://f", "forward_token": False}
    assert entry_of(api, model, {**guard, "isAgentic": True, "modelInfo": {}}) == {**shown, "is_agentic": True}
