"""The page about moving from DataRobot's own provider."""

from __future__ import annotations

import ast
import re

import pytest

from datarobot_provider.migrate.findings import findings
from datarobot_provider.migrate.names import imports, resolve
from datarobot_provider.migrate.table import TABLE
from docs._generate import migrating

README = migrating.ROOT / "README.md"


@pytest.fixture(scope="module")
def page():
    return migrating.PAGE.read_text(encoding="utf-8")


def test_tables_are_up_to_date(page):
    assert page.count("<!-- table: ") == page.count("<!-- end -->") == 2
    assert migrating.page() == page, "run: python docs/generate.py"


def test_every_name_is_in_the_page(page):
    rows = re.findall(r"^\| `(\w+)`<br>`([\w.]+)` \|", page, re.MULTILINE)
    assert sorted((module, name) for name, module in rows) == sorted(TABLE)


def test_rows_have_four_cells(page):
    rows = [line for line in page.splitlines() if re.match(r"\| `\w+`<br>", line)]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}


def test_example_uses_only_this_provider(page):
    (example,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    tree = ast.parse(example)
    found = list(imports(tree))
    assert found
    assert [each.path for each in found if resolve(each.path)] == []
    assert findings(tree) == []


def test_readme_links_to_the_page():
    text = README.read_text(encoding="utf-8")
    assert "python -m datarobot_provider.migrate" in text
    assert "docs/migrating.md" in text
