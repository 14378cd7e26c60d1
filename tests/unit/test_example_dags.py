"""The example DAGs as files: they load without a connection and without DataRobot, and their forms are complete."""

from __future__ import annotations

import importlib.util
import json
import socket
import sys
from pathlib import Path

import airflow
import pandas as pd
import pytest
from airflow.models import DagBag
from packaging.version import Version

from tests.support.airflow import DagSerialization, ParamValidationError

FOLDER = Path(__file__).parents[2] / "example_dags"
FILES = sorted(FOLDER.glob("example_*.py"))
#: Examples that contain no DAG in earlier versions of Airflow.
NEEDS = {"example_approve_guards": Version("3.1"), "example_champion_challenger": Version("3.1")}
NAMES = [file.stem for file in FILES if Version(airflow.__version__) >= NEEDS.get(file.stem, Version("3.0"))]
SHARED = FOLDER / "datarobot_examples"


@pytest.fixture(scope="module")
def bag():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AIRFLOW_CONN_DATAROBOT_DEFAULT", raising=False)
        patch.setattr(socket.socket, "connect", _refuse)
        patch.syspath_prepend(str(FOLDER))
        yield DagBag(dag_folder=str(FOLDER))


def _refuse(*args):
    pytest.fail(f"a DAG file wanted to connect to {args[1:]}")


def test_every_file_holds_the_dag_of_its_name(bag):
    assert bag.import_errors == {}
    assert {dag_id: Path(dag.fileloc).stem for dag_id, dag in bag.dags.items()} == {name: name for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_dag_says_what_it_is(bag, name):
    dag = bag.dags[name]
    assert dag.doc_md.strip().startswith("# ")
    assert dag.description
    assert {"datarobot", "example"} <= dag.tags


@pytest.mark.parametrize("name", NAMES)
def test_every_field_of_a_form_is_typed_and_filled_in(bag, name):
    params = bag.dags[name].params
    assert len(params) > 0
    for key in params:
        param = params.get_param(key)
        assert param.value is not None
        assert param.value != ""
        assert {"type", "title"} <= set(param.schema)
        param.resolve()
    assert params.dump() == json.loads(json.dumps(params.dump()))


def stored_form(dag):
    """Return the fields of the "Trigger" form as the api-server makes them of the stored DAG."""
    stored = DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag))))
    return {name: param.dump() for name, param in stored.params.items()}


@pytest.mark.parametrize("name", NAMES)
def test_a_form_sends_what_the_file_says(bag, name):
    # Airflow 3.3 shows, and sends back, its own encoding of a list that holds objects beside other things.
    fields = stored_form(bag.dags[name])
    assert {key: field["value"] for key, field in fields.items()} == bag.dags[name].params.dump()


@pytest.mark.parametrize("name", NAMES)
def test_no_two_fields_of_a_form_share_a_label(bag, name):
    labels = [field["schema"]["title"].casefold() for field in stored_form(bag.dags[name]).values()]
    assert len(set(labels)) == len(labels), labels


@pytest.mark.parametrize("name", NAMES)
def test_an_emptied_field_is_refused_by_the_form(bag, name):
    params = bag.dags[name].params
    for key in params:
        with pytest.raises(ParamValidationError):
            params.get_param(key).__copy__().resolve(None)


@pytest.mark.parametrize("name", NAMES)
def test_every_field_of_a_form_is_used(bag, name):
    sources = [FOLDER / f"{name}.py", SHARED / "life_cycle.py"]
    text = "\n".join(source.read_text(encoding="utf-8") for source in sources).replace('"', "'")
    # A field may be named by a loop over champion and challenger.
    text += text.replace("{group}", "champion") + text.replace("{group}", "challenger")
    ways = ("params.{}", "params['{}']", ".get('{}')", "{{}})['{}']", "form['{}']")
    unused = [key for key in bag.dags[name].params if not any(way.format(key) in text for way in ways)]
    assert unused == []


@pytest.mark.parametrize("name", NAMES)
def test_a_dag_comes_back_from_the_database(bag, name):
    stored = json.loads(json.dumps(DagSerialization.to_dict(bag.dags[name])))
    came_back = DagSerialization.from_dict(stored)
    assert set(came_back.task_ids) == set(bag.dags[name].task_ids)
    assert json.loads(json.dumps(DagSerialization.to_dict(bag.dags[name]))) == stored


@pytest.mark.parametrize("name", NAMES)
def test_only_these_examples_start_by_themselves(bag, name):
    assert (bag.dags[name].schedule is None) == (
        name not in {"example_champion_challenger", "example_on_new_version", "example_weekly_revalidation"}
    )
    assert bag.dags[name].catchup is False


@pytest.mark.parametrize("name", NEEDS)
def test_before_airflow_3_1_an_example_with_an_approval_contains_no_dag(bag, monkeypatch, name):
    monkeypatch.setattr(airflow, "__version__", "3.0.6")
    monkeypatch.syspath_prepend(str(FOLDER))
    before = DagBag(dag_folder=str(FOLDER / f"{name}.py"))
    assert (before.import_errors, dict(before.dags)) == ({}, {})


def test_the_watcher_watches_the_model_of_its_asset(bag):
    (asset,) = bag.dags["example_on_new_version"].schedule
    (watcher,) = asset.watchers
    path, kwargs = watcher.trigger.serialize()
    assert path == "datarobot_provider.triggers.new_version.NewVersionTrigger"
    assert asset.uri == f"datarobot://{kwargs['datarobot_conn_id']}/customModels/{kwargs['custom_model_id']}"


def test_the_answer_of_the_handbook_assistant_stands_in_the_handbook(monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec = importlib.util.spec_from_file_location("assistant", FOLDER / "models" / "handbook_assistant" / "custom.py")
    custom = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(custom)
    prompts = pd.DataFrame({"promptText": ["What does the red lamp mean?", "Who wrote this?"]})
    answers = custom.score(prompts, custom.load_model("/nowhere"))["resultText"]
    assert list(answers) == ["A red lamp means that the tank is empty.", custom.NOTHING]
    monkeypatch.setenv("MLOPS_RUNTIME_PARAM_NOTHING_FOUND", '{"type": "string", "payload": "Ask somebody."}')
    assert custom.answer("Who wrote this?", custom.HANDBOOK) == "Ask somebody."
