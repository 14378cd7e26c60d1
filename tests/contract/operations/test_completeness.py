"""Every operation of the contract has its five parts, and the generated pages are up to date."""

from __future__ import annotations

import inspect
import re

import pytest

from docs._generate.contract import ROOT, operations
from docs._generate.coverage import COLUMNS, covering_tests, rows
from docs._generate.docstrings import documented
from docs._generate.pages import PAGES
from docs._generate.routes import named_operations
from tests.contract.operations.cases import CASES
from tests.contract.operations.responses import OPERATIONS, PUBLISHED
from tests.contract.provider.test_arguments import camel, fields_of_operation
from tests.for_each import for_each
from tests.unit.operators.catalogue import TASKS, own_arguments

ROWS = rows()
#: Routes without an operation in the contract that a docstring may contain.
OUTSIDE_THE_CONTRACT = {"/api/v2/", "/api/v2/status/{statusId}/", "/api/v2/genai/status/{statusId}/"}
#: Fields whose arguments have other names.
RENAMED_FIELDS = {
    "create_custom_model_version": {"file", "filePath"},
    "create_custom_model_version_from_latest": {"file", "filePath"},
    "update_custom_model_access": {"data"},
    "push_guards_to_new_custom_model_version": {"data"},
}


def test_the_contract_and_the_page_have_59_operations():
    assert len(operations()) == len(ROWS) == len(PUBLISHED) == 59
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


def test_the_page_says_59_of_59_in_every_column():
    page = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    assert "| all | 59 | 59 of 59 | 59 of 59 | 59 of 59 | 59 of 59 |" in page


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
def test_the_page_of_operators_describes_every_argument(task):
    page = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    section = page.partition(f"\n### {task.__name__}\n")[2].partition("\n### ")[0]
    documentation = documented(task)
    assert documentation.summary in section
    assert set(own_arguments(task)) <= set(documentation.arguments)
    for argument in own_arguments(task):
        assert re.search(rf"^\| (\*\*)?`{argument}`(\*\*)? \| \S.+ \|$", section, re.MULTILINE), argument
    assert f"\nReturns: {documentation.returns}\n" in section


@for_each("task", TASKS)
def test_the_links_in_the_page_of_operators_have_targets(task):
    page = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    headings = {line.removeprefix("### ").lower() for line in page.splitlines() if line.startswith("### ")}
    assert set(re.findall(r"\]\(#(\w+)\)", page)) <= headings
    assert task.__name__.lower() in headings
