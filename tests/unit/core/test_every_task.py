"""What holds for every operator and every sensor."""

from __future__ import annotations

import inspect
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
from tests.pairwise import axis, pairwise
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

EVERY_TASK = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.__name__)
#: Combinations of arguments without which an operator refuses to start; they are checked elsewhere.
SOURCES = {"CreateVersionOperator": {"folder": "some-folder"}}
#: A value that every converter but those of objects takes.
FITS_ANYWHERE = '["some-id"]'
REQUIRED = [(task, name) for task in TASKS for name in task.required_fields]
#: Operators of jobs that DataRobot has a page for.
LINKABLE = [task for task in JOB_OPERATORS if KINDS[task.kind].page]
SUBMITTERS = [task for task in OPERATORS if issubclass(task, SubmitOnce)]
TEMPLATED = [(task, name) for task in TASKS for name in task.template_fields]


def names(value):
    return value.__name__ if inspect.isclass(value) else str(value)


def test_the_walk_finds_what_the_package_promises():
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


@EVERY_TASK
def test_what_is_templated_is_an_argument_and_an_attribute(task):
    made = minimal(task)
    assert isinstance(task.template_fields, tuple)
    assert len(set(task.template_fields)) == len(task.template_fields)
    for name in task.template_fields:
        assert name in own_arguments(task)
        assert hasattr(made, name)


@EVERY_TASK
def test_everything_that_datarobot_is_told_is_templated(task):
    switches = {name for name, argument in own_arguments(task).items() if isinstance(argument.default, bool)}
    assert set(own_arguments(task)) - CONTROL - switches <= set(task.template_fields)


@EVERY_TASK
def test_every_id_is_templated(task):
    ids = {name for name in own_arguments(task) if name.endswith("_id")}
    assert ids
    assert ids <= set(task.template_fields)


@EVERY_TASK
def test_no_argument_is_called_like_one_of_airflows(task):
    assert not set(own_arguments(task)) & airflow_arguments()


@EVERY_TASK
def test_every_argument_is_documented(task):
    documented = set(re.findall(r":param (\w+):", "".join(level.__doc__ or "" for level in task.__mro__[:-1])))
    assert set(own_arguments(task)) <= documented
    assert ":returns:" in task.__doc__
    assert re.search(r"Routes?: \S", task.__doc__)


@EVERY_TASK
def test_required_arguments_are_the_ones_that_are_checked(task):
    required = set(required_arguments(task))
    assert required <= set(task.required_fields)
    assert set(task.required_fields) <= set(task.template_fields)


@EVERY_TASK
def test_making_a_task_checks_nothing_and_touches_nothing(task, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("a connection was read")

    monkeypatch.setattr(DataRobotHook, "get_connection", refuse)
    monkeypatch.setattr(DataRobotHook, "__init__", refuse)
    templates = dict.fromkeys(task.template_fields, "{{ ti.xcom_pull('before') }}")
    made = task(task_id="t", **templates)
    assert {name: getattr(made, name) for name in templates} == templates


@EVERY_TASK
def test_an_argument_is_kept_as_it_was_given(task):
    given = {name: [{"nested": "{{ x }}"}] for name in task.template_fields}
    made = task(task_id="t", **given)
    for name, value in given.items():
        assert getattr(made, name) is value


@pytest.mark.parametrize(("task", "name"), REQUIRED, ids=names)
def test_a_required_argument_that_rendered_to_none_is_named(task, name, api, context):
    made = minimal(task, **SOURCES.get(task.__name__, {}))
    setattr(made, name, None)
    with pytest.raises(AirflowFailException, match=f"^{name} is missing"):
        made.execute(context)
    assert api.requests == []


@pairwise(
    argument=axis(TEMPLATED, lambda each: "-".join(map(names, each)), lambda each: each[1]),
    value=axis(["", "  ", "None"], repr),
)
def test_an_argument_that_rendered_to_nothing_is_named(argument, value, api, context):
    task, name = argument
    made = minimal(task, **SOURCES.get(task.__name__, {}))
    setattr(made, name, value)
    with pytest.raises(AirflowFailException, match=re.escape(f"{name} rendered to {value!r}")):
        made.execute(context)
    assert api.requests == []


@pytest.mark.parametrize("task", JOB_OPERATORS, ids=names)
def test_every_job_operator_has_the_same_arguments_for_waiting(task):
    waiting = {"wait_for_completion", "deferrable", "poll_interval", "timeout", "cancel_on_kill"}
    assert waiting <= set(own_arguments(task))
    made = minimal(task)
    assert (made.wait_for_completion, made.deferrable, made.poll_interval) == (True, False, 10.0)
    assert (made.timeout, made.cancel_on_kill, made.datarobot_conn_id) == (None, True, "datarobot_default")


@pytest.mark.parametrize("task", SUBMITTERS, ids=names)
def test_every_operator_that_makes_something_may_be_told_what_to_do_when_nobody_knows_whether_it_did(
    task, api, context
):
    assert minimal(task).on_uncertain_submit == "fail"
    assert "on_uncertain_submit" in task.__doc__
    assert "on_uncertain_submit" not in task.template_fields
    given = {**SOURCES.get(task.__name__, {}), **dict.fromkeys(task.required_fields, FITS_ANYWHERE)}
    given |= {name: "{}" for name in ("training_data",) if name in task.required_fields}
    made = minimal(task, **given, on_uncertain_submit="perhaps")
    with pytest.raises(AirflowFailException, match="on_uncertain_submit should be one of fail, resubmit"):
        made.execute(context)
    assert api.requests == []


@pytest.mark.parametrize("task", [*LINKABLE, CreateCustomModelOperator, ApplyGuardConfigOperator], ids=names)
def test_every_operator_that_makes_or_starts_something_has_a_link(task):
    assert task.operator_extra_links


@pytest.mark.parametrize("task", OPERATORS, ids=names)
def test_every_link_has_a_name_a_page_and_a_key(task):
    for link in task.operator_extra_links:
        assert isinstance(link, DataRobotLink)
        assert link.key == f"_link_{type(link).__name__}"
        assert link.name
        assert link.page


@pytest.mark.parametrize("task", OPERATORS, ids=names)
def test_the_fields_of_a_request_have_readable_names_and_converters(task):
    for name, converter in task.api_fields.items():
        assert name in task.template_fields
        assert callable(converter)
    assert json.dumps(sorted(task.api_fields))
