"""Static analysis of the names that a Python module has after its import."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Calls that can create any name in the module: the first anywhere, the second only outside of functions.
_NAME_CREATING_CALLS = frozenset({"exec", "globals"})
_MODULE_LEVEL_CALLS = frozenset({"eval", "locals", "setattr", "vars"})
_NOT_CALLABLE = (ast.Constant, ast.JoinedStr, ast.List, ast.Tuple, ast.Dict, ast.Set)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@dataclass
class Module:
    """The names of a module.

    :param names: for each name, whether it may be a function.
    :param classes: the classes that the module defines.
    :param unknown: descriptions of the statements that may create further names.
    :param exported: the value of ``__all__`` if it is a plain list, else None.
    """

    names: dict[str, bool] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    exported: list[str] | None = None

    def functions(self) -> set[str]:
        """Return the names that may be functions."""
        return {name for name, may_be_called in self.names.items() if may_be_called}

    def star_names(self) -> dict[str, bool]:
        """Return the names that ``from module import *`` binds."""
        if self.exported is not None:
            return {name: self.names[name] for name in self.exported if name in self.names}
        return {name: callable_ for name, callable_ in self.names.items() if not name.startswith("_")}


class Importer(Protocol):
    """Finder of the modules that a module imports."""

    def find(self, name: str, level: int) -> Module | None:
        """Return a module of the version, or None if the version does not contain it.

        :param name: the name after ``import`` or ``from``, which may be empty in a relative import.
        :param level: the number of dots of a relative import.
        :raises Exception: if the import certainly fails.
        """

    def is_module(self, name: str, level: int) -> bool:
        """Return whether the version has a module of this name."""


class FailingImportError(Exception):
    """An import that certainly fails. The message is the error message of Python."""


def bind_names(tree: ast.Module, module: Module, importer: Importer) -> None:
    """Add the names that a syntax tree binds to a module.

    A name is added if any branch that may be executed binds it. Code under ``if TYPE_CHECKING`` or
    ``if __name__ == "__main__"`` is not executed by an import and therefore ignored.

    :param tree: the syntax tree of the module.
    :param module: the module to which the names are added. Circular imports see the names that are bound so far.
    :param importer: the finder of the imported modules.
    :raises FailingImportError: if an import outside of ``try`` certainly fails.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _NAME_CREATING_CALLS:
            module.unknown.append(f"line {node.lineno} calls {node.func.id}()")
        elif isinstance(node, ast.Attribute) and node.attr == "modules" and ast.unparse(node.value) == "sys":
            module.unknown.append(f"line {node.lineno} uses sys.modules")
        elif isinstance(node, ast.Global):
            module.names.update(dict.fromkeys(node.names, True))
    module.unknown += _module_level_calls(tree)
    _Binder(module, importer).run(tree.body)
    if "__getattr__" in module.functions():
        module.unknown.append("the module defines __getattr__()")


