"""The tables of the page about the emulator, generated from the emulator's own data."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import TYPE_CHECKING

from datarobot_provider.emulator.control_api.routes import ControlApi
from datarobot_provider.emulator.openapi import deviations
from datarobot_provider.emulator.openapi.contract import API
from datarobot_provider.emulator.store.jobs import CANCELLED, FAILED, KINDS, SUCCEEDED
from datarobot_provider.emulator.store.state import State
from datarobot_provider.emulator.web.faults import Faults
from datarobot_provider.emulator.web.gateway import Gateway
from datarobot_provider.emulator.web.request_log import RequestLog, StorageRequestLog
from datarobot_provider.emulator.web.tokens import Tokens
from docs._generate.contract import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from datarobot_provider.emulator.control_api.index import ControlRoute

PAGE = ROOT / "docs" / "emulator.md"
_MARKED_TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def page() -> str:
    """Return the content of the page with its marked tables generated again."""
    return _MARKED_TABLE.sub(lambda match: match[1] + _TABLES[match[2]]() + match[3], PAGE.read_text(encoding="utf-8"))


def requests() -> str:
    """Return the table of the request fields that are accepted in addition to the contract."""
    return _amendments(deviations.REQUEST)


def responses() -> str:
    """Return the table of the response fields that are sent in addition to the contract."""
    return _amendments(deviations.RESPONSE)


def statuses() -> str:
    """Return the table of the responses that the contract does not list."""
    rows = [(f"`{e.method} {e.path}`", str(e.status), e.reason) for e in deviations.EXTRA_RESPONSES]
    return _table(("operation", "response", "reason"), rows)


def additional_routes() -> str:
    """Return the table of the routes in addition to the reference."""
    file = resources.files("datarobot_provider.emulator.openapi").joinpath("additional_routes.json")
    rows = [
        (f"`{method.upper()} {path.removeprefix(API)}`", spec["summary"])
        for path, methods in json.loads(file.read_text(encoding="utf-8"))["paths"].items()
        for method, spec in methods.items()
    ]
    return _table(("route", "description"), rows)


def jobs() -> str:
    """Return the table of the job kinds."""
    rows = []
    for name, kind in KINDS.items():
        running = ", ".join(f"`{state}`" for state, _ in kind.running_states)
        final = " / ".join(f"`{kind.final_states[outcome]}`" for outcome in (SUCCEEDED, FAILED, CANCELLED))
        targets = ", ".join(f"`{target}`" for target in kind.targets) or "-"
        rows.append((f"`{name}`", f"{kind.seconds:g} s", running, final, targets))
    heads = ("kind", "duration", "running states", "succeeded / failed / cancelled", "an outcome can name")
    return _table(heads, rows)


def control() -> str:
    """Return the table of the control routes."""
    gateway = Gateway(State(), Tokens("token-of-the-page"), Faults(), RequestLog())
    table = ControlApi(gateway, StorageRequestLog(), None).table
    return _table(("method", "path", "body and effect"), [_control_row(route) for route in table])


def _control_row(route: ControlRoute) -> tuple[str, str, str]:
    path = route.path.strip("/").replace("{id}", "ID") or "/"
    query = "&".join(f"{name}=" for name in route.query)
    fields = ", ".join(f'"{field["name"]}"{"" if field["required"] else "?"}' for field in route.fields())
    body = f"`{{{fields}}}` " if fields else ""
    return route.method, f"`{path}{'?' if query else ''}{query}`", f"{body}{route.description}"


def _amendments(amendments: Sequence[deviations.Amendment]) -> str:
    schemas: dict[tuple[str, str], list[str]] = {}
    for amendment in amendments:
        schemas.setdefault((amendment.field, amendment.reason), []).append(f"`{amendment.schema}`")
    rows = [(f"`{field}`", ", ".join(names), reason) for (field, reason), names in schemas.items()]
    return _table(("field", "schema", "reason"), rows)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


_TABLES = {table.__name__: table for table in (requests, responses, statuses, additional_routes, jobs, control)}
