"""A DAG with every operator and sensor goes into Airflow's database and comes back."""

from __future__ import annotations

import json

import pytest
from airflow.sdk import DAG

from datarobot_provider.links.datarobot import DataRobotLink
from tests.support.airflow import DagSerialization
from tests.unit.operators.catalogue import OPERATORS, TASKS, minimal
from tests.unit.support import TOKEN

TEMPLATE = "{{ ti.xcom_pull('before') }}"


@pytest.fixture(scope="module")
def dag():
    with DAG("everything", schedule=None) as made:
        for task in TASKS:
            templates = dict.fromkeys(task.template_fields, TEMPLATE)
            minimal(task, **templates, task_id=task.__name__)
    return made


@pytest.fixture(scope="module")
def stored(dag):
    return json.loads(json.dumps(DagSerialization.to_dict(dag)))


def test_every_task_is_stored(stored):
    tasks = [task["__var"] for task in stored["dag"]["tasks"]]
    assert {task["task_id"] for task in tasks} == {task.__name__ for task in TASKS}
    for task in tasks:
        assert task["_task_module"].startswith("datarobot_provider.")


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.__name__)
def test_a_task_comes_back_with_its_templates(stored, task):
    came_back = DagSerialization.from_dict(stored).get_task(task.__name__)
    assert set(came_back.template_fields) == set(task.template_fields)
    for name in task.template_fields:
        assert getattr(came_back, name) == TEMPLATE


@pytest.mark.parametrize("task", OPERATORS, ids=lambda task: task.__name__)
def test_the_links_come_back_with_the_key_that_the_task_pushes(stored, task):
    came_back = DagSerialization.from_dict(stored).get_task(task.__name__)
    keys = {link.name: link.xcom_key for link in came_back.operator_extra_links}
    assert keys == {link.name: link.key for link in task.operator_extra_links}


def test_what_is_stored_holds_no_connection(stored, connection):
    text = json.dumps(stored)
    assert TOKEN not in text
    assert "://" not in text


def test_two_links_of_one_task_would_have_different_keys():
    links = DataRobotLink.__subclasses__()
    assert len({link().key for link in links}) == len({link().name for link in links}) == len(links) == 6