class _Binder:
    """Binder of the names of a module, statement by statement."""

    def __init__(self, module: Module, importer: Importer) -> None:
        self._module, self._importer = module, importer
        self._guarded = 0

    def run(self, body: Iterable[ast.stmt]) -> None:
        for node in body:
            for expression in _assignment_expressions(node):
                self._bind(expression.target, called=True)
            self._statement(node)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._define(node)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                self._assign(node)
            case ast.Import():
                self._import(node)
            case ast.ImportFrom():
                self._import_from(node)
            case ast.Delete():
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        self._module.names.pop(target.id, None)
            case _:
                self._compound(node)

    def _compound(self, node: ast.stmt) -> None:
        match node:
            case ast.If():
                self._branches(*_reachable_branches(node))
            case ast.Match():
                self._match(node)
            case ast.Try() | ast.TryStar():
                self._try(node)
            case ast.For() | ast.AsyncFor() | ast.While():
                if not isinstance(node, ast.While):
                    self._bind(node.target, called=True)
                self._branches([], node.body)
                self.run(node.orelse)
            case ast.With() | ast.AsyncWith():
                self._with(node)

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self._module.names[node.name] = True
        if isinstance(node, ast.ClassDef):
            self._module.classes[node.name] = node
        else:
            self._module.classes.pop(node.name, None)

    def _assign(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        if node.value is None:
            return
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if isinstance(target, ast.Name) and target.id == "__all__":
                plain = _strings(node.value) if not isinstance(node, ast.AugAssign) else None
                self._module.exported = plain
            self._bind(target, called=not isinstance(node.value, _NOT_CALLABLE))

    def _bind(self, target: ast.expr, *, called: bool) -> None:
        if isinstance(target, ast.Name):
            self._module.names[target.id] = called
            self._module.classes.pop(target.id, None)
        elif isinstance(target, ast.Starred):
            self._bind(target.value, called=True)
        elif isinstance(target, ast.Tuple | ast.List):
            # The values of the single targets are not analyzed.
            for element in target.elts:
                self._bind(element, called=True)

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._find(alias.name, 0)
            self._module.names[alias.asname or alias.name.partition(".")[0]] = False

    def _import_from(self, node: ast.ImportFrom) -> None:
        name = node.module or ""
        found = self._find(name, node.level)
        for alias in node.names:
            if alias.name == "*":
                self._star(node, found)
                continue
            bound = alias.asname or alias.name
            if self._importer.is_module(f"{name}.{alias.name}".strip("."), node.level):
                self._module.names.setdefault(bound, False)
                self._find(f"{name}.{alias.name}".strip("."), node.level)
            elif found is None or alias.name in found.names or found.unknown:
                self._module.names[bound] = True if found is None else found.names.get(alias.name, True)
                if found is not None and alias.name in found.classes:
                    self._module.classes[bound] = found.classes[alias.name]

    def _star(self, node: ast.ImportFrom, found: Module | None) -> None:
        if found is None and (node.module or "").partition(".")[0] in sys.stdlib_module_names:
            return
        if found is None:
            shown = "." * node.level + (node.module or "")
            self._module.unknown.append(
                f"line {node.lineno} imports all names of {shown}, which the version does not contain"
            )
            return
        self._module.names.update(found.star_names())
        self._module.classes.update({name: node for name, node in found.classes.items() if name in found.star_names()})
        self._module.unknown += found.unknown

    def _find(self, name: str, level: int) -> Module | None:
        try:
            return self._importer.find(name, level)
        except FailingImportError:
            if self._guarded:
                return None
            raise

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        self._guarded += bool(node.handlers)
        before = dict(self._module.names)
        self.run(node.body)
        self._guarded -= bool(node.handlers)
        self._module.names = _merged([before, self._module.names])
        self._branches(node.orelse, *[handler.body for handler in node.handlers])
        self.run(node.finalbody)

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            if item.optional_vars is not None:
                self._bind(item.optional_vars, called=True)
        # contextlib.suppress(ImportError) can guard an import.
        self._guarded += 1
        self.run(node.body)
        self._guarded -= 1

    def _match(self, node: ast.Match) -> None:
        for case in node.cases:
            for pattern in ast.walk(case.pattern):
                captured = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
                if isinstance(captured, str):
                    self._module.names[captured] = True
        self._branches([], *[case.body for case in node.cases])

    def _branches(self, *bodies: list[ast.stmt]) -> None:
        """Process alternative bodies and keep the names of all of them."""
        before = self._module.names
        ends = []
        for body in bodies:
            self._module.names = dict(before)
            self.run(body)
            ends.append(self._module.names)
        self._module.names = _merged(ends)


def _merged(ends: list[dict[str, bool]]) -> dict[str, bool]:
    merged: dict[str, bool] = {}
    for names in ends:
        for name, called in names.items():
            merged[name] = merged.get(name, False) or called
    return merged


def _reachable_branches(node: ast.If) -> list[list[ast.stmt]]:
    """Return the branches of an ``if`` that an import may execute."""
    truth = _truth(node.test)
    if truth is None:
        return [node.body, node.orelse]
    return [node.body] if truth else [node.orelse]


def _truth(test: ast.expr) -> bool | None:
    match test:
        case ast.Constant():
            return bool(test.value)
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return False
        case (
            ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant(value="__main__")])
            | ast.Compare(left=ast.Constant(value="__main__"), ops=[ast.Eq()], comparators=[ast.Name(id="__name__")])
        ):
            return False
        case ast.UnaryOp(op=ast.Not()):
            truth = _truth(test.operand)
            return None if truth is None else not truth
    return None


def _strings(value: ast.expr) -> list[str] | None:
    """Return the strings of a plain list or tuple, or None for any other expression."""
    if not isinstance(value, ast.List | ast.Tuple):
        return None
    texts = [each.value for each in value.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return texts if len(texts) == len(value.elts) else None


def _module_level_calls(tree: ast.Module) -> list[str]:
    """Return the calls outside of functions and classes that can create names of the module."""
    found = []
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _MODULE_LEVEL_CALLS:
            found.append(f"line {node.lineno} calls {node.func.id}()")
        stack += [child for child in ast.iter_child_nodes(node) if not isinstance(child, _SCOPES)]
    return found


def _assignment_expressions(node: ast.stmt) -> Iterator[ast.NamedExpr]:
    """Yield the assignment expressions of a statement, which bind names of the module."""
    stack: list[ast.AST] = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    while stack:
        found = stack.pop()
        if isinstance(found, ast.NamedExpr):
            yield found
        if not isinstance(found, _SCOPES):
            stack.extend(ast.iter_child_nodes(found))
