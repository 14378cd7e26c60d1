"""Every argument and every route is declared once, and everything that repeats them says the same."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap

import pytest

from datarobot_provider.core.arguments import types
from datarobot_provider.core.arguments.declarations import is_ours
from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.core.base_sensor import DataRobotJobSensor
from datarobot_provider.jobs.kinds import KINDS
from docs._generate.contract import API, operations
from docs._generate.routes import declared_routes, named_operations, named_pairs
from tests.for_each import for_each
from tests.unit.operators.catalogue import OPERATORS, SENSORS, TASKS, minimal, own_arguments

#: Arguments in which templates are not rendered.
NOT_TEMPLATED = {"deferrable", "on_uncertain_submit", "response_filter"}
#: Arguments of every Airflow sensor that the base class documents because it converts them.
OF_AIRFLOW = {"poke_interval", "timeout", "soft_fail"}
#: Routes beyond the contract, and tasks whose route is an argument.
ADDITIONS = {("GET", f"{API}/status/{{statusId}}/"), ("GET", f"{API}/genai/status/{{statusId}}/")}
ANY_ROUTE = {"DataRobotRequestOperator"}

#: Every class that declares arguments, the bases included.
LEVELS = sorted(
    {level for task in TASKS for level in task.__mro__ if is_ours(level) and vars(level).get("own_arguments")},
    key=lambda level: level.__qualname__,
)


def documented(level):
    """Return the names in the ``:param`` lines of one class, in order."""
    return re.findall(r"^\s*:param (\w+):", level.__doc__ or "", re.MULTILINE)


def assigned(level):
    """Return what the constructor of one class assigns to ``self``, and from which parameters."""
    source = textwrap.dedent(inspect.getsource(inspect.unwrap(level.__init__)))
    found = {}
    for node in ast.walk(ast.parse(source)):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
                found[target.attr] = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
    return found


@for_each("level", LEVELS)
def test_a_class_documents_each_argument_that_it_declares_in_order(level):
    own = list(level.own_arguments)
    assert [name for name in documented(level) if name in own] == own


@for_each("level", LEVELS)
def test_a_class_documents_no_argument_that_it_does_not_have(level):
    of_airflow = OF_AIRFLOW if level is DataRobotJobSensor else set()
    assert set(documented(level)) <= set(own_arguments(level)) | of_airflow
    assert len(documented(level)) == len(set(documented(level)))


@for_each("level", LEVELS)
def test_a_class_assigns_each_argument_to_the_attribute_of_its_name(level):
    found = assigned(level)
    for name in level.own_arguments:
        assert name in found.get(name, ()), name


@for_each("level", LEVELS)
def test_every_argument_is_annotated_with_a_type_of_the_table(level):
    for name, annotation in inspect.unwrap(level.__init__).__annotations__.items():
        if name in level.own_arguments:
            assert hasattr(getattr(types, re.match(r"\w+", annotation)[0]), "__metadata__")


@for_each("task", TASKS)
def test_the_template_fields_are_the_arguments(task):
    arguments = set(own_arguments(task))
    assert set(task.template_fields) == arguments - NOT_TEMPLATED
    assert arguments <= set(vars(minimal(task)))


@for_each("task", TASKS)
def test_the_docstrings_of_a_task_and_its_bases_name_the_arguments(task):
    named = {name for level in task.__mro__ if is_ours(level) for name in documented(level)}
    assert named - (OF_AIRFLOW if task in SENSORS else set()) == set(own_arguments(task))


@for_each("task", TASKS)
def test_the_required_fields_are_the_arguments_without_a_default(task):
    required = {name for name, argument in own_arguments(task).items() if argument.default is argument.empty}
    assert set(task.required_fields) == required | set(task.also_required)
    assert set(task.also_required) <= set(own_arguments(task)) - required


@for_each("task", OPERATORS)
def test_an_argument_is_an_id_in_the_route_or_an_option_or_a_field(task):
    arguments, fields = set(own_arguments(task)), set(task.api_fields)
    options = {name for level in task.__mro__ for name in vars(level).get("options", ())}
    in_route = set(re.findall(r"{(\w+)}", task.route))
    assert options <= arguments
    assert in_route <= arguments
    assert not options & in_route
    assert fields == (arguments - options - in_route if task.route else set())


@for_each("task", OPERATORS)
def test_the_docstring_names_the_routes_that_are_declared(task):
    named = [(each.method, each.route) for each in named_operations(inspect.getdoc(task))]
    declared = declared_routes(task)
    assert set(named) == set(declared)
    assert named[:1] == declared[:1]
    assert declared or task.__name__ in ANY_ROUTE


@for_each("task", OPERATORS)
def test_every_declared_route_is_in_the_contract_or_a_listed_addition(task):
    known = {(each.method, each.route) for each in operations()} | ADDITIONS
    assert set(declared_routes(task)) <= known
    assert len(declared_routes(task)) == len(set(declared_routes(task)))


def test_every_operation_of_the_contract_is_declared_by_one_operator():
    declared = [route for task in OPERATORS for route in declared_routes(task)]
    shared = {route for route in declared if declared.count(route) > 1}
    assert {(each.method, each.route) for each in operations()} == set(declared)
    assert shared == {
        ("GET", f"{API}/mlops/portablePredictionServerImage/metadata/"),
        ("POST", f"{API}/deployments/{{deploymentId}}/model/validation/"),
        # The quality gate.
        ("GET", f"{API}/customModelTests/{{customModelTestId}}/"),
        *(
            ("GET", f"{API}/deployments/{{deploymentId}}/{name}/")
            for name in ("accuracy", "targetDrift", "featureDrift")
        ),
    }


@for_each("task", SENSORS)
def test_the_docstring_of_a_sensor_names_routes_that_its_job_is_polled_at(task):
    kinds = [KINDS[task.kind]] if hasattr(task, "kind") else [KINDS["task_status"], KINDS["genai_task_status"]]
    polled = {re.sub(r"{\w+}", "{}", f"{API}/{probe.path}") for kind in kinds for probe in kind.probes}
    named = [(method, re.sub(r"{\w+}", "{}", route)) for method, route in named_pairs(inspect.getdoc(task))]
    assert named
    assert {method for method, _ in named} == {"GET"}
    assert {route for _, route in named} <= polled


class Added(OPERATORS[0]):
    """A subclass outside of the package."""

    def __init__(self, *, note: str = "", **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.note = note


def test_an_argument_of_a_subclass_outside_of_the_package_is_not_declared():
    assert "own_arguments" not in vars(Added)
    for name in ("template_fields", "required_fields", "api_fields", "argument_types"):
        assert getattr(Added, name) is getattr(OPERATORS[0], name)


@pytest.mark.parametrize("base", [DataRobotBaseOperator, DataRobotJobSensor])
def test_an_argument_of_an_unknown_type_is_refused_when_its_class_is_created(base):
    def init(self, *, labels: list[str] = (), **kwargs: object) -> None:
        super(type(self), self).__init__(**kwargs)

    with pytest.raises(TypeError, match=r"The argument labels of Mistaken has no converter: .*types has no type 'list"):
        type(base)("Mistaken", (base,), {"__module__": "datarobot_provider.mistaken", "__init__": init})
