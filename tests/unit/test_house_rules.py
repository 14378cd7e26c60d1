"""Rules of the house that no linter checks."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from datarobot_provider.jobs.kinds import KINDS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "datarobot_provider"
FOLDERS = ("datarobot_provider", "harness", "demo", "benchmarks", "example_dags")
FILES = sorted(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
ROOMS = ("client", "jobs", "core", "operators", "sensors", "triggers", "hooks")
MOST_LINES_OF_A_MODULE, MOST_LINES_OF_A_FUNCTION = 400, 40

GROUPS = ("running", "succeeded", "failed", "cancelled", "expired")
WORDS = {
    word.casefold()
    for kind in KINDS.values()
    for probe in kind.probes
    for group in GROUPS
    for word in getattr(probe, group)
}
#: The names of our own outcomes, four of which also stand in the table.
OUR_OWN = {("jobs/model.py", word) for word in ("succeeded", "failed", "cancelled", "expired")}
#: A warning is a success for the table; only who asked for ``fail_on_warning`` cares.
UNAVOIDABLE = {("core/job_results.py", "warning")}


def of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def docstrings(tree: ast.Module) -> set[int]:
    """Return the docstrings of a module, by identity of their nodes."""
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    bodies = (node.body for node in ast.walk(tree) if isinstance(node, owners))
    return {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function's body, without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("file", [*FILES, *TESTS], ids=of)
def test_no_module_is_longer_than_four_hundred_lines(file):
    assert len(file.read_text(encoding="utf-8").splitlines()) <= MOST_LINES_OF_A_MODULE


@pytest.mark.parametrize("file", FILES, ids=of)
def test_no_function_is_longer_than_forty_lines(file):
    functions = [node for node in ast.walk(tree_of(file)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert {node.name: lines_of(node) for node in functions if lines_of(node) > MOST_LINES_OF_A_FUNCTION} == {}


def test_state_words_stand_in_the_table_and_nowhere_else():
    found = set()
    for file in (file for room in ROOMS for file in sorted((PACKAGE / room).rglob("*.py"))):
        tree = tree_of(file)
        skipped = docstrings(tree)
        name = file.relative_to(PACKAGE).as_posix()
        found |= {
            (name, node.value.casefold())
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped
            if node.value.casefold() in WORDS and name != "jobs/kinds.py"
        }
    assert found - OUR_OWN == UNAVOIDABLE


def test_only_the_hooks_read_a_connection():
    readers = {"get_connection", "aget_connection", "get_async_connection", "get_hook", "extra_dejson"}
    found = set()
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(tree_of(file)):
            name = getattr(node, "attr", None) or getattr(node, "id", None)
            if isinstance(node, ast.Attribute | ast.Name) and name in readers:
                found.add(file.relative_to(PACKAGE).parts[0])
    assert found == {"hooks"}


def test_only_the_version_file_and_the_trigger_import_airflow():
    found = set()
    for file in sorted(PACKAGE.rglob("*.py")):
        tree = tree_of(file)
        typing = {
            id(item)
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
            for item in ast.walk(node)
        }
        for node in ast.walk(tree):
            if id(node) in typing:
                continue
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.partition(".")[0] == "airflow" for name in names):
                found.add(file.relative_to(PACKAGE).as_posix())
    assert found == {"version_compat.py", "triggers/job.py", "hooks/datarobot.py"}


@pytest.mark.parametrize(
    "file", [file for file in FILES if "emulator" not in file.parts and PACKAGE in file.parents], ids=of
)
def test_nothing_is_printed_and_nothing_is_caught_wholesale(file):
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None
            assert getattr(node.type, "id", "") not in {"BaseException", "Exception"}
        assert not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print")
