"""The documentation: every snippet of the guides is a valid DAG file, every name and link exists."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from airflow.models import DagBag

from datarobot_provider.core.arguments import converters, declarations
from docs._generate.contract import ROOT
from tests.unit.operators.catalogue import TASKS

GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMES = {task.__name__ for task in TASKS}
#: Operators of the crash tests in docs/reliability.md.
NAMES_OF_THE_TESTS = {"CreateTwoModelsOperator"}
# The snippets of the testing guide are tests; tests/system runs them.
SNIPPETS = [
    (f"{page.stem}_{number}", snippet)
    for page in GUIDES
    if page.stem != "testing"
    for number, snippet in enumerate(
        re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    )
]
EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
#: Pages about the operators of DataRobot's own provider, and about adding operators.
OTHER_NAMES = {"migrating.md", "CONTRIBUTING.md"}


def is_unresolved(value):
    """Return whether Airflow renders an argument before the task runs."""
    return hasattr(value, "resolve") or (isinstance(value, str) and "{{" in value)


def fitting_value(task, argument):
    """Return a valid value for an argument that Airflow would render."""
    converter = declarations.converters(type(task)).get(argument, converters.string)
    for value in ("65a0000000000000000000a1", "true", "5", '["a"]', '[{"a": 1}]', '{"a": 1}'):
        with suppress(converters.ConversionError):
            converter(value)
            return value
    raise AssertionError(f"no valid value for {argument}")


@pytest.mark.parametrize(("name", "snippet"), SNIPPETS, ids=[name for name, _ in SNIPPETS])
def test_a_snippet_is_a_dag_file(tmp_path, monkeypatch, name, snippet):
    monkeypatch.delenv("AIRFLOW_CONN_DATAROBOT_DEFAULT", raising=False)
    file = tmp_path / f"{name.replace('-', '_')}.py"
    file.write_text(snippet, encoding="utf-8")
    bag = DagBag(dag_folder=str(file))
    assert bag.import_errors == {}
    (dag,) = bag.dags.values()
    tasks = [task for task in dag.tasks if type(task) in TASKS]
    assert tasks
    for task in tasks:
        if getattr(task, "folder", None) is not None:
            # The folder must exist, because the task checks its files.
            task.folder = str(tmp_path)
        for argument in task.template_fields:
            if is_unresolved(getattr(task, argument)):
                setattr(task, argument, fitting_value(task, argument))
        task.check()


@pytest.mark.parametrize("page", [page for page in GUIDES if page.stem != "README"], ids=lambda page: page.stem)
def test_a_guide_has_a_snippet_and_a_section_about_errors(page):
    text = page.read_text(encoding="utf-8")
    assert text.count("```python\n") == (3 if page.stem == "testing" else 1)
    assert text.startswith("# ")
    assert "\n## Errors\n" in text
    assert f"({page.name})" in (page.parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in OTHER_NAMES], ids=lambda page: page.stem)
def test_a_page_contains_only_existing_operators(page):
    names = re.findall(r"`(\w+(?:Operator|Sensor))\b", page.read_text(encoding="utf-8"))
    assert set(names) - NAMES_OF_THE_TESTS <= NAMES


def test_every_operator_and_sensor_is_in_a_guide():
    text = "".join(page.read_text(encoding="utf-8") for page in GUIDES)
    assert {name for name in NAMES if f"`{name}" not in text} == set()


def anchors(page):
    """Return the anchors of the headings of a page, as GitHub and the site form them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@EVERY_PAGE
def test_links_between_the_pages_have_targets(page):
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text(encoding="utf-8")):
        linked = page.parent / target if target else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), f"{target}#{anchor}"
