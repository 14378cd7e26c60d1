"""The page is the one of the saved results, and the constraints are those of the table of versions."""

from __future__ import annotations

import re

import pytest

from tests.matrix.page import PAGE, load, page
from tests.matrix.parts import PARTS, Counts, Results
from tests.matrix.versions import ROOT, VERSIONS, AirflowVersion

_PIN = re.compile(r"[a-z0-9][a-z0-9-]*==[A-Za-z0-9.!+]+")


def results(**parts: Counts) -> Results:
    return Results("3.1.8", "3.11.7", "2026-01-01", {part.name: parts.get(part.name, Counts(1)) for part in PARTS})


def test_the_page_was_written_from_the_saved_results() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(load()), "run: python -m tests.matrix page"


def test_every_version_has_results_without_a_failure() -> None:
    saved = load()
    assert list(saved) == list(VERSIONS)
    assert [name for name, each in saved.items() if any(part["failed"] for part in each["parts"].values())] == []


@pytest.mark.parametrize("version", VERSIONS.values(), ids=str)
def test_constraints_are_pins_of_the_release(version: AirflowVersion) -> None:
    lines = version.constraints.read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [pin for pin in pins if not _PIN.fullmatch(pin)] == []
    assert f"apache-airflow=={version.release}" in pins
    if version.resolved:
        assert version.resolved in lines[0]


@pytest.mark.parametrize(("counts", "succeeded"), [(Counts(1), True), (Counts(), False), (Counts(2, failed=1), False)])
def test_a_part_without_a_passed_test_is_not_a_success(counts: Counts, succeeded: bool) -> None:
    assert results(**{PARTS[0].name: counts}).succeeded is succeeded


def test_the_page_names_the_versions_without_results() -> None:
    assert f"**No results are saved for Airflow {', '.join(VERSIONS)}.**" in page({})


def test_every_part_has_tests() -> None:
    assert [path for part in PARTS for path in part.paths if not (ROOT / "tests" / path).exists()] == []
