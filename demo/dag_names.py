"""The ids of the DAGs in a folder, read from the files without running them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def dag_names(folder: Path) -> set[str]:
    """Return the ids of the DAGs in the files of a folder. An id that is not a literal is missing.

    :param folder: the folder of the DAG files, without its subfolders.
    """
    found: set[str] = set()
    for file in sorted(folder.glob("*.py")):
        try:
            tree = ast.parse(file.read_text(encoding="utf-8"))
        except (SyntaxError, ValueError):
            # Airflow reports the error, so the name of the file must be accepted.
            found.add(file.stem)
        else:
            found.update(_names(tree))
    return found


def _names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                if _is_named(decorator.func if isinstance(decorator, ast.Call) else decorator, "dag"):
                    yield _literal_id(decorator) or node.name
        elif isinstance(node, ast.Call) and _is_named(node.func, "DAG") and (name := _literal_id(node)):
            yield name


def _is_named(node: ast.expr, name: str) -> bool:
    return name in (getattr(node, "id", None), getattr(node, "attr", None))


def _literal_id(node: ast.AST) -> str | None:
    """Return the id in a call of ``DAG`` or ``dag``: the first argument, or the argument ``dag_id``."""
    if not isinstance(node, ast.Call):
        return None
    named = [keyword.value for keyword in node.keywords if keyword.arg == "dag_id"]
    values = [value.value for value in [*node.args[:1], *named] if isinstance(value, ast.Constant)]
    return next((value for value in values if isinstance(value, str)), None)
