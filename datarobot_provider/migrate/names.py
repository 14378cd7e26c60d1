"""Names of a file that refer to DataRobot's own provider."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from datarobot_provider.migrate.entry import PACKAGE
from datarobot_provider.migrate.table import MODULES, TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datarobot_provider.migrate.entry import Entry

_ROOT = Path(__file__).parents[1]
HOOK = f"{PACKAGE}.hooks.datarobot.DataRobotHook"
STAR = "*"


@dataclass(frozen=True)
class Reference:
    """A name of DataRobot's own provider.

    :param path: module and name, as they are imported.
    :param entry: its entry in the table; ``None`` if the table does not contain it.
    :param rest: attributes after the name, such as ``partial``.
    """

    path: str
    entry: Entry | None = None
    rest: tuple[str, ...] = ()


@dataclass(frozen=True)
class Import:
    """An import of the package.

    :param line: number of the line.
    :param local: name in the file; ``*`` for ``from ... import *``.
    :param path: module, or module and name, that the name in the file refers to.
    :param imported: module, or module and name, that is imported.
    """

    line: int
    local: str
    path: str
    imported: str


def imports(tree: ast.Module) -> Iterator[Import]:
    """Yield the imports of the package, also those in functions.

    :param tree: syntax tree of the file.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if _is_package(alias.name):
                    local, path = (alias.asname, alias.name) if alias.asname else (PACKAGE, PACKAGE)
                    yield Import(node.lineno, local, path, alias.name)
        elif isinstance(node, ast.ImportFrom) and not node.level and _is_package(node.module or ""):
            for alias in node.names:
                path = str(node.module) if alias.name == STAR else f"{node.module}.{alias.name}"
                yield Import(alias.lineno, alias.asname or alias.name, path, path)


def resolve(path: str) -> Reference | None:
    """Return what a path refers to; ``None`` if it belongs to this provider, or is only a module.

    :param path: module, name and attributes, such as ``datarobot_provider.operators.queue.GetJobsOperator.partial``.
    """
    parts = path.split(".")[1:]
    for length in range(len(parts), 0, -1):
        module, name = ".".join(parts[: length - 1]), parts[length - 1]
        entry = TABLE.get((module, name))
        if entry is not None:
            return Reference(f"{PACKAGE}.{module}.{name}", entry, tuple(parts[length:]))
    return None if _is_known(parts) else Reference(path)


def is_missing_module(path: str) -> bool:
    """Return whether a path is a module that only DataRobot's own provider has.

    :param path: module as it is imported.
    """
    parts = path.split(".")[1:]
    return ".".join(parts) in MODULES and _file_of(parts) is None


def names_of(module: str) -> list[Entry]:
    """Return the entries of a module, for ``from ... import *``.

    :param module: module as it is imported.
    """
    return [entry for entry in TABLE.values() if f"{PACKAGE}.{entry.module}" == module]


def _is_package(module: str) -> bool:
    return module == PACKAGE or module.startswith(f"{PACKAGE}.")


def _is_known(parts: list[str]) -> bool:
    """Return whether a path is a package, a module of either provider, or a name in this provider."""
    path = _ROOT.joinpath(*parts)
    if not parts or path.is_dir() or path.with_suffix(".py").is_file() or ".".join(parts) in MODULES:
        return True
    for length in range(len(parts) - 1, -1, -1):
        file = _file_of(parts[:length])
        if file is not None:
            return parts[length] in _defined_names(file)
    return False


def _file_of(parts: list[str]) -> Path | None:
    """Return the file of a module of this provider."""
    path = _ROOT.joinpath(*parts)
    for file in (path / "__init__.py", path.with_suffix(".py")):
        if file.is_file():
            return file
    return None


@cache
def _defined_names(file: Path) -> frozenset[str]:
    """Return the names that a module of this provider defines or imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return frozenset(found)
