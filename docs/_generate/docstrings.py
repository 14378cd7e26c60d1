"""Docstrings of operators and sensors, taken apart and put into Markdown."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass

from docs._generate.contract import NOUNS, noun_of, slug
from docs._generate.routes import first_route
from tests.unit.operators.catalogue import TASKS

_TASKS = {task.__name__: task for task in TASKS}
_FIELD = re.compile(r"^:(param|returns|raises)\s*(\w*):\s*", re.MULTILINE)
_PACKAGE = "datarobot_provider."


@dataclass(frozen=True)
class Documented:
    """What a docstring says of a task."""

    summary: str
    more: str
    arguments: dict[str, str]
    returns: str
    raises: dict[str, str]


def documented(task: type) -> Documented:
    """Return what the docstring of an operator or sensor says; arguments that a base documents come last."""
    text, fields = _taken_apart(task)
    summary, _, more = text.partition("\n\n")
    arguments = {name: body for kind, name, body in fields if kind == "param"}
    for base in task.__mro__[1:]:
        if base.__module__.startswith(_PACKAGE):
            inherited = {name: body for kind, name, body in _taken_apart(base)[1] if kind == "param"}
            arguments = {**arguments, **{k: v for k, v in inherited.items() if k not in arguments}}
    returns = next((body for kind, _, body in fields if kind == "returns"), "")
    raises = {name: body for kind, name, body in fields if kind == "raises"}
    return Documented(markdown(summary), markdown(more), arguments, returns, raises)


def _taken_apart(task: type) -> tuple[str, list[tuple[str, str, str]]]:
    """Return the text of a class's own docstring, and its fields: kind, name, body."""
    text = inspect.cleandoc(task.__doc__ or "")
    pieces = _FIELD.split(text)
    fields = zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True)
    return pieces[0].strip(), [(kind, name, markdown(body)) for kind, name, body in fields]


def markdown(text: str) -> str:
    """Return reStructuredText as Markdown, paragraphs on one line each."""
    paragraphs = (" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n"))
    joined = "\n\n".join(paragraphs)
    return re.sub(r":class:`(\w+)`", _reference, joined).replace("``", "`")


def cell(text: str) -> str:
    """Return a text that fits into a table."""
    return " ".join(text.split()).replace("|", "\\|")


def noun_of_task(task: type) -> str:
    """Return the noun of the API that a task belongs to, by its module or by its route."""
    module = task.__module__.rpartition(".")[2].replace("_", " ").capitalize()
    return module if module in NOUNS else noun_of(first_route(inspect.getdoc(task) or ""))


def link(task: type) -> str:
    """Return a link from a page of the reference to the section of a task."""
    name = task.__name__
    return f"[`{name}`]({slug(noun_of_task(task))}.md#{name.lower()})"


def _reference(match: re.Match[str]) -> str:
    """Return the name of a class, with a link if it is an operator or a sensor."""
    name = match[1]
    return link(_TASKS[name]) if name in _TASKS else f"`{name}`"
