"""Every operation of the contract has its five parts, and the generated pages are up to date."""

from __future__ import annotations

import inspect
import re

import pytest

from docs._generate.arguments import cells
from docs._generate.contract import ROOT, operations, slug
from docs._generate.coverage import COLUMNS, covering_tests, rows
from docs._generate.docstrings import documented, noun_of_task
from docs._generate.pages import PAGES
from docs._generate.reference import routes_of
from docs._generate.routes import named_operations
from tests.contract.operations.cases import CASES
from tests.contract.operations.responses import OPERATIONS, PUBLISHED
from tests.contract.provider.test_arguments import camel, fields_of_operation
from tests.for_each import for_each
from tests.unit.operators.catalogue import TASKS, own_arguments

REFERENCE = ROOT / "docs" / "reference"
ROWS = rows()
#: Routes without an operation in the contract that a docstring may contain.
OUTSIDE_THE_CONTRACT = {"/api/v2/", "/api/v2/status/{statusId}/", "/api/v2/genai/status/{statusId}/"}
#: Fields whose arguments have other names.
RENAMED_FIELDS = {
    "create_custom_model_version": {"file", "filePath"},
    "create_custom_model_version_from_latest": {"file", "filePath"},
    "update_custom_model_access": {"data"},
    "create_execution_environment_version": {"label", "docker_context", "dockerImage", "docker_image"},
    "push_guards_to_new_custom_model_version": {"data"},
    "create_deployment": {"label"},
    "update_deployment": {"label"},
    "create_data_source": {"params"},
    # A password would be visible in the rendered arguments of the task.
    "create_dataset_from_data_source": {"user", "password", "credentialData"},
    "create_dataset_version_from_data_source": {"user", "password", "credentialData"},
}


def test_the_contract_and_the_page_have_136_operations():
    assert len(operations()) == len(ROWS) == len(PUBLISHED) == 136
    assert {(each.name, each.method, each.route) for each in operations()} == {
        (name, item.method, item.path) for name, item in PUBLISHED.items()
    }


@for_each("column", COLUMNS)
@for_each("row", ROWS)
def test_every_operation_has_all_parts(row, column):
    assert getattr(row, column), f"{row.operation.method} {row.operation.route} has no {COLUMNS[column]}"


@for_each("row", ROWS)
def test_an_operation_has_one_route_in_the_emulator_and_one_line_of_the_page(row):
    assert len(row.emulator) == 1
    page = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    assert page.count(f"| {row.operation.method} `{row.operation.below}`<br>{row.operation.name} |") == 1


@for_each("row", ROWS)
def test_the_rejections_of_the_covering_operator_are_tested(row):
    assert CASES[row.operation.name][0].__name__ in row.tasks


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_up_to_date(name):
    """``make docs`` updates the pages."""
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == PAGES[name]()


def test_the_page_says_136_of_136_in_every_column():
    page = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    assert "| all | 136 | 136 of 136 | 136 of 136 | 136 of 136 | 136 of 136 |" in page


def test_tests_cover_only_existing_operations():
    named = {name for _, names in covering_tests() for name in names}
    assert named <= set(OPERATIONS)
    assert named == {*PUBLISHED, "get_job_status"}


@for_each("task", TASKS)
def test_a_docstring_contains_only_existing_routes(task):
    full = set(re.findall(r"``(/api/v2/[^`]*)``", inspect.getdoc(task)))
    known = {operation.route for operation in operations()}
    assert full - OUTSIDE_THE_CONTRACT <= known
    assert named_operations(inspect.getdoc(task)) or full & OUTSIDE_THE_CONTRACT


@for_each("name", PUBLISHED)
def test_every_field_of_an_operation_is_an_argument_of_its_operator(name):
    """Without ``offset``: the provider requests all pages."""
    operation = PUBLISHED[name]
    arguments = {camel(argument) for argument in own_arguments(CASES[name][0])}
    fields = set(fields_of_operation(operation.method, operation.path)) - {"offset"} - RENAMED_FIELDS.get(name, set())
    assert fields - arguments == set()


@for_each("task", TASKS)
def test_the_reference_describes_every_argument(task):
    page = (REFERENCE / f"{slug(noun_of_task(task))}.md").read_text(encoding="utf-8")
    section = page.partition(f"\n## {task.__name__}\n")[2].partition("\n## ")[0]
    documentation = documented(task)
    assert documentation.summary in section
    assert set(own_arguments(task)) <= set(documentation.arguments)
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", section, re.MULTILINE))
    assert set(rows) == set(documentation.arguments)
    for argument, parameter in own_arguments(task).items():
        _, default, templated, description = re.split(r" (?<!\\)\| ", rows[argument])
        assert (default == "**required**") is (parameter.default is parameter.empty), argument
        assert templated == ("yes" if argument in task.template_fields else "no"), argument
        assert re.search(r"\w", description), argument
    assert f"\n* Returns: {documentation.returns}\n" in section
    assert f"\n* API: {', '.join(routes_of(task))}\n" in section
    for error, reason in documentation.raises.items():
        assert f"\n* Raises `{error}` {reason}\n" in section


@for_each("task", TASKS)
def test_a_default_in_a_docstring_is_the_default_of_the_signature(task):
    for argument, parameter in own_arguments(task).items():
        _, _, default, _, _ = cells(task, argument, documented(task).arguments[argument])
        if parameter.default not in (parameter.empty, None) and "default_deferrable" not in default:
            assert default.strip("`") == str(parameter.default).removesuffix(".0"), argument


@for_each("task", TASKS)
def test_a_docstring_says_correctly_what_is_templated(task):
    for argument, text in documented(task).arguments.items():
        if re.search(r"(^|; )not templated\b", text):
            assert argument not in task.template_fields, argument
        elif re.search(r"(^|; )templated\b", text):
            assert argument in task.template_fields, argument


def test_the_reference_contains_every_task_once():
    pages = {path.name: path.read_text(encoding="utf-8") for path in REFERENCE.glob("*.md")}
    assert {f"reference/{name}" for name in pages} == {name for name in PAGES if name.startswith("reference/")}
    sections = [name for text in pages.values() for name in re.findall(r"^## (\w+)$", text, re.MULTILINE)]
    assert sorted(sections) == sorted(task.__name__ for task in TASKS)
    assert set(re.findall(r"\[`(\w+)`\]", pages["README.md"])) == {task.__name__ for task in TASKS}
