"""The tables of the page about DataRobot's own provider, generated from the table of names."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from typing import TYPE_CHECKING

from datarobot_provider.migrate.entry import NOT_YET, OPERATOR, PACKAGE, ROUTE, Entry
from datarobot_provider.migrate.findings import place_of
from datarobot_provider.migrate.table import SECTIONS, TABLE
from docs._generate.contract import ROOT
from tests.unit.operators.catalogue import own_arguments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.migrate.entry import Argument

PAGE = ROOT / "docs" / "migrating.md"
_MARKED_TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_KINDS = {
    OPERATOR: "an operator or a sensor of this provider",
    ROUTE: "`DataRobotRequestOperator`",
    NOT_YET: "none yet",
}
#: The beginning of JSON, of a template or of a key.
_CODE = re.compile(r'\{["{]|\[["{]')
_HEAD = "| DataRobot's own provider | replacement | arguments | XCom |\n|---|---|---|---|\n"


def page() -> str:
    """Return the content of the page with its marked tables generated again."""
    return _MARKED_TABLE.sub(lambda match: match[1] + _TABLES[match[2]]() + match[3], PAGE.read_text(encoding="utf-8"))


def counts() -> str:
    """Return the table of the number of operators and sensors by kind of replacement."""
    tasks = [entry for entry in TABLE.values() if entry.is_task]
    number = {
        "operators": Counter(entry.kind for entry in tasks if entry.module.startswith("operators.")),
        "sensors": Counter(entry.kind for entry in tasks if entry.module.startswith("sensors.")),
    }
    lines = ["| replacement | operators | sensors |", "|---|---|---|"]
    lines += [f"| {text} | {number['operators'][kind]} | {number['sensors'][kind]} |" for kind, text in _KINDS.items()]
    lines.append(f"| all | {number['operators'].total()} | {number['sensors'].total()} |")
    return "\n".join(lines) + "\n"


def names() -> str:
    """Return one section with a table for each part of the table of names."""
    return "\n".join(f"### {title}\n\n{_HEAD}{''.join(map(_row, entries))}" for title, entries in SECTIONS.items())


def _row(entry: Entry) -> str:
    cells = (f"`{entry.name}`<br>`{entry.module}`", _replacement(entry), _arguments(entry), _xcom(entry))
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _replacement(entry: Entry) -> str:
    note = f"<br>{_plain(entry.note)}" if entry.note else ""
    if entry.kind == NOT_YET:
        return f"not yet{note}"
    if entry.kind == ROUTE:
        return "<br>".join(f"`{request}`" for request in entry.requests) + note
    deferrable = ", deferrable" if _is_deferrable(entry) else ""
    return f"`{entry.replacement_class}`{deferrable}<br>`{entry.replacement_module.removeprefix(f'{PACKAGE}.')}`{note}"


def _is_deferrable(entry: Entry) -> bool:
    found = getattr(importlib.import_module(entry.replacement_module), entry.replacement_class)
    return isinstance(found, type) and "deferrable" in own_arguments(found)


def _arguments(entry: Entry) -> str:
    parts = _places(entry.arguments, "unchanged: {}")
    if entry.params:
        parts += ["*params of the DAG:*", *_places(entry.params, "{} → the arguments of the same names")]
    return "<br>".join(parts) or "-"


def _places(arguments: Mapping[str, Argument], summary: str) -> list[str]:
    """Return the new places of arguments; those that keep their names are in one line."""
    unchanged = [name for name, new in arguments.items() if new.name == name and not new.how]
    lines = [summary.format(", ".join(f"`{name}`" for name in unchanged))] if unchanged else []
    for name, new in arguments.items():
        if name not in unchanged:
            place = f"`{new.name}`" if new.name else ""
            lines.append(f"`{name}` → {place_of(new).replace(new.name, place, 1) if place else place_of(new)}")
    return [_plain(line) for line in lines]


def _xcom(entry: Entry) -> str:
    if not entry.is_task:
        return "-"
    if entry.kind == NOT_YET:
        return f"it was {_plain(entry.pushed)}"
    if entry.same_xcom and entry.pushed == entry.pushes:
        return f"unchanged: {_plain(entry.pushed)}"
    return f"it was {_plain(entry.pushed)}; now {_plain(entry.pushes)}"


def _plain(text: str) -> str:
    """Return a text with its JSON, templates and keys as code."""
    result, position = "", 0
    for match in _CODE.finditer(text):
        if match.start() >= position:
            end = _end(text, match.start())
            result += f"{text[position : match.start()]}`{text[match.start() : end]}`"
            position = end
    return result + text[position:]


def _end(text: str, start: int) -> int:
    """Return the end of the brackets that begin at a position, and of those that follow immediately."""
    depth = 0
    for position in range(start, len(text)):
        depth += (text[position] in "{[") - (text[position] in "}]")
        if not depth and text[position + 1 : position + 2] not in {"{", "["}:
            return position + 1
    return len(text)


_TABLES = {table.__name__: table for table in (counts, names)}
