"""Guards as current clients send them: language models, out-of-the-box types, fields, templates."""

import pytest

from tests.contract.guard_additions import AWS_MODELS, GOOGLE_MODELS, OOTB_TYPES

NEW_VERSION = "/guardConfigurations/toNewCustomModelVersion/"
COST = {"currency": "USD", "inputPrice": 0.001, "inputUnit": 1000, "outputPrice": 0.01, "outputUnit": 1000}
COMPLETE = {
    "openAi": {},
    "azureOpenAi": {"openaiApiBase": "https://llm.example/", "openaiDeploymentId": "gpt"},
    "google": {"googleServiceAccount": "c", "googleRegion": "us-east1", "googleModel": "google-gemini-1.5-pro"},
    "amazon": {"awsAccount": "c", "awsRegion": "us-east-1", "awsModel": "amazon-nova-lite"},
    "datarobot": {"deploymentId": "a deployment"},
    "nim": {"openaiApiBase": "https://nim.example/"},
    "llmGateway": {"llmGatewayModelId": "azure/gpt-4o"},
}
NEEDED = {
    "azureOpenAi": {"openaiApiBase", "openaiDeploymentId"},
    "google": {"googleRegion", "googleModel"},
    "amazon": {"awsRegion", "awsModel"},
    "datarobot": {"deploymentId"},
    "nim": {"openaiApiBase"},
}
NAMES = {
    "Prompt Tokens", "Response Tokens", "Faithfulness", "Rouge 1", "PII Detection", "Toxicity", "Prompt Injection",
    "Sentiment Classifier", "Emotions Classifier", "Stay on topic for inputs", "Stay on topic for output",
    "Custom Deployment", "Cost", "Task Adherence", "Jailbreak", "Content Safety",
}  # fmt: skip
AGENTIC = {"Agent Goal Accuracy", "Agent Guideline Adherence"}


@pytest.fixture
def model(api):
    model = api.model(targetType="TextGeneration", targetName="answer")
    api.version(model)
    return model


@pytest.fixture
def deployment(api):
    return api.control("POST", "deployments", {"label": "judge"})["id"]


def guard(**fields):
    return {"name": "Guard", "type": "ootb", "ootbType": "faithfulness", "stages": ["response"], **fields}


def push(api, model, *guards):
    return api("POST", NEW_VERSION, json={"customModelId": model, "data": list(guards)})


def pushed(api, model, one):
    """Push one guard and return it."""
    response = push(api, model, one)
    assert response.status_code == 200, response.text
    which = {"entityId": response.json()["customModelVersionId"], "entityType": "customModelVersion"}
    (shown,) = api("GET", "/guardConfigurations/", params=which).json()["data"]
    return shown


def templates(api, **params):
    return {t["name"]: t for t in api("GET", "/guardTemplates/", params=params).json()["data"]}


@pytest.mark.parametrize("llm_type", COMPLETE)
def test_every_language_model_is_returned_unchanged(api, model, deployment, llm_type):
    sent = {name: deployment if name == "deploymentId" else value for name, value in COMPLETE[llm_type].items()}
    shown = pushed(api, model, guard(llmType=llm_type, **sent))
    assert {name: shown[name] for name in sent} == sent
    assert (shown["llmType"], shown["isValid"], shown["errorMessage"]) == (llm_type, True, None)


@pytest.mark.parametrize("llm_type", NEEDED)
def test_incomplete_language_model_makes_the_guard_invalid(api, model, llm_type):
    """Clients send such guards, for example Terraform's "Stay on topic" without a model. They are stored as invalid."""
    shown = pushed(api, model, guard(llmType=llm_type))
    assert shown["isValid"] is False
    assert all(name in shown["errorMessage"] for name in NEEDED[llm_type])


