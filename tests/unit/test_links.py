from __future__ import annotations

from string import Formatter

import pytest

from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.jobs.kinds import KINDS
from datarobot_provider.links import datarobot as links
from datarobot_provider.links.datarobot import CustomModelLink, DataRobotLink
from tests.unit.jobs.scripted_waits import IDS
from tests.unit.operators.catalogue import JOB_OPERATORS


def test_a_link_reads_the_url_that_the_task_pushed(monkeypatch):
    asked = []
    monkeypatch.setattr(links.XCom, "get_value", lambda **given: asked.append(given) or "https://page.example/")
    assert CustomModelLink().get_link(None, ti_key="the task") == "https://page.example/"
    assert asked == [{"ti_key": "the task", "key": "_link_CustomModelLink"}]


@pytest.mark.parametrize("value", [None, ""])
def test_a_link_is_empty_before_the_task_has_pushed_it(monkeypatch, value):
    monkeypatch.setattr(links.XCom, "get_value", lambda **_: value)
    assert CustomModelLink().get_link(None, ti_key="the task") == ""


@pytest.mark.parametrize("link", DataRobotLink.__subclasses__())
def test_the_key_is_that_of_airflow_3(link):
    assert link().key == f"_link_{link.__name__}"
    assert getattr(link(), "xcom_key", link().key) == link().key


@pytest.mark.parametrize("task", JOB_OPERATORS, ids=lambda task: task.__name__)
def test_the_ids_of_a_job_fill_the_pages_of_its_operators_links(task):
    assert issubclass(task, DataRobotJobOperator)
    for link in task.operator_extra_links:
        needed = {name for _, name, _, _ in Formatter().parse(link.page) if name}
        assert needed <= set(IDS[task.kind])
        assert KINDS[task.kind].page == link.page
