"""Render ``docs/performance.md`` from the template and the samples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import latency
from benchmarks.bench import median, results_of
from benchmarks.imports import AIRFLOW_2, AIRFLOW_3
from benchmarks.targets import KB, MB, targets
from benchmarks.waiting import FEW, GROWTH, MANY, SPREAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from benchmarks.bench import Sample

    Show = Callable[[float], str]

TEMPLATE = Path(__file__).parent / "performance_template.md"
NAMES = {
    "ours": "**ours**",
    "shared": "**ours, with a list**",
    "bare": "plain `aiohttp`, synchronous",
    "bare_spread": "plain `aiohttp`, spread",
    "databricks": "databricks",
    "dbt_cloud": "dbt Cloud",
    "http": "http",
    "airbyte": "airbyte",
    "half": "pauses that grow by half",
    "constant": "pauses of 10 s",
    "official": "official client",
    "curl": "curl",
    "requests": "plain `requests`",
    "tls": "plain TLS from memory",
    "datarobot_airflow": "DataRobot's own",
    "airflow": "a timer trigger that fires at that time",
}


def _number(digits: int, scale: float = 1.0) -> Show:
    return lambda value: f"{value / scale:,.{digits}f}"


_WAITING = {
    "CPU s per 1,000 polls": ("cpu", _number(2)),
    "including the start": ("cpu_all", _number(2)),
    "TLS connections": ("connections", _number(0)),
    "memory, MB": ("memory", _number(0, MB)),
    "longest stall, ms": ("stall", _number(0, 1e-3)),
    "s until all have polled": ("start", _number(1)),
}
_SHARED = {
    "requests per interval": ("requests", _number(1)),
    "CPU s per 1,000 waits and interval": ("cpu", _number(3)),
    "TLS connections": ("connections", _number(0)),
    "KB per wait": ("memory", _number(1, KB)),
    "longest stall, ms": ("stall", _number(0, 1e-3)),
    "without garbage collection, ms": ("stall_without_gc", _number(0, 1e-3)),
    "one full collection, ms": ("collection", _number(0, 1e-3)),
}
_INTERVALS = {
    "polls": ("count", _number(1)),
    "average delay, s": ("delay", _number(1)),
    "longest delay, s": ("longest", _number(1)),
}
_TRANSFERS = {
    "MB/s": ("rate", _number(0, MB)),
    "CPU s": ("cpu", _number(2)),
    "memory, MB": ("memory", _number(1, MB)),
}
_FILES = {
    "MB/s": ("rate", _number(0, MB)),
    "open files": ("files", _number(0)),
    "memory, MB": ("memory", _number(1, MB)),
}
_LATENCY = {"s until the next task starts": ("delay", _number(2))}
_IMPORTS = {"CPU, ms": ("cpu", _number(0, 1e-3)), "modules": ("modules", _number(0))}


def page(samples: Sequence[Sample], about: Mapping[str, str]) -> str:
    """Return the page.

    :param samples: the measurements.
    :param about: the table of the machine.
    """
    rendered = tables(samples)
    rendered["imports_airflow_2"] = rendered["imports_airflow_2"] or _NOT_INSTALLED
    return TEMPLATE.read_text(encoding="utf-8").format(machine=table(("", ""), about.items()), **rendered)


def tables(samples: Sequence[Sample]) -> dict[str, str]:
    """Return all tables; a table without measurements is empty."""
    return {
        "targets": _targets(samples),
        "few": _clients(samples, "waiting", FEW.title, _WAITING),
        "many": _clients(samples, "waiting", MANY.title, _WAITING),
        "growth": _growth(samples),
        "shared": _cases(samples, "shared", _SHARED),
        "intervals": _cases(samples, "intervals", _INTERVALS),
        "upload": _clients(samples, "transfers", "upload", _TRANSFERS),
        "download": _clients(samples, "transfers", "download", _TRANSFERS),
        "files": _cases(samples, "files", _FILES),
        "imports": _clients(samples, "imports", AIRFLOW_3, _IMPORTS),
        "requests": _requests(samples),
        "latency": _clients(samples, "latency", latency.CASE, _LATENCY),
        "imports_airflow_2": _clients(samples, "imports", AIRFLOW_2, _IMPORTS),
    }


_NOT_INSTALLED = "Not measured, because it could not be installed on this machine."


def table(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; an empty string if it has no rows."""
    rows = list(lines)
    return "\n".join(f"| {' | '.join(row)} |" for row in (headings, ["---"] * len(headings), *rows)) if rows else ""


def _targets(samples: Sequence[Sample]) -> str:
    lines = ((each.what, each.limit, each.measured, "yes" if each.reached else "**no**") for each in targets(samples))
    return table(("quantity", "target", "measured", "reached"), lines)


def _clients(samples: Sequence[Sample], row: str, case: str, columns: Mapping[str, tuple[str, Show]]) -> str:
    clients = dict.fromkeys(each.client for each in samples if (each.row, each.case) == (row, case))
    lines = ((NAMES[client], *_cells(results_of(samples, row, case, client), columns)) for client in clients)
    return table(("", *columns), lines)


def _cases(samples: Sequence[Sample], row: str, columns: Mapping[str, tuple[str, Show]]) -> str:
    pairs = dict.fromkeys((each.case, each.client) for each in samples if each.row == row)
    lines = ((case, NAMES[client], *_cells(results_of(samples, row, case, client), columns)) for case, client in pairs)
    return table(("", "", *columns), lines)


def _growth(samples: Sequence[Sample]) -> str:
    columns = {**_WAITING, "KB per wait": ("per_wait", _number(1, KB))}
    lines = []
    for case in GROWTH:
        for client in SPREAD:
            results = results_of(samples, "growth", case.title, client)
            shared = [{**result, "per_wait": result["memory"] / case.waits} for result in results]
            if shared:
                lines.append((case.title, NAMES[client], *_cells(shared, columns)))
    return table(("", "", *columns), lines)


def _requests(samples: Sequence[Sample]) -> str:
    found = [each for each in samples if each.row == "requests"]
    lines = [(each.case, f"`{each.client}`", str(each.result["count"]), str(each.result["why"])) for each in found]
    total = sum(int(each.result["count"]) for each in found)
    return table(("task", "request", "number", "reason"), [*lines, ("total", "", str(total), "")] if found else [])


def _cells(results: Sequence[Mapping[str, Any]], columns: Mapping[str, tuple[str, Show]]) -> list[str]:
    """Return the median of each number with its range if there are several measurements; or the error."""
    errors = [str(result["error"]) for result in results if "error" in result]
    if errors:
        return [errors[0].partition(": '")[0], *[""] * (len(columns) - 1)]
    return [_cell(results, name, show) for name, show in columns.values()]


def _cell(results: Sequence[Mapping[str, Any]], name: str, show: Show) -> str:
    middle = median(results, name)
    if middle is None:
        return "-"
    least, most = (show(pick(result[name] for result in results if name in result)) for pick in (min, max))
    return show(middle) if least == most else f"{show(middle)} ({least} to {most})"
