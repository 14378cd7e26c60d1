"""Uses of imported names: calls with their arguments, and everything else."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from datarobot_provider.migrate.entry import PACKAGE
from datarobot_provider.migrate.names import HOOK, STAR, Import, Reference, is_missing_module, names_of, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Methods of an operator class that create a mapped task.
_PARTIAL = "partial"
_EXPAND = frozenset({"expand", "expand_kwargs"})
_MAPPING = _EXPAND | {_PARTIAL}
#: Methods of the hook that return a client.
_HOOK_METHODS = frozenset({"run", "get_conn"})
#: Maximum number of characters of an expression that the report shows.
_EXCERPT = 40


@dataclass(frozen=True)
class Use:
    """One use of a name.

    :param line: number of the line.
    :param reference: the name.
    :param arguments: keyword arguments of the call.
    :param problems: reasons why the arguments are not known completely, or why the use cannot be checked.
    """

    line: int
    reference: Reference
    arguments: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass
class Scope:
    """Imported names of a file. Functions have no names of their own in it.

    :param paths: paths that each name refers to.
    """

    paths: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, found: Iterable[Import]) -> Scope:
        """Return the names that the imports define."""
        scope = cls()
        for each in found:
            if each.local == STAR:
                for entry in names_of(each.path):
                    scope.paths.setdefault(entry.name, []).append(f"{each.path}.{entry.name}")
            else:
                scope.paths.setdefault(each.local, []).append(each.path)
        return scope

    def full_paths(self, node: ast.AST) -> list[str]:
        """Return the paths of a name with its attributes, such as ``queue.GetJobsOperator``."""
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return []
        return [".".join((path, *reversed(attributes))) for path in self.paths.get(node.id, ())]

    def reference(self, node: ast.AST) -> Reference | None:
        """Return the name of DataRobot's own provider that a node refers to."""
        return next((found for path in self.full_paths(node) if (found := resolve(path))), None)


def uses(tree: ast.Module, scope: Scope) -> Iterator[Use]:
    """Yield the uses of names of DataRobot's own provider.

    :param tree: syntax tree of the file.
    :param scope: imported names of the file.
    """
    seen: set[int] = set()
    # The tree is walked from the outside, so that a call is found before the names in it.
    for node in ast.walk(tree):
        if id(node) in seen:
            continue
        if isinstance(node, ast.Call):
            calls = _chain(node)
            reference = scope.reference(calls[-1].func)
            if reference is not None:
                seen |= {id(part) for call in calls for part in (call, *_names_in(call.func))}
                yield _call(calls, reference)
        elif isinstance(node, ast.Attribute | ast.Name):
            reference = scope.reference(node)
            seen |= {id(part) for part in _names_in(node)}
            if reference is not None:
                yield Use(node.lineno, reference, problems=(_no_call(reference),))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _string(node, node.value)


def hook_uses(tree: ast.Module, scope: Scope) -> Iterator[tuple[int, str]]:
    """Yield the calls of the hook's methods that return a client, as line and method.

    :param tree: syntax tree of the file.
    :param scope: imported names of the file.
    """

    def is_hook(node: ast.AST | None) -> bool:
        return isinstance(node, ast.Call) and HOOK in scope.full_paths(node.func)

    hooks: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and is_hook(node.value):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            hooks |= {ast.unparse(target) for target in targets}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in _HOOK_METHODS:
            owner = node.value
            if is_hook(owner) or (isinstance(owner, ast.Name | ast.Attribute) and ast.unparse(owner) in hooks):
                yield node.lineno, node.attr


def _chain(call: ast.Call) -> list[ast.Call]:
    """Return a call and the calls that it is chained to: ``Operator.partial(...).expand(...)``."""
    calls = [call]
    while isinstance(call.func, ast.Attribute) and call.func.attr in _MAPPING and isinstance(call.func.value, ast.Call):
        call = call.func.value
        calls.append(call)
    return calls


def _call(calls: list[ast.Call], reference: Reference) -> Use:
    problems: list[str] = []
    arguments: list[str] = []
    methods = {call.func.attr for call in calls if isinstance(call.func, ast.Attribute)} & _MAPPING
    for call in calls:
        if call.args and not _is_expand_kwargs(call):
            problems.append("positional arguments cannot be checked")
        for keyword in call.keywords:
            names = [keyword.arg] if keyword.arg else _keys(keyword.value)
            arguments += names or []
            if names is None:
                problems.append(f"**{_shown(keyword.value)} cannot be checked")
    if any(map(_is_expand_kwargs, calls)):
        problems.append("the arguments of expand_kwargs() cannot be checked")
    elif _PARTIAL in methods and not methods & _EXPAND:
        problems.append("the arguments of the later expand() cannot be checked")
    rest = [name for name in reference.rest if name not in _MAPPING]
    if rest:
        problems.append(f"the attribute {'.'.join(rest)} cannot be checked")
    return Use(calls[-1].lineno, reference, tuple(dict.fromkeys(arguments)), tuple(dict.fromkeys(problems)))


def _is_expand_kwargs(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "expand_kwargs"


def _keys(node: ast.expr) -> list[str] | None:
    """Return the keys of a literal dictionary; ``None`` if they are unknown."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args:
        names = [keyword.arg for keyword in node.keywords]
        return None if None in names else [str(name) for name in names]
    if not isinstance(node, ast.Dict):
        return None
    keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
    return [key for key in keys if isinstance(key, str)] if all(isinstance(key, str) for key in keys) else None


def _shown(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}…"


def _no_call(reference: Reference) -> str:
    if reference.rest:
        return f"the attribute {'.'.join(reference.rest)} cannot be checked"
    return "the name is used without a call here, which cannot be checked"


def _string(node: ast.Constant, text: str) -> Iterator[Use]:
    """Yield the name that a string consists of, for example for ``import_string``."""
    if text.startswith(f"{PACKAGE}.") and all(part.isidentifier() for part in text.split(".")):
        reference = Reference(text) if is_missing_module(text) else resolve(text)
        if reference is not None:
            yield Use(node.lineno, reference, problems=("the name is in a string, which cannot be checked",))


def _names_in(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a name with its attributes, from the outside."""
    while isinstance(node, ast.Attribute):
        yield node
        node = node.value
    if isinstance(node, ast.Name):
        yield node
