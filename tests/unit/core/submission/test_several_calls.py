"""One task that makes several things: each call makes its own, and a retry takes up each of them."""

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
    """Let the API make models, and list them; give the names of those that were made."""
    made: list[dict[str, Any]] = []

    def create(request):
        model = {"id": f"id-{len(made)}", "created": f"2026-01-01T00:00:{len(made):02}Z", **request.json}
        made.insert(0, model)
        return response(201, model)

    api.on("POST", MODELS, create)
    api.on("GET", MODELS, lambda _: response(body={"data": made, "next": None}))
    return made


class ManyModels(CreateCustomModelOperator):
    """What a user writes to make several models in one task."""

    names: tuple[str, ...] = ("a", "b", "a")

    def execute(self, context):
        ids = []
        for name in self.names:
            self.name = name
            ids.append(super().execute(context))
        return ids


class ModelThenBuild(StartDependencyBuildOperator):
    """An operator of a user that calls another one first."""

    def execute(self, context):
        model = CreateCustomModelOperator(task_id="inner", name="m", target_type="Unstructured").execute(context)
        return model, super().execute(context)


def test_a_loop_over_the_operator_makes_one_thing_for_each_call(models, context):
    assert ManyModels(task_id="t", name="x").execute(context) == ["id-0", "id-1", "id-2"]
    assert [model["name"] for model in models] == ["a", "b", "a"]


def test_a_retry_takes_up_what_each_call_has_made(models, context, ti):
    first = ManyModels(task_id="t", name="x").execute(context)
    ti.retry()
    assert ManyModels(task_id="t", name="x").execute(context) == first
    assert len(models) == 3


def test_a_retry_after_the_second_call_failed_makes_only_what_is_missing(api, models, context, ti):
    task = ManyModels(task_id="t", name="x")
    create = api._answers["POST", MODELS][0]
    api.on("POST", MODELS, create, TransportError("refused", reason="refused", sent=False), create)
    with pytest.raises(AirflowException, match="refused"):
        task.execute(context)
    ti.retry()
    assert ManyModels(task_id="t", name="x").execute(context) == ["id-0", "id-1", "id-2"]
    assert [model["name"] for model in models] == ["a", "b", "a"]


def test_a_lost_response_of_the_second_call_is_recovered_for_that_call(api, models, context, ti):
    create = api._answers["POST", MODELS][0]

    def lost(request):
        create(request)
        raise TransportError("lost", reason="lost", sent=True)

    api.on("POST", MODELS, create, lost, create)
    with pytest.raises(AirflowException, match="lost"):
        ManyModels(task_id="t", name="x").execute(context)
    ti.retry()
    assert ManyModels(task_id="t", name="x").execute(context) == ["id-0", "id-1", "id-2"]
    assert [model["name"] for model in models] == ["a", "b", "a"]


def test_a_clear_makes_everything_anew(models, context, ti):
    ManyModels(task_id="t", name="x").execute(context)
    ti.clear()
    assert ManyModels(task_id="t", name="x").execute(context) == ["id-3", "id-4", "id-5"]


def test_an_operator_that_calls_another_one_gets_two_results(api, models, context, ti):
    build = "customModels/m/versions/v/dependencyBuild/"
    api.on("POST", build, response(202, {"buildStatus": "submitted"}))
    api.on("GET", build, response(422, {}), response(body={"buildStatus": "success"}))
    for _ in range(2):
        task = ModelThenBuild(task_id="t", custom_model_id="m", custom_model_version_id="v")
        assert task.execute(context) == ("id-0", {"buildStatus": "success"})
        ti.retry()
    assert len(api.sent("POST")) == 2


def test_operators_that_one_function_executes_do_not_share_a_record(models, context):
    """As a ``@task`` does it, where every call has the same task id."""
    made = [CreateCustomModelOperator(task_id="same", name="same").execute(context) for _ in range(3)]
    assert made == ["id-0", "id-1", "id-2"]


def test_what_one_call_has_cached_is_not_used_by_the_next(api, context, monkeypatch):
    """The connection, the names of the guards and the file that is converted are looked up for each call."""
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
