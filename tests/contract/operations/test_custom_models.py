"""Custom models: create, find, get, list, update, copy, delete."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

import pytest

from datarobot_provider.operators.custom_model_limits import GetCustomModelLimitsOperator
from datarobot_provider.operators.custom_models import (
    CopyCustomModelOperator,
    DeleteCustomModelOperator,
    GetCustomModelOperator,
    ListCustomModelsOperator,
    UpdateCustomModelOperator,
)
from datarobot_provider.version_compat import AirflowFailException
from tests.contract.operations.register import covers
from tests.support.life_cycle import create_model, create_version

UNKNOWN_ID = "0" * 24
GIT = {
    "refName": "main",
    "commitUrl": "https://git.example/c/1",
    "mainBranchCommitSha": "a" * 40,
    "pullRequestCommitSha": None,
}
UNSTRUCTURED = {"target_type": "Unstructured"}
#: The body of a request to create a model, without the name.
NEW = {"customModelType": "inference", "targetType": "Unstructured"}


def names(models):
    return [model["name"] for model in models]


def queries(runner, path="customModels/"):
    """Return the query parameters of each request for a list."""
    requests = [e for e in runner.received if e.method == "GET" and e.path == f"/api/v2/{path}"]
    return [dict(parse_qsl(urlsplit(e.target).query)) for e in requests]


def version_id(runner, what, its_id):
    """Return the only version of a dataset or an environment."""
    return next(item["versionId"] for item in runner.emulator.control("GET", what)["data"] if item["id"] == its_id)


def existing(runner):
    return {model["id"] for model in runner.run(ListCustomModelsOperator)}


@covers("create_custom_model", "get_custom_model")
def test_create_and_get(runner):
    model = create_model(runner, description="Prices of houses", git_model_version=GIT)
    seen = runner.run(GetCustomModelOperator, custom_model_id=model)
    assert (seen["id"], seen["name"], seen["targetType"], seen["targetName"]) == (
        model,
        "Diabetes",
        "Regression",
        "target",
    )
    assert (seen["description"], seen["gitModelVersion"], seen["latestVersion"]) == ("Prices of houses", GIT, None)
    assert runner.ti.xcoms["datarobot_id"] == model
    assert runner.ti.xcoms["_link_CustomModelLink"].endswith(f"/registry/custom-model-workshop/{model}/assemble")


@covers("list_custom_models")
def test_list_filters(runner, model_folder):
    trainer = create_model(
        runner,
        name="Trainer",
        custom_model_type="training",
        target_type="Anomaly",
        target_name=None,
        is_training_data_for_versions_permanently_enabled=None,
    )
    first, second = create_model(runner, name="Prices", language="R"), create_model(runner, name="Churn of customers")
    version = create_version(runner, first, model_folder)
    runner.emulator.control("POST", "deployments", {"label": "live", "modelId": version})
    runner.run(UpdateCustomModelOperator, custom_model_id=second, description="who leaves")
    runner.received.clear()

    def listed(**filters):
        return [model["id"] for model in runner.run(ListCustomModelsOperator, **filters)]

    assert listed() == [second, first, trainer]
    assert listed(custom_model_type="training") == [trainer]
    assert listed(custom_model_type="inference") == [second, first]
    assert listed(is_deployed="True") == [first]
    assert listed(is_deployed=False) == [second, trainer]
    assert listed(search_for="churn") == [second]
    assert listed(order_by="created") == [trainer, first, second]
    assert listed(order_by="-updated")[0] == second
    assert listed(limit="2") == [second, first]
    assert queries(runner)[1:] == [
        {"offset": "0", "limit": "100", "customModelType": "training"},
        {"offset": "0", "limit": "100", "customModelType": "inference"},
        {"offset": "0", "limit": "100", "isDeployed": "true"},
        {"offset": "0", "limit": "100", "isDeployed": "false"},
        {"offset": "0", "limit": "100", "searchFor": "churn"},
        {"offset": "0", "limit": "100", "orderBy": "created"},
        {"offset": "0", "limit": "100", "orderBy": "-updated"},
        {"offset": "0", "limit": "2"},
    ]


@covers("list_custom_models")
def test_a_list_of_several_pages(runner):
    created = [runner.send("POST", "customModels/", **NEW, name=f"Model {n:03}")["id"] for n in range(205)]
    runner.received.clear()
    found = runner.run(ListCustomModelsOperator, search_for="model")
    assert [model["id"] for model in found] == created[::-1]
    assert [(query["offset"], query["limit"], query["searchFor"]) for query in queries(runner)] == [
        ("0", "100", "model"),
        ("100", "100", "model"),
        ("200", "100", "model"),
    ]
    runner.received.clear()
    assert len(runner.run(ListCustomModelsOperator, limit=130)) == 130
    assert [query["offset"] for query in queries(runner)] == ["0", "100"]


@covers("update_custom_model")
def test_update(runner):
    model = create_model(runner, target_type="Binary", target_name="sick", maximum_memory=268435456)
    arguments = {
        "name": "Sick or not",
        "description": "new",
        "language": "Python",
        "target_name": "ill",
        "positive_class_label": "yes",
        "negative_class_label": "no",
        "prediction_threshold": "0.7",
        "network_egress_policy": "DR_API_ACCESS",
        "maximum_memory": "536870912",
        "desired_memory": 268435456,
        "replicas": "2",
        "requires_ha": "true",
        "is_training_data_for_versions_permanently_enabled": True,
        "git_model_version": json.dumps(GIT),
    }
    changed = runner.run(UpdateCustomModelOperator, custom_model_id=model, **arguments)
    (body,) = runner.bodies("PATCH", f"customModels/{model}/")
    assert len(json.loads(body)) == len(arguments)
    assert {name: changed[name] for name in json.loads(body)} == json.loads(body)
    assert changed["id"] == model


@covers("update_custom_model")
def test_update_of_one_field_leaves_the_others(runner):
    model = create_model(runner, target_type="Multiclass", class_labels=["a", "b", "c"], description="kept")
    changed = runner.run(UpdateCustomModelOperator, custom_model_id=model, class_labels='["x", "y", "z"]')
    assert (changed["classLabels"], changed["description"], changed["name"]) == (["x", "y", "z"], "kept", "Diabetes")
    assert runner.bodies("PATCH", f"customModels/{model}/") == [b'{"classLabels": ["x", "y", "z"]}']


@covers("copy_custom_model")
def test_copy(runner, model_folder):
    model = create_model(runner, user_provided_id="mine")
    version = create_version(runner, model, model_folder)
    copy = runner.run(CopyCustomModelOperator, custom_model_id=model)
    seen = runner.run(GetCustomModelOperator, custom_model_id=copy)
    assert copy != model
    assert (seen["name"], seen["latestVersion"]["label"]) == ("Diabetes", "1.0")
    assert seen["latestVersion"]["id"] != version
    assert [item["filePath"] for item in seen["latestVersion"]["items"]] == [
        "custom.py",
        "requirements.txt",
        "sub/größe.txt",
    ]
    assert runner.bodies("POST", "customModels/fromCustomModel/") == [json.dumps({"customModelId": model}).encode()]
    assert runner.ti.xcoms["_link_CustomModelLink"].endswith(f"/{copy}/assemble")


@covers("delete_custom_model")
def test_delete_and_delete_again(runner):
    model, other = create_model(runner), create_model(runner)
    assert runner.run(DeleteCustomModelOperator, custom_model_id=model) is None
    assert existing(runner) == {other}
    with pytest.raises(AirflowFailException, match="returned 404 for DELETE"):
        runner.run(DeleteCustomModelOperator, custom_model_id=model)
    assert runner.run(DeleteCustomModelOperator, custom_model_id=model, ignore_if_missing=True) is None
    assert existing(runner) == {other}


def test_ignore_if_missing_ignores_no_other_error(runner, model_folder):
    model = create_model(runner)
    runner.emulator.control(
        "POST", "deployments", {"label": "live", "modelId": create_version(runner, model, model_folder)}
    )
    with pytest.raises(AirflowFailException, match="existing deployments"):
        runner.run(DeleteCustomModelOperator, custom_model_id=model, ignore_if_missing=True)


@covers("get_custom_model_limits")
def test_limits(runner):
    assert runner.run(GetCustomModelLimitsOperator) == {
        "desiredCustomModelContainerSize": 2 * 1024**3,
        "maxCustomModelContainerSize": 14 * 1024**3,
        "maxCustomModelReplicasPerDeployment": 8,
        "maxCustomModelTestingParallelUsers": 20,
    }


@covers("create_custom_model", "list_custom_models")
def test_if_exists_by_exact_name(runner):
    create_model(runner, name="Prices of houses")
    trainer = {"custom_model_type": "training", "target_type": "Anomaly"}
    create_model(
        runner,
        name="Prices",
        target_name=None,
        is_training_data_for_versions_permanently_enabled=None,
        **trainer,
    )
    before = existing(runner)
    created = create_model(runner, name="Prices", if_exists="reuse")
    assert created not in before
    assert create_model(runner, name="Prices", if_exists="reuse") == created
    with pytest.raises(AirflowFailException, match=f"The custom model 'Prices' already exists: {created}"):
        create_model(runner, name="Prices", if_exists="fail")
    again = create_model(runner, name="Prices", if_exists="create")
    assert existing(runner) == before | {created, again}
    assert create_model(runner, name="Rents", if_exists="fail") not in before


@covers("create_custom_model", "list_custom_models")
def test_if_exists_by_user_provided_id(runner):
    mine = create_model(runner, name="Prices", user_provided_id="mine")
    assert create_model(runner, name="Another name", user_provided_id="mine", if_exists="reuse") == mine
    with pytest.raises(AirflowFailException, match=f"The custom model 'Prices' already exists: {mine}"):
        create_model(runner, name="Another name", user_provided_id="mine", if_exists="fail")
    with pytest.raises(AirflowFailException, match="user provided ID that is in use"):
        create_model(runner, name="Prices", user_provided_id="mine")
    # A model with another user_provided_id is not found by its name.
    other = create_model(runner, name="Prices", user_provided_id="yours", if_exists="reuse")
    assert existing(runner) == {mine, other}


@covers("create_custom_model", "list_custom_models")
def test_if_exists_finds_a_model_on_a_later_page(runner):
    first = create_model(runner, name="Prices", user_provided_id="mine")
    for n in range(101):
        runner.send("POST", "customModels/", **NEW, name=f"Prices {n}")
    assert create_model(runner, name="Prices", if_exists="reuse") == first
    assert create_model(runner, name="x", user_provided_id="mine", if_exists="reuse") == first


@covers("create_custom_model", "list_custom_models")
def test_if_exists_finds_a_model_that_was_created_concurrently(runner):
    """Another user creates the model after this task has searched for it."""
    mine = create_model(runner, user_provided_id="mine")
    nothing = {"count": 0, "totalCount": 0, "next": None, "previous": None, "data": []}
    runner.emulator.control(
        "POST", "faults", {"method": "GET", "path": "/customModels/$", "status": 200, "body": nothing}
    )
    assert create_model(runner, user_provided_id="mine", if_exists="reuse") == mine


def test_if_exists_rejects_other_values(runner):
    with pytest.raises(AirflowFailException, match="if_exists should be one of create, reuse, fail, but is 'replace'"):
        create_model(runner, if_exists="replace")
    assert runner.received == []
