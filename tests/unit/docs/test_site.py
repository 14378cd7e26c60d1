"""The documentation site: complete navigation, no warnings, nothing from other hosts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from datarobot_provider import __version__

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
#: What a browser loads without a click.
LOADED = re.compile(r'<(?:script|img|iframe|source)\b[^>]*\bsrc="([^"]+)"|<link\b[^>]*\bhref="([^"]+)"')


def pages_of(nav):
    """Return the pages in a part of the navigation."""
    for entry in nav:
        for target in entry.values() if isinstance(entry, dict) else [entry]:
            yield from [target] if isinstance(target, str) else pages_of(target)


def test_every_page_is_in_the_navigation_once():
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    assert sorted(pages_of(config["nav"])) == sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md"))


def test_the_changelog_begins_with_the_version_of_the_package():
    releases = re.findall(r"^## (.+)$", (DOCS / "changelog.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert releases[0] == __version__


def test_the_first_screen_of_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(readme.splitlines()) <= 120
    first = readme.partition("\n## ")[0]
    assert [command for command in ("git clone", "make demo", "make test") if command not in first] == []
    assert len(re.search(r"^```python test\n(.*?)^```", first, re.MULTILINE | re.DOTALL)[1].splitlines()) <= 10
    assert re.findall(r"^## (.+)$", readme, re.MULTILINE)[0] == "Coming from DataRobot's provider"


@pytest.mark.full
def test_the_site_is_built_without_warnings_and_loads_nothing_from_other_hosts(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    html = list(tmp_path.rglob("*.html"))
    assert len(html) > len(list(DOCS.rglob("*.md")))  # and 404.html
    loaded = {a or b for page in html for a, b in LOADED.findall(page.read_text(encoding="utf-8"))}
    assert loaded
    assert [url for url in sorted(loaded) if re.match(r"(\w+:)?//", url)] == []
