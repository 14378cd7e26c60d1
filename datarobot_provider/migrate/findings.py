"""Findings in a file: what replaces each use, and what needs a decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from datarobot_provider.migrate.entry import NOT_YET, NOTHING, OPERATOR, ROUTE, VERSION, Argument, Entry
from datarobot_provider.migrate.names import STAR, Import, imports, is_missing_module, names_of, resolve
from datarobot_provider.migrate.uses import Scope, Use, hook_uses, uses

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable, Iterator

#: Kind of a finding whose name is in neither provider, or cannot be determined.
UNKNOWN = "unknown"
_NOT_IN_TABLE = f"this provider does not have the name; it is no operator, sensor or base class of version {VERSION}"
_NOT_USED = "the file imports the name but does not use it"
_TEXTS = {NOT_YET: "no replacement yet", UNKNOWN: "unknown"}
_HOOK = {
    "run": "run() does not exist; the client of this provider is the attribute client",
    "get_conn": "get_conn() returns the client of this provider, not DataRobot's Python client; write client",
}


@dataclass(frozen=True)
class Finding:
    """One use of DataRobot's own provider.

    :param line: number of the line.
    :param name: the name that is used.
    :param kind: ``operator``, ``request``, ``not yet`` or ``unknown``.
    :param replacement: module and class, and the requests, that replace it; or the reason why there are none.
    :param renames: arguments that only get another name, old and new.
    :param checks: what needs a decision of a person.
    """

    line: int
    name: str
    kind: str
    replacement: str
    renames: tuple[tuple[str, str], ...] = ()
    checks: tuple[str, ...] = ()

    @property
    def is_direct(self) -> bool:
        """Whether the names can be replaced without a decision."""
        return self.kind == OPERATOR and not self.checks


def findings(tree: ast.Module) -> list[Finding]:
    """Return the findings in a file, by line.

    :param tree: syntax tree of the file.
    """
    found = list(imports(tree))
    scope = Scope.of(found)
    used = list(uses(tree, scope))
    results = [_of_use(use) for use in used]
    results += _of_imports(found, used)
    results += [
        Finding(line, f"DataRobotHook.{method}", OPERATOR, "DataRobotHook.client", checks=(_HOOK[method],))
        for line, method in hook_uses(tree, scope)
    ]
    return sorted(results, key=lambda finding: (finding.line, finding.name))


def replacement_of(entry: Entry) -> str:
    """Return the replacement of an entry in one line.

    :param entry: entry of the table.
    """
    if entry.kind == NOT_YET:
        return _TEXTS[NOT_YET]
    path = f"{entry.replacement_module}.{entry.replacement_class}"
    return f"{path}: {', '.join(entry.requests)}" if entry.kind == ROUTE else path


def _unknown(line: int, name: str, *checks: str) -> Finding:
    return Finding(line, name, UNKNOWN, _TEXTS[UNKNOWN], checks=checks)


def _of_use(use: Use) -> Finding:
    entry = use.reference.entry
    name = use.reference.path.rpartition(".")[2]
    if entry is None:
        return _unknown(use.line, use.reference.path, _NOT_IN_TABLE)
    if not entry.is_task and entry.replacement:
        return Finding(use.line, name, entry.kind, replacement_of(entry))
    renames, checks = _arguments(entry, use.arguments)
    checks = [*use.problems, *checks, *_behaviour(entry, use.arguments)]
    return Finding(use.line, name, entry.kind, replacement_of(entry), tuple(renames), tuple(checks))


def _of_imports(found: Iterable[Import], used: Iterable[Use]) -> Iterator[Finding]:
    """Yield the imports of names that the file does not use."""
    paths = {use.reference.path for use in used}
    for each in found:
        if each.local == STAR:
            if names_of(each.path):
                yield _unknown(each.line, f"{each.path}.*", "import * hides the names; import them one by one")
            continue
        reference = resolve(each.imported)
        if reference is None:
            if is_missing_module(each.imported) and not any(path.startswith(f"{each.imported}.") for path in paths):
                yield _unknown(each.line, each.imported, "this provider does not have the module")
        elif reference.path not in paths:
            entry = reference.entry
            if entry is None:
                yield _unknown(each.line, reference.path, _NOT_IN_TABLE)
            else:
                checks = () if entry.kind == OPERATOR else (_NOT_USED, *_behaviour(entry))
                yield Finding(each.line, entry.name, entry.kind, replacement_of(entry), checks=checks)


def _arguments(entry: Entry, given: Iterable[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the arguments to rename, and those that need a decision."""
    renames: list[tuple[str, str]] = []
    checks: list[str] = []
    for name in given:
        new = entry.arguments.get(name)
        if new is None:
            continue
        if entry.kind == OPERATOR and new.name and not new.how:
            if new.name != name:
                renames.append((name, new.name))
        else:
            checks.append(f"argument {name}: {place_of(new)}")
    return renames, checks


def place_of(argument: Argument) -> str:
    """Return the new place of an argument in a few words.

    :param argument: the new place.
    """
    if not argument.name:
        return f"no equivalent; {argument.how}"
    return f"{argument.name}: {argument.how}" if argument.how else argument.name


def _behaviour(entry: Entry, given: Iterable[str] = ()) -> Iterator[str]:
    """Yield the differences that do not depend on the values of the arguments."""
    covered = [entry.arguments[name] for name in given if name in entry.arguments]
    # A param was read only if the argument for the same value was not passed.
    params = {name: new for name, new in entry.params.items() if new not in covered}
    if params:
        places = "; ".join(
            name if new == Argument(name) else f"{name} -> {place_of(new)}" for name, new in params.items()
        )
        yield f"params of the DAG are not read; pass them as arguments: {places}"
    if entry.kind != NOT_YET and entry.pushed != NOTHING and not entry.same_xcom:
        yield f"XCom: it was {entry.pushed}; now it is {entry.pushes}"
    if entry.note:
        yield entry.note
