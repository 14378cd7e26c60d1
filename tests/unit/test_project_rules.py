"""Rules of the project that no linter checks. Each test reports all violations."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from datarobot_provider.jobs.kinds import KINDS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "datarobot_provider"
FOLDERS = ("datarobot_provider", "harness", "demo", "benchmarks", "example_dags")
FILES = sorted(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
PACKAGES = ("client", "jobs", "core", "operators", "sensors", "triggers", "hooks")
MAX_LINES_OF_MODULE, MAX_LINES_OF_FUNCTION = 400, 40

GROUPS = ("running", "succeeded", "failed", "cancelled", "expired")
STATES = {
    state.casefold()
    for kind in KINDS.values()
    for probe in kind.probes
    for group in GROUPS
    for state in getattr(probe, group)
}
#: The names of our own outcomes, four of which are also states of DataRobot.
OUTCOMES = {("jobs/model.py", outcome) for outcome in ("succeeded", "failed", "cancelled", "expired")}
#: A warning is a success in the table; with ``fail_on_warning`` it is a failure.
EXCEPTIONS = {("core/job_results.py", "warning")}


def of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@cache
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


def test_no_module_is_longer_than_four_hundred_lines():
    lines = {of(file): len(file.read_text(encoding="utf-8").splitlines()) for file in (*FILES, *TESTS)}
    assert len(lines) > 400
    assert {name: count for name, count in lines.items() if count > MAX_LINES_OF_MODULE} == {}


def test_no_function_is_longer_than_forty_lines():
    lines = {
        (of(file), node.lineno, node.name): lines_of(node)
        for file in FILES
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert len(lines) > 1500
    assert {name: count for name, count in lines.items() if count > MAX_LINES_OF_FUNCTION} == {}


def test_states_are_only_in_the_table_of_jobs():
    found = set()
    for file in (file for name in PACKAGES for file in sorted((PACKAGE / name).rglob("*.py"))):
        tree = tree_of(file)
        skipped = docstrings(tree)
        name = file.relative_to(PACKAGE).as_posix()
        found |= {
            (name, node.value.casefold())
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped
            if node.value.casefold() in STATES and name != "jobs/kinds.py"
        }
    assert found - OUTCOMES == EXCEPTIONS


def test_only_the_hooks_read_a_connection():
    readers = {"get_connection", "aget_connection", "get_async_connection", "get_hook", "extra_dejson"}
    found = set()
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(tree_of(file)):
            name = getattr(node, "attr", None) or getattr(node, "id", None)
            if isinstance(node, ast.Attribute | ast.Name) and name in readers:
                found.add(file.relative_to(PACKAGE).parts[0])
    assert found == {"hooks"}


def test_only_the_version_file_and_the_triggers_import_airflow():
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
    # The fixtures for pytest set up Airflow's database and run a DAG.
    testing = {"testing/dag_runs.py", "testing/database.py"}
    triggers = {"triggers/job.py", "triggers/new_version.py"}
    # The OpenLineage provider is optional.
    optional = {"core/lineage.py"}
    assert found == {"version_compat.py", *triggers, *optional, *testing}


def test_nothing_is_printed_and_no_exception_is_caught_by_its_base_class():
    files = [file for file in FILES if "emulator" not in file.parts and PACKAGE in file.parents]
    assert len(files) > 100
    violations = [
        f"{of(file)}:{node.lineno}"
        for file in files
        for node in ast.walk(tree_of(file))
        if (
            isinstance(node, ast.ExceptHandler)
            and getattr(node.type, "id", "") in {"", "BaseException", "Exception"}
            and not isinstance(node.type, ast.Attribute | ast.Tuple)
        )
        or (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print")
    ]
    assert violations == []


def test_every_picture_is_small_and_shown_in_the_documentation():
    pictures = {file.name: file.stat().st_size for file in (ROOT / "docs" / "images").iterdir()}
    assert len(pictures) > 3
    assert {name: size for name, size in pictures.items() if size >= 250_000 or not name.endswith(".png")} == {}
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    assert [name for name in pictures if f"images/{name})" not in text] == []