@pytest.mark.parametrize("ootb_type", [kind for kind in OOTB_TYPES if kind])
def test_every_out_of_the_box_type_is_accepted(api, model, ootb_type):
    more = {
        "llmType": "openAi",
        "additionalGuardConfig": {"cost": COST, "agentGuideline": "Be kind.", "toolCall": {"comparisonMetric": "f1"}},
        "faasUrl": "https://metric.example/",
        "nimEndpoint": "https://nim.example/",
        "forwardToken": False,
        "streamingCharacterThreshold": 100,
        "copyCitations": True,
        "isAgentic": True,
    }
    shown = pushed(api, model, guard(ootbType=ootb_type, **more))
    assert {name: shown[name] for name in more} == more
    assert (shown["ootbType"], shown["isValid"]) == (ootb_type, True)


@pytest.mark.parametrize(
    ("ootb_type", "needed"),
    [
        ("agent_goal_accuracy", "llmType"),
        ("task_adherence", "llmType"),
        ("agent_guideline_adherence", "additionalGuardConfig.agentGuideline"),
        ("cost", "additionalGuardConfig.cost"),
        ("custom_metric", "faasUrl"),
        ("nim_jailbreak", "nimEndpoint"),
        (None, "ootbType"),
    ],
)
def test_incomplete_out_of_the_box_guard_is_invalid(api, model, ootb_type, needed):
    shown = pushed(api, model, guard(ootbType=ootb_type))
    assert shown["isValid"] is False
    assert needed in shown["errorMessage"]


@pytest.mark.parametrize(
    "field",
    [
        {"llmType": "palm"},
        {"llmType": "openai"},
        {"ootbType": "agentGoalAccuracyy"},
        {"type": "nim_jailbreak"},
        {"stages": ["prompts"]},
        {"googleModel": "gemini"},
        {"awsModel": "titan"},
        {"copyCitations": "yes"},
        {"isAgentic": 1},
        {"googleServiceAccount": {"private_key": "x"}},
        {"additionalGuardConfig": {"surprise": 1}},
        {"additionalGuardConfig": {"agentGuideline": "x" * 4097}},
        {"additionalGuardConfig": {"cost": {"currency": "USD"}}},
        {"additionalGuardConfig": {"cost": {**COST, "inputPrice": -1}}},
        {"streamingCharacterThreshold": 0},
        {"google_region": "us-east1"},
    ],
    ids=str,
)
def test_unknown_values_and_fields_are_rejected_by_name(api, model, rejected_fields, field):
    errors = rejected_fields(push(api, model, guard(**field)))
    assert next(iter(field)) in str(errors["data"])
    assert len(api("GET", f"/customModels/{model}/versions/").json()["data"]) == 1


@pytest.mark.parametrize("name", ["googleModel", "awsModel"])
def test_every_cloud_model_is_accepted(api, model, name):
    for word in (GOOGLE_MODELS if name == "googleModel" else AWS_MODELS)[:-1]:
        assert pushed(api, model, guard(**{name: word}))[name] == word


def test_request_of_add_guard_is_accepted(api, model):
    """The request has no description and no parameters. The message is a space, null or absent."""
    intervention = {"action": "report", "allowedActions": ["report", "block"], "conditions": []}
    for message in ({"message": " "}, {"message": None}, {}):
        sent = {**intervention, **message, "sendNotification": False}
        shown = pushed(api, model, guard(ootbType="token_count", intervention=sent))
        assert shown["description"] == "Guard"
        assert shown["intervention"] == {**sent, "message": message.get("message") or ""}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_template_copied_by_datarobotx_idp_is_accepted(api, model, name):
    """It removes some fields and nulls, and copies the previous guards including the name of the creator."""
    stripped = {"createdAt", "creatorId", "orgId", "allowedStages", "additionalConfig", "productionOnly", "id"}
    stripped |= {"entityId", "entityType", "isDeployed"}
    template = templates(api)[name]
    copied = {field: value for field, value in template.items() if field not in stripped and value is not None}
    intervention = {"action": "block", "conditions": [], "message": "no", "sendNotification": False}
    first = {**copied, "stages": template["allowedStages"], "intervention": intervention}
    shown = pushed(api, model, first)
    assert "creatorName" in shown
    again = {field: value for field, value in shown.items() if field not in stripped and value is not None}
    assert push(api, model, again, {**first, "name": "Another"}).status_code == 200


