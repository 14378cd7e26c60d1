"""Custom templates: list, get, and custom models from the templates of NVIDIA NIM."""

from __future__ import annotations

import pytest

from datarobot_provider.operators.custom_models import GetCustomModelOperator
from datarobot_provider.operators.custom_templates import (
    CreateCustomModelFromTemplateOperator,
    GetCustomTemplateOperator,
    ListCustomTemplatesOperator,
)
from datarobot_provider.operators.versions import GetVersionOperator
from datarobot_provider.version_compat import AirflowFailException
from tests.contract.operations.register import covers
from tests.contract.operations.test_custom_models import names, queries

NIM = {"template_sub_type": "NIM_CONTAINERS"}


@pytest.fixture
def template(runner):
    return runner.run(ListCustomTemplatesOperator, **NIM)[0]["id"]


@covers("list_custom_templates", "get_custom_template")
def test_templates_are_listed_and_read(runner):
    every = names(runner.run(ListCustomTemplatesOperator, limit=10))
    assert every == sorted(every)
    assert names(runner.run(ListCustomTemplatesOperator, order_by="-name")) == every[::-1]
    (nim,) = runner.run(ListCustomTemplatesOperator, search="LLAMA", publisher="nvidia", **NIM)
    assert names(runner.run(ListCustomTemplatesOperator, category="tabular", tag="emulated")) == []
    assert len(runner.run(ListCustomTemplatesOperator, show_hidden=True, template_type=nim["templateType"], **NIM)) == 2
    assert runner.run(GetCustomTemplateOperator, custom_template_id=nim["id"]) == nim
    assert queries(runner, "customTemplates/")[2:4] == [
        {
            "offset": "0",
            "limit": "100",
            "search": "LLAMA",
            "publisher": "nvidia",
            "templateSubType": "NIM_CONTAINERS",
        },
        {"offset": "0", "limit": "100", "category": "tabular", "tag": "emulated"},
    ]


@covers("create_custom_model_from_template")
def test_a_model_is_created_from_a_template(runner, template):
    model = runner.run(
        CreateCustomModelFromTemplateOperator,
        template_id=template,
        resource_bundle_id="gpu.small",
        secret_config_id="65a0000000000000000000c1",
        nim_container_tag_override="1.8",
    )
    assert runner.ti.xcoms["datarobot_id"] == model
    pushed = runner.ti.xcoms["custom_model_version_id"]
    assert f"/{model}/" in runner.ti.xcoms["_link_CustomModelLink"]
    seen = runner.run(GetCustomModelOperator, custom_model_id=model)
    assert (seen["id"], seen["targetType"]) == (model, "TextGeneration")
    version = runner.run(GetVersionOperator, custom_model_id=model, custom_model_version_id=pushed)
    assert version["resourceBundleId"] == "gpu.small"
    assert seen["latestVersion"]["id"] == pushed


def test_the_feature_flag_is_named(runner, template):
    message = "User is not allowed to create from template"
    runner.datarobot.fault("POST", "customModels/fromModelTemplate/", status=403, body={"message": message})
    with pytest.raises(AirflowFailException, match=message):
        runner.run(CreateCustomModelFromTemplateOperator, template_id=template, resource_bundle_id="gpu.small")
