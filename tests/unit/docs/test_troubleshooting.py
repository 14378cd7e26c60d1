"""The error texts that the documentation quotes exist in the code."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from datarobot_provider.jobs.kinds import KINDS
from datarobot_provider.jobs.messages import OUTCOME_PHRASES

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "datarobot_provider"
PAGE = ROOT / "docs" / "troubleshooting.md"
#: Stands for a value in a quotation and in the code.
VALUE = "…"
MIN_LENGTH = 15


def literal(node: ast.expr) -> str:
    """Return a string of the code; its values are replaced."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    parts = node.values if isinstance(node, ast.JoinedStr) else []
    return "".join(literal(part) if isinstance(part, ast.Constant) else VALUE for part in parts)


@cache
def texts() -> tuple[str, ...]:
    """Return the strings of the code, and the headlines that it composes."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in sorted(PACKAGE.rglob("*.py"))]
    nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant | ast.JoinedStr)]
    composed = [f"The {kind.title} {phrase}." for kind in KINDS.values() for phrase in OUTCOME_PHRASES.values()]
    return (*filter(None, map(literal, nodes)), *composed)


def quotations() -> list[str]:
    """Return the quoted texts in the first column of the tables."""
    rows = re.findall(r"^\| (.+?) \| .+ \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    quoted = [text for cell in rows for text in re.findall(r"`([^`]+)`", cell)]
    return [text for text in quoted if " " in text]


def exists(quotation: str) -> bool:
    """Return whether one string of the code contains all parts of a quotation in its order."""
    parts = [re.escape(part.strip()) for part in quotation.split(VALUE) if part.strip()]
    pattern = re.compile(".*".join(parts), re.DOTALL)
    return any(pattern.search(text) for text in texts())


@pytest.mark.parametrize("quotation", quotations())
def test_a_quoted_text_exists_in_the_code(quotation):
    assert len(quotation.replace(VALUE, "").strip()) >= MIN_LENGTH
    assert exists(quotation)


def test_the_page_quotes_many_texts():
    assert len(quotations()) > 40


def test_other_texts_are_not_found():
    assert not exists("The dependency build exploded")
    assert not exists("… rendered to …. Check the weather")
