"""One task that creates several resources: each call creates its own, and a retry reuses each of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from datarobot_provider.exceptions import TransportError
from datarobot_provider.operators.conversions import ConvertVersionOperator
from datarobot_provider.operators.custom_models import CreateCustomModelOperator
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.guard_configurations import ApplyGuardConfigOperator
from datarobot_provider.version_compat import AirflowException
from tests.unit.support import ORIGIN, TOKEN, response

MODELS = "customModels/"


@pytest.fixture
def models(api):
    """Let the API create and list models; return the created models."""
    made: list[dict[str, Any]] = []

    def create(request):
        model = {"id": f"id-{len(made)}", "created": f"2026-01-01T00:00:{len(made):02}Z", **request.json}
        made.insert(0, model)
        return response(201, model)

    api.on("POST", MODELS, create)
    api.on("GET", MODELS, lambda _: response(body={"data": made, "next": None}))
    return made


class ManyModels(CreateCustomModelOperator):
    """Operator of a user that creates several models in one task."""

    names: tuple[str, ...] = ("a", "b", "a")

    def execute(self, context):
        ids = []
        for name in self.names:
            self.name = name
            ids.append(super().execute(context))
        return ids


class ModelThenBuild(StartDependencyBuildOperator):
    """Operator of a user that executes another operator first."""

    def execute(self, context):
        model = CreateCustomModelOperator(task_id="inner", name="m", target_type="Unstructured").execute(context)
        return model, super().execute(context)


def test_each_call_in_a_loop_creates_a_model(models, context):
    assert ManyModels(task_id="t", name="x").execute(context) == ["id-0", "id-1", "id-2"]
    assert [model["name"] for model in models] == ["a", "b", "a"]


def test_retry_reuses_the_model_of_each_call(models, context, ti):
    first = ManyModels(task_id="t", name="x").execute(context)
    ti.retry()
    assert ManyModels(task_id="t", name="x").execute(context) == first
    assert len(models) == 3


def test_retry_creates_only_the_missing_models(api, models, context, ti):
    task = ManyModels(task_id="t", name="x")
    create = api._responses["POST", MODELS][0]
    api.on("POST", MODELS, create, TransportError("refused", reason="refused", sent=False), create)
    with pytest.raises(AirflowException, match="refused"):
        task.execute(context)
    ti.retry()
    assert ManyModels(task_id="t", name="x").execute(context) == ["id-0", "id-1", "id-2"]
    assert [model["name"] for model in models] == ["a", "b", "a"]


def test_lost_response_is_recovered_for_its_call(api, models, context, ti):
    create = api._responses["POST", MODELS][0]

    def lost(request):
        create(request)
        raise TransportError("lost", reason="lost", sent=True)

    api.on("POST", MODELS, create, lost, create)
    with pytest.raises(AirflowException, match="lost"):
        ManyModels(task_id="t", name="x").execute(context)
    ti.retry()
    assert ManyModels(task_id="t", name="x").execute(context) == ["id-0", "id-1", "id-2"]
    assert [model["name"] for model in models] == ["a", "b", "a"]


def test_cleared_task_creates_all_models_again(models, context, ti):
    ManyModels(task_id="t", name="x").execute(context)
    ti.clear()
    assert ManyModels(task_id="t", name="x").execute(context) == ["id-3", "id-4", "id-5"]


def test_operator_that_executes_another_has_two_records(api, models, context, ti):
    build = "customModels/m/versions/v/dependencyBuild/"
    api.on("POST", build, response(202, {"buildStatus": "submitted"}))
    api.on("GET", build, response(422, {}), response(body={"buildStatus": "success"}))
    for _ in range(2):
        task = ModelThenBuild(task_id="t", custom_model_id="m", custom_model_version_id="v")
        assert task.execute(context) == ("id-0", {"buildStatus": "success"})
        ti.retry()
    assert len(api.sent("POST")) == 2


def test_operators_in_one_task_function_have_separate_records(models, context):
    """In a ``@task``, every call has the same task id."""
    made = [CreateCustomModelOperator(task_id="same", name="same").execute(context) for _ in range(3)]
    assert made == ["id-0", "id-1", "id-2"]


def test_cached_values_are_not_used_by_the_next_call(api, context, monkeypatch):
    """The connection, the guard names and the converted file are determined for each call."""
    other = {"conn_type": "datarobot", "host": "https://other.example", "password": TOKEN}
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", json.dumps(other))
    task = CreateCustomModelOperator(task_id="t", name="a")
    api.on("GET", MODELS, response(body={"data": [], "next": None}))
    api.on("POST", MODELS, response(201, {"id": "x"}))
    task.execute(context)
    assert task.hook.client.endpoint.origin == ORIGIN
    task.datarobot_conn_id = "other"
    task.execute(context)
    assert task.hook.client.endpoint.origin == "https://other.example"

    convert = ConvertVersionOperator(
        task_id="t", custom_model_id="m", custom_model_version_id="v", main_program_item_id="1"
    )
    assert convert._item_id == "1"
    convert.main_program_item_id = "2"
    convert._clear_cached_properties()
    assert convert._item_id == "2"

    guards = ApplyGuardConfigOperator(task_id="t", custom_model_id="m", guards=[{"name": "one"}])
    assert guards._names == {"one"}
    guards.guards = [{"name": "two"}]
    guards._clear_cached_properties()
    assert guards._names == {"two"}
