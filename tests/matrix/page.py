"""Creates the page ``docs/compatibility.md`` from the saved results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.matrix.parts import PARTS, Counts, Results
from tests.matrix.versions import ROOT, VERSIONS

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

PAGE = ROOT / "docs" / "compatibility.md"
RESULTS = Path(__file__).with_name("results.json")
TEMPLATE = Path(__file__).with_name("compatibility_template.md")


def load() -> dict[str, Any]:
    """Return the saved results of the releases in the table, by the names of the versions."""
    saved: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    return {
        name: saved[name]
        for name, version in VERSIONS.items()
        if name in saved and saved[name]["airflow"] == version.release
    }


def write() -> None:
    """Write the page."""
    PAGE.write_text(page(load()), encoding="utf-8")


def page(saved: dict[str, Any]) -> str:
    """Return the page for saved results."""
    columns = [
        Results(**{**each, "parts": {name: Counts(**counts) for name, counts in each["parts"].items()}})
        for each in saved.values()
    ]
    results = "\n\n".join([*_missing(saved), *([_results(columns)] if columns else ())])
    return TEMPLATE.read_text(encoding="utf-8").format(results=results, skips=_skips(columns) if columns else "None.")


def _missing(saved: Container[str]) -> Iterator[str]:
    """Yield a sentence if a version has no saved results."""
    names = [name for name in VERSIONS if name not in saved]
    if names:
        yield f"**No results are saved for Airflow {', '.join(names)}.** Run `make test-matrix`."


def _results(columns: Sequence[Results]) -> str:
    rows = [
        ("Python", *(each.python for each in columns)),
        ("other packages as of", *(each.resolved or "the release of the provider" for each in columns)),
        *((part.name, *(_counts(each.parts[part.name]) for each in columns)) for part in PARTS),
        ("duration", *(f"{each.seconds / 60:.0f} min" for each in columns)),
    ]
    return _table(("", *(f"Airflow {each.airflow}" for each in columns)), rows)


def _counts(counts: Counts) -> str:
    text = f"{counts.passed:,} passed"
    text += f", {counts.skipped:,} skipped" if counts.skipped else ""
    return text + (f", **{counts.failed:,} failed**" if counts.failed else "")


def _skips(columns: Sequence[Results]) -> str:
    reasons = sorted({reason for each in columns for reason in each.skips})
    rows = ((reason, *(f"{each.skips.get(reason, '')}" for each in columns)) for reason in reasons)
    return _table(("reason", *(f"{each.airflow}, {each.python}" for each in columns)), rows)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (headings, ["---"] * len(headings), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
