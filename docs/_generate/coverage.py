"""The page with the parts of the package and the tests that implement every operation."""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass, field
from functools import cache

from datarobot_provider.emulator import routes as emulator_routes
from datarobot_provider.emulator.web.routing import ROUTES
from docs._generate.contract import API, NOUNS, ROOT, Operation, noun_of, operations
from docs._generate.routes import declared_routes, named_operations
from tests.unit.operators.catalogue import TASKS

TESTS = ROOT / "tests" / "contract" / "operations"
#: The columns of the page, and where each comes from.
COLUMNS = {
    "declared": "declared by",
    "tasks": "documented by",
    "emulator": "emulator",
    "tests": "contract test",
}
_HEAD = """\
# Coverage of the API

Every operation of DataRobot's API reference on custom models, vector database validations, guards and the prediction
server image, with the operator that declares its route, the operators and sensors that document it, the handler of the
emulator, and the contract tests that validate request and response against the published schema.

`make docs` generates this page from the code. A test fails if the page is out of date or a cell is empty.
"""


@dataclass
class Row:
    """What implements one operation."""

    operation: Operation
    declared: list[str] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    emulator: list[str] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)


@cache
def rows() -> tuple[Row, ...]:
    """Return one row for each operation."""
    table = {operation: Row(operation) for operation in operations()}
    named = {operation.name: row for operation, row in table.items()}
    at = {(row.operation.method, row.operation.route): row for row in table.values()}
    for task in TASKS:
        for method_and_route in declared_routes(task):
            at[method_and_route].declared.append(task.__name__)
        for operation in named_operations(inspect.getdoc(task) or ""):
            table[operation].tasks.append(task.__name__)
    emulator_routes.load()
    for route in ROUTES:
        if (route.method, API + route.path) in at:
            module = route.handler.__module__.rsplit(".", 1)[-1]
            at[route.method, API + route.path].emulator.append(f"{module}.{route.handler.__name__}")
    for where, names in covering_tests():
        for name in names:
            if name in named:
                named[name].tests.append(where)
    return tuple(table.values())


def covering_tests() -> list[tuple[str, list[str]]]:
    """Return the contract tests that say what they cover, each with the names of the operations."""
    found = []
    for file in sorted(TESTS.glob("test_*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                names = [name for mark in node.decorator_list for name in _covered(mark)]
                if names:
                    found.append((f"{file.stem}.{node.name}", names))
    return found


def page() -> str:
    """Return ``coverage.md``."""
    total = len(rows())
    counts = [sum(bool(getattr(row, column)) for row in rows()) for column in COLUMNS]
    lines = [_HEAD, "| | operations | " + " | ".join(COLUMNS.values()) + " |", "|---|" + "---|" * (len(COLUMNS) + 1)]
    lines.append(f"| all | {total} | " + " | ".join(f"{count} of {total}" for count in counts) + " |")
    for noun in NOUNS:
        chosen = [row for row in rows() if noun_of(row.operation.route) == noun]
        if chosen:
            lines += ["", f"## {noun}", "", *_table(chosen)]
    return "\n".join(lines) + "\n"


def _table(chosen: list[Row]) -> list[str]:
    lines = ["| operation | " + " | ".join(COLUMNS.values()) + " |", "|---|" + "---|" * len(COLUMNS)]
    for row in chosen:
        cells = ["<br>".join(f"`{text}`" for text in getattr(row, column)) for column in COLUMNS]
        first = f"{row.operation.method} `{row.operation.below}`<br>{row.operation.name}"
        lines.append(f"| {first} | " + " | ".join(cells) + " |")
    return lines


def _covered(mark: ast.expr) -> list[str]:
    """Return the names in a ``@covers(...)``."""
    if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "covers":
        return [str(name.value) for name in mark.args if isinstance(name, ast.Constant)]
    return []
