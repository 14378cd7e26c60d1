"""Rules for every operator and every sensor."""

from __future__ import annotations

import json
import re

import pytest

from datarobot_provider.core.submission.recovery import SubmitOnce
from datarobot_provider.hooks.datarobot import DataRobotHook
from datarobot_provider.jobs.kinds import KINDS
from datarobot_provider.links.datarobot import DataRobotLink
from datarobot_provider.operators.custom_models import CreateCustomModelOperator
from datarobot_provider.operators.guard_configurations import ApplyGuardConfigOperator
from datarobot_provider.version_compat import AirflowFailException
from tests.for_each import for_each
from tests.unit.operators.catalogue import (
    CONTROL,
    JOB_OPERATORS,
    OPERATORS,
    SENSORS,
    TASKS,
    airflow_arguments,
    minimal,
    own_arguments,
    required_arguments,
)

#: Arguments that an operator requires in a combination, which other tests check.
SOURCES = {"CreateVersionOperator": {"folder": "some-folder"}}
#: A value that every converter except those of objects accepts.
VALID_FOR_ANY_TYPE = '["some-id"]'
_OF_ONE_TYPE = {"training_data": "{}", "data": "[]"}
REQUIRED = [(task, name) for task in TASKS for name in task.required_fields]
#: Operators of jobs that DataRobot has a page for.
LINKABLE = [task for task in JOB_OPERATORS if KINDS[task.kind].page]
SUBMITTERS = [task for task in OPERATORS if issubclass(task, SubmitOnce)]
TEMPLATED = [(task, name) for task in TASKS for name in task.template_fields]


def test_the_required_operators_and_sensors_exist():
    assert {task.__name__ for task in OPERATORS} >= {
        "ApplyGuardConfigOperator",
        "ComputeFeatureImpactOperator",
        "CreateCustomModelOperator",
        "CreateVersionOperator",
        "RunModelTestOperator",
        "StartDependencyBuildOperator",
        "ValidateVectorDatabaseOperator",
    }
    assert {task.__name__ for task in SENSORS} >= {
        "DataRobotStatusSensor",
        "DependencyBuildSensor",
        "FeatureImpactSensor",
        "ModelTestSensor",
        "VectorDatabaseValidationSensor",
    }


@for_each("task", TASKS)
def test_a_template_field_is_an_argument_and_an_attribute(task):
    instance = minimal(task)
    assert isinstance(task.template_fields, tuple)
    assert len(set(task.template_fields)) == len(task.template_fields)
    for name in task.template_fields:
        assert name in own_arguments(task)
        assert hasattr(instance, name)


@for_each("task", TASKS)
def test_every_field_of_a_request_is_templated(task):
    booleans = {name for name, argument in own_arguments(task).items() if isinstance(argument.default, bool)}
    assert set(own_arguments(task)) - CONTROL - booleans <= set(task.template_fields)


@for_each("task", TASKS)
def test_every_id_is_templated(task):
    ids = {name for name in own_arguments(task) if name.endswith("_id")}
    assert ids
    assert ids <= set(task.template_fields)


@for_each("task", TASKS)
def test_no_argument_has_the_name_of_an_argument_of_airflow(task):
    assert not set(own_arguments(task)) & airflow_arguments()


@for_each("task", TASKS)
def test_every_argument_is_documented(task):
    documented = set(re.findall(r":param (\w+):", "".join(level.__doc__ or "" for level in task.__mro__[:-1])))
    assert set(own_arguments(task)) <= documented
    assert ":returns:" in task.__doc__
    assert re.search(r"Routes?: \S", task.__doc__)


@for_each("task", TASKS)
def test_required_arguments_are_checked(task):
    required = set(required_arguments(task))
    assert required <= set(task.required_fields)
    assert set(task.required_fields) <= set(task.template_fields)


@for_each("task", TASKS)
def test_the_constructor_validates_nothing_and_reads_no_connection(task, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("a connection was read")

    monkeypatch.setattr(DataRobotHook, "get_connection", refuse)
    monkeypatch.setattr(DataRobotHook, "__init__", refuse)
    templates = dict.fromkeys(task.template_fields, "{{ ti.xcom_pull('before') }}")
    instance = task(task_id="t", **templates)
    assert {name: getattr(instance, name) for name in templates} == templates


@for_each("task", TASKS)
def test_the_constructor_keeps_each_value_unchanged(task):
    given = {name: [{"nested": "{{ x }}"}] for name in task.template_fields}
    instance = task(task_id="t", **given)
    for name, value in given.items():
        assert getattr(instance, name) is value


@for_each("task, name", REQUIRED)
def test_the_error_names_a_required_argument_that_rendered_to_none(task, name, api, context):
    instance = minimal(task, **SOURCES.get(task.__name__, {}))
    setattr(instance, name, None)
    with pytest.raises(AirflowFailException, match=f"^{name} is missing"):
        instance.execute(context)
    assert api.requests == []


@for_each("value", ["", "  ", "None"])
@for_each("task, name", TEMPLATED)
def test_the_error_names_an_argument_that_rendered_to_nothing(task, name, value, api, context):
    instance = minimal(task, **SOURCES.get(task.__name__, {}))
    setattr(instance, name, value)
    with pytest.raises(AirflowFailException, match=re.escape(f"{name} rendered to {value!r}")):
        instance.execute(context)
    assert api.requests == []


@for_each("task", JOB_OPERATORS)
def test_every_job_operator_has_the_same_arguments_for_waiting(task):
    waiting = {"wait_for_completion", "deferrable", "poll_interval", "timeout", "cancel_on_kill"}
    assert waiting <= set(own_arguments(task))
    instance = minimal(task)
    assert (instance.wait_for_completion, instance.deferrable, instance.poll_interval) == (True, False, 10.0)
    assert (instance.timeout, instance.cancel_on_kill, instance.datarobot_conn_id) == (None, True, "datarobot_default")


@for_each("task", SUBMITTERS)
def test_every_operator_that_creates_something_validates_on_uncertain_submit(task, api, context):
    assert minimal(task).on_uncertain_submit == "fail"
    assert "on_uncertain_submit" in task.__doc__
    assert "on_uncertain_submit" not in task.template_fields
    given = {**SOURCES.get(task.__name__, {}), **dict.fromkeys(task.required_fields, VALID_FOR_ANY_TYPE)}
    given |= {name: text for name, text in _OF_ONE_TYPE.items() if name in task.required_fields}
    instance = minimal(task, **given, on_uncertain_submit="perhaps")
    with pytest.raises(AirflowFailException, match="on_uncertain_submit should be one of fail, resubmit"):
        instance.execute(context)
    assert api.requests == []


@for_each("task", [*LINKABLE, CreateCustomModelOperator, ApplyGuardConfigOperator])
def test_every_operator_that_creates_or_starts_something_has_a_link(task):
    assert task.operator_extra_links


@for_each("task", OPERATORS)
def test_every_link_has_a_name_a_page_and_a_key(task):
    for link in task.operator_extra_links:
        assert isinstance(link, DataRobotLink)
        assert link.key == f"_link_{type(link).__name__}"
        assert link.name
        assert link.page


@for_each("task", OPERATORS)
def test_the_fields_of_a_request_have_readable_names_and_converters(task):
    for name, converter in task.api_fields.items():
        assert name in task.template_fields
        assert callable(converter)
    assert json.dumps(sorted(task.api_fields))
