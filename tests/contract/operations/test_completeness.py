"""Every operation of the contract has its five parts, and the pages that say so are current."""

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
from tests.contract.provider.test_arguments import camel, places
from tests.unit.operators.catalogue import TASKS, own_arguments

ROWS = pytest.mark.parametrize("row", rows(), ids=lambda row: row.operation.name)
EVERY_TASK = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.__name__)
#: Routes that a docstring may name although the contract has no such operation.
BESIDE_THE_CONTRACT = {"/api/v2/", "/api/v2/status/{statusId}/", "/api/v2/genai/status/{statusId}/"}
#: Fields that an argument of another name becomes.
OTHERWISE_CALLED = {
    "create_custom_model_version": {"file", "filePath"},
    "create_custom_model_version_from_latest": {"file", "filePath"},
    "update_custom_model_access": {"data"},
    "push_guards_to_new_custom_model_version": {"data"},
}


def test_the_contract_has_59_operations_and_the_page_knows_them():
    assert len(operations()) == len(rows()) == len(PUBLISHED) == 59
    assert {(each.name, each.method, each.route) for each in operations()} == {
        (name, item.method, item.path) for name, item in PUBLISHED.items()
    }


@pytest.mark.parametrize("column", COLUMNS)
@ROWS
def test_no_part_of_an_operation_is_missing(row, column):
    assert getattr(row, column), f"{row.operation.method} {row.operation.route} has no {COLUMNS[column]}"


@ROWS
def test_an_operation_has_one_route_in_the_emulator_and_one_line_of_the_page(row):
    assert len(row.emulator) == 1
    page = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    assert page.count(f"| {row.operation.method} `{row.operation.below}`<br>{row.operation.name} |") == 1


@ROWS
def test_the_operator_that_covers_an_operation_is_the_one_whose_refusals_are_tested(row):
    assert CASES[row.operation.name][0].__name__ in row.tasks


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_current(name):
    """Write it anew with ``make docs``."""
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == PAGES[name]()


def test_the_page_says_59_of_59_in_every_column():
    page = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    assert "| all | 59 | 59 of 59 | 59 of 59 | 59 of 59 | 59 of 59 |" in page


def test_tests_name_operations_that_there_are_and_the_status_record_too():
    named = {name for _, names in covering_tests() for name in names}
    assert named <= set(OPERATIONS)
    assert named == {*PUBLISHED, "get_job_status"}


@EVERY_TASK
def test_a_docstring_names_no_route_that_there_is_not(task):
    full = set(re.findall(r"``(/api/v2/[^`]*)``", inspect.getdoc(task)))
    known = {operation.route for operation in operations()}
    assert full - BESIDE_THE_CONTRACT <= known
    assert named_operations(inspect.getdoc(task)) or full & BESIDE_THE_CONTRACT


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_field_of_an_operation_is_an_argument_of_its_operator(name):
    """Paging aside: what the contract calls offset is the provider's own business."""
    wanted = PUBLISHED[name]
    arguments = {camel(argument) for argument in own_arguments(CASES[name][0])}
    fields = set(places(wanted.method, wanted.path)) - {"offset"} - OTHERWISE_CALLED.get(name, set())
    assert fields - arguments == set()


@EVERY_TASK
def test_the_page_of_operators_has_every_argument_with_its_text(task):
    page = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    section = page.partition(f"\n### {task.__name__}\n")[2].partition("\n### ")[0]
    documentation = documented(task)
    assert documentation.summary in section
    assert set(own_arguments(task)) <= set(documentation.arguments)
    for argument in own_arguments(task):
        assert re.search(rf"^\| (\*\*)?`{argument}`(\*\*)? \| \S.+ \|$", section, re.MULTILINE), argument
    assert f"\nReturns: {documentation.returns}\n" in section


@EVERY_TASK
def test_links_inside_the_page_of_operators_lead_somewhere(task):
    page = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    headings = {line.removeprefix("### ").lower() for line in page.splitlines() if line.startswith("### ")}
    assert set(re.findall(r"\]\(#(\w+)\)", page)) <= headings
    assert task.__name__.lower() in headings
