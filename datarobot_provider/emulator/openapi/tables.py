"""The tables of the emulator's documentation, made of what the emulator itself goes by.

``python -m datarobot_provider.emulator.openapi.tables docs/emulator.md`` writes them into the page; a test
compares the page with them.
"""

from __future__ import annotations

import json
import re
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from datarobot_provider.emulator.openapi import deviations
from datarobot_provider.emulator.openapi.contract import API
from datarobot_provider.emulator.store.jobs import CANCELLED, FAILED, KINDS, SUCCEEDED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PART = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _amendments(amendments: Sequence[deviations.Amendment]) -> str:
    places: dict[tuple[str, str], list[str]] = {}
    for amendment in amendments:
        places.setdefault((amendment.field, amendment.reason), []).append(f"`{amendment.schema}`")
    rows = [(f"`{field}`", ", ".join(schemas), reason) for (field, reason), schemas in places.items()]
    return _table(("field", "of", "why"), rows)


def requests() -> str:
    """Return the table of what is accepted beyond the contract."""
    return _amendments(deviations.REQUEST)


def responses() -> str:
    """Return the table of what is answered beyond the contract."""
    return _amendments(deviations.REPLY)


def statuses() -> str:
    """Return the table of the responses that the contract does not list."""
    rows = [(f"`{e.method} {e.path}`", str(e.status), e.reason) for e in deviations.EXTRA_REPLIES]
    return _table(("operation", "answers", "why"), rows)


def neighbours() -> str:
    """Return the table of the routes beyond the contract."""
    text = resources.files(__package__).joinpath("neighbours.json").read_text(encoding="utf-8")
    rows = [
        (f"`{method.upper()} {path.removeprefix(API)}`", spec["summary"])
        for path, methods in json.loads(text)["paths"].items()
        for method, spec in methods.items()
    ]
    return _table(("route", "what it does"), rows)


def jobs() -> str:
    """Return the table of the kinds of jobs."""
    rows = []
    for name, kind in KINDS.items():
        running = ", ".join(f"`{word}`" for word, _ in kind.running)
        ends = " / ".join(f"`{kind.ends[end]}`" for end in (SUCCEEDED, FAILED, CANCELLED))
        rows.append((f"`{name}`", f"{kind.seconds:g} s", running, ends))
    return _table(("kind", "takes", "states on the way", "succeeded / failed / cancelled"), rows)


_TABLES = {table.__name__: table for table in (requests, responses, statuses, neighbours, jobs)}


def renewed(page: str) -> str:
    """Return the text of a page with its marked tables made anew."""
    return _PART.sub(lambda match: match[1] + _TABLES[match[2]]() + match[3], page)


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        path = Path(argument)
        path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")
