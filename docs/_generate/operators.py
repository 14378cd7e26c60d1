"""The page of all operators and sensors."""

from __future__ import annotations

import inspect

from datarobot_provider.jobs.kinds import KINDS
from docs._generate.contract import API, AREAS, area_of
from docs._generate.docstrings import Documented, cell, documented
from docs._generate.routes import first_route, named_operations, named_pairs
from tests.unit.operators.catalogue import JOB_OPERATORS, SENSORS, TASKS, required_arguments

_HEAD = """\
# Operators and sensors

One table for each area of the API, then every operator and sensor with its arguments. The texts are those of the
docstrings. [Guides](guides/) say when to use which; [coverage](coverage.md) says which operation of the API is behind
it.

This page is written by `python docs/generate.py` (or `make docs`); a test fails when it is out of date.

"Cancels" says whether killing the task, or its timeout, cancels the job on DataRobot.
"""
_COMMON = """\
Every operator and sensor takes Airflow's own arguments (`task_id`, `retries`, `trigger_rule`, …) besides. In the
tables an argument in **bold** has to be given.
"""


def page() -> str:
    """Return ``operators.md``."""
    lines = [_HEAD, _COMMON]
    for area in AREAS:
        tasks = [task for task in TASKS if _area(task) == area]
        if tasks:
            lines += [f"## {area}", "", *_overview(tasks), ""]
            lines += [line for task in tasks for line in _section(task)]
    return "\n".join(lines).rstrip() + "\n"


def routes_of(task: type) -> list[str]:
    """Return the operations of a task, as method and route below the root of the API."""
    text = inspect.getdoc(task) or ""
    named = [(operation.method, operation.route) for operation in named_operations(text)] or [*named_pairs(text)]
    return [f"{method} `{route.removeprefix(API)}`" for method, route in named if route != f"{API}/"] or ["any"]


def cancels(task: type) -> str:
    """Return whether killing a task cancels its job."""
    if task in SENSORS:
        return "no, it only watches"
    if task not in JOB_OPERATORS:
        return "-"
    return "yes" if KINDS[task.kind].cancel else "no, the API cannot"


def _area(task: type) -> str:
    return area_of(first_route(inspect.getdoc(task) or ""))


def _overview(tasks: list[type]) -> list[str]:
    lines = ["| operator, sensor | route | arguments | returns | cancels |", "|---|---|---|---|---|"]
    for task in tasks:
        documentation = documented(task)
        name = f"[`{task.__name__}`](#{task.__name__.lower()})"
        routes = "<br>".join(routes_of(task))
        arguments = ", ".join(_argument(task, argument) for argument in documentation.arguments)
        lines.append(f"| {name} | {routes} | {arguments} | {cell(documentation.returns)} | {cancels(task)} |")
    return lines


def _section(task: type) -> list[str]:
    documentation = documented(task)
    module = f"`from {task.__module__} import {task.__name__}`"
    lines = [f"### {task.__name__}", "", documentation.summary, "", module, ""]
    if documentation.more:
        lines += [documentation.more, ""]
    lines += ["| argument | |", "|---|---|"]
    lines += [f"| {_argument(task, name)} | {cell(text)} |" for name, text in documentation.arguments.items()]
    return [*lines, "", f"Returns: {documentation.returns}", *_raises(documentation), ""]


def _raises(documentation: Documented) -> list[str]:
    return [line for name, text in documentation.raises.items() for line in ("", f"Raises `{name}` {text}")]


def _argument(task: type, name: str) -> str:
    return f"**`{name}`**" if name in required_arguments(task) else f"`{name}`"
