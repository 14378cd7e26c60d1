"""The reference of the operators and sensors: an overview, and one page for each noun of the API."""

from __future__ import annotations

import inspect
import re
from functools import partial
from typing import TYPE_CHECKING

from datarobot_provider.jobs.kinds import KINDS
from docs._generate.arguments import HEADS, cells
from docs._generate.contract import API, NOUNS, OTHER, slug
from docs._generate.docstrings import cell, documented, link, noun_of_task
from docs._generate.routes import named_operations, named_pairs
from tests.unit.operators.catalogue import JOB_OPERATORS, SENSORS, TASKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

#: The guide of each noun.
GUIDES = {
    "Custom models": "custom-models",
    "Custom templates": "custom-templates",
    "Versions": "versions",
    "Dependency builds": "builds-and-tests",
    "Model tests": "builds-and-tests",
    "Feature impact": "insights",
    "Prediction explanations": "insights",
    "Conversions": "conversions",
    "Vector databases": "vector-databases",
    "Guard templates": "guards",
    "Guard configurations": "guards",
    "Moderation": "guards",
    "Prediction server image": "prediction-server-image",
    "Registered models": "registered-models",
    "Deployments": "deployments",
    "Model replacement": "deployments",
    "Predictions": "predictions",
    "Batch predictions": "predictions",
    "Monitoring": "monitoring",
    "Execution environments": "environments",
    "Datasets": "datasets",
    "Data sources": "data-sources",
    "Use cases": "use-cases",
    "Resource bundles": "use-cases",
    "Credentials": "use-cases",
    OTHER: "requests",
}
#: The first sentence of a docstring after the summary, if it contains only what the line "API" contains.
_ROUTE = re.compile(r"^Route: [A-Z]+ `[^`]+`\.\s*")
_OVERVIEW = """\
# Reference

One page for each noun of the API. A page has one section for each operator and sensor, with the module, the route of
the API, the returned value and one row for each argument. `make docs` generates these pages from the docstrings and
the signatures.

* **Default**: `-` means that an argument without a value is not sent, or has no effect.
* **Templated**: whether Airflow renders templates in the argument.
* **Types**: [Arguments and templates](../guides/arguments.md#accepted-values) lists the accepted values. Templates can
  supply every type, because rendered strings are converted. An *object* has the names of the API, in camelCase.
* **Returns**: the XCom of the task.
* **Cancels**: whether a kill or a timeout of the task cancels the job in DataRobot.

Every operator and sensor also accepts Airflow's own arguments (`task_id`, `retries`, `trigger_rule`, ...). The pages
do not repeat them, except for `poke_interval`, `timeout` and `soft_fail` of sensors.

"""


def pages() -> dict[str, Callable[[], str]]:
    """Return the functions that generate the pages, by file name."""
    return {"README.md": overview} | {f"{slug(noun)}.md": partial(page, noun) for noun in NOUNS}


def overview() -> str:
    """Return the page with all operators and sensors."""
    rows = [(f"[{noun}]({slug(noun)}.md)", _links(noun, sensors=False), _links(noun, sensors=True)) for noun in NOUNS]
    return _OVERVIEW + "\n".join(_table(("noun", "operators", "sensors"), rows)) + "\n"


def page(noun: str) -> str:
    """Return the page of a noun."""
    lines = [f"# {noun}", "", f"The guide [{_title(noun)}](../guides/{GUIDES[noun]}.md) explains the use.", ""]
    lines += _table(("operator or sensor", "purpose", "cancels"), [_summary(task) for task in tasks_of(noun)])
    for task in tasks_of(noun):
        lines += ["", *_section(task)]
    return "\n".join(lines) + "\n"


def tasks_of(noun: str) -> list[type]:
    """Return the operators of a noun, then its sensors."""
    return [task for task in TASKS if noun_of_task(task) == noun]


def routes_of(task: type) -> list[str]:
    """Return the operations of a task: method and route."""
    text = inspect.getdoc(task) or ""
    named = [(operation.method, operation.route) for operation in named_operations(text)] or [*named_pairs(text)]
    return [f"{method} `{route}`" for method, route in named if route != f"{API}/"] or [f"any below `{API}/`"]


def cancels(task: type) -> str:
    """Return whether a kill or a timeout of a task cancels its job."""
    if task in SENSORS:
        return "no, a sensor only polls"
    if task not in JOB_OPERATORS:
        return "-"
    return "yes" if KINDS[task.kind].cancel else "not supported by the API"


def _links(noun: str, *, sensors: bool) -> str:
    return "<br>".join(link(task) for task in tasks_of(noun) if (task in SENSORS) is sensors) or "-"


def _title(noun: str) -> str:
    return GUIDES[noun].replace("-", " ").capitalize()


def _summary(task: type) -> tuple[str, ...]:
    return link(task), cell(documented(task).summary), cancels(task)


def _section(task: type) -> list[str]:
    documentation = documented(task)
    lines = [
        f"## {task.__name__}",
        "",
        documentation.summary,
        "",
        f"* Module: `{task.__module__}`",
        f"* API: {', '.join(routes_of(task))}",
        f"* Returns: {documentation.returns}",
        *[f"* Raises `{name}` {text}" for name, text in documentation.raises.items()],
        "",
    ]
    more = _ROUTE.sub("", documentation.more)
    if more:
        lines += [more, ""]
    return [*lines, *_table(HEADS, [cells(task, name, text) for name, text in documentation.arguments.items()])]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(line)} |" for line in (heads, ["---"] * len(heads), *rows)]