def test_templates_have_the_names_that_terraform_searches(api, conforms):
    assert set(templates(api)) == NAMES
    assert set(templates(api, includeAgentic="true")) == NAMES | AGENTIC
    assert set(templates(api, isAgentic="True")) == AGENTIC
    assert set(templates(api, name="Agent Goal Accuracy", includeAgentic="True")) == {"Agent Goal Accuracy"}
    assert templates(api, name="") == templates(api)
    for template in templates(api, includeAgentic="true").values():
        read = conforms("GuardTemplateRetrieveResponse", api("GET", f"/guardTemplates/{template['id']}/"))
        assert read == template
        assert "creatorName" not in read
        assert read["allowedStages"]
        assert read["intervention"]["allowedActions"][0] == read["intervention"]["action"]
    assert len({template["id"] for template in templates(api, includeAgentic="true").values()}) == 18


def test_single_configurations_accept_the_same_fields(api, conforms, model, deployment, rejected_fields):
    body = {
        "templateId": templates(api, includeAgentic="true")["Agent Guideline Adherence"]["id"],
        "name": "Kind",
        "stages": ["response"],
        "entityId": model,
        "entityType": "customModel",
        "llmType": "datarobot",
        "deploymentId": deployment,
        "copyCitations": False,
        "additionalGuardConfig": {"agentGuideline": "Be kind."},
    }
    created = conforms("GuardConfigurationRetrieveResponse", api("POST", "/guardConfigurations/", json=body), 201)
    assert (created["isAgentic"], created["copyCitations"], created["isValid"]) == (True, False, True)
    path = f"/guardConfigurations/{created['id']}/"
    google = {"llmType": "google", "googleRegion": "us-east1", "googleModel": "chat-bison", "googleServiceAccount": "c"}
    changed = conforms("GuardConfigurationRetrieveResponse", api("PATCH", path, json=google))
    assert {name: changed[name] for name in google} == google
    assert changed["additionalGuardConfig"] == {"agentGuideline": "Be kind."}
    for wrong in ({"llmType": "palm"}, {"awsModel": "x"}, {"isAgentic": "x"}):
        assert list(rejected_fields(api("PATCH", path, json=wrong))) == list(wrong)
        assert list(rejected_fields(api("POST", "/guardConfigurations/", json={**body, **wrong}))) == list(wrong)


def test_newer_target_type_is_accepted(api):
    for target_type in ("AgenticWorkflow", "Multilabel", "MCP"):
        names = {"targetName": None} if target_type == "MCP" else {}
        created = api.model(targetType=target_type, **names)
        assert api("GET", f"/customModels/{created}/").json()["targetType"] == target_type


@pytest.mark.parametrize("target_type", [{}, {"targetType": None}])
def test_guard_model_may_have_no_target_type(api, conforms, model, deployment, target_type):
    info = {"inputColumnName": "text", "outputColumnName": "toxic", **target_type}
    body = {
        "templateId": templates(api)["Toxicity"]["id"],
        "name": "Toxicity",
        "stages": ["prompt"],
        "entityId": model,
        "entityType": "customModel",
        "deploymentId": deployment,
        "modelInfo": info,
    }
    created = api("POST", "/guardConfigurations/", json=body).json()
    assert api("PATCH", f"/guardConfigurations/{created['id']}/", json={"modelInfo": info}).status_code == 200
    assert api("GET", f"/guardConfigurations/{created['id']}/").json()["modelInfo"] == info
    assert api.violations() == []
