from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from demo.__main__ import parse
from demo.dag_names import dag_names
from harness.emulator import ROOT

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = """
from airflow import sdk
from airflow.sdk import DAG, dag

with DAG("positional"), sdk.DAG(schedule=None, dag_id="by_name"):
    pass
DAG(f"id_{1}")

@dag
def decorated(): ...

@sdk.dag(dag_id="decorated_with_an_id")
def other(): ...

@dag(schedule=None)
def called(): ...
"""


def test_ids_are_read_from_the_files(tmp_path: Path) -> None:
    (tmp_path / "several.py").write_text(CONTENT, encoding="utf-8")
    (tmp_path / "broken.py").write_text("with DAG(", encoding="utf-8")
    names = {"positional", "by_name", "decorated", "decorated_with_an_id", "called", "broken"}
    assert dag_names(tmp_path) == names


def test_every_example_is_found_under_the_name_of_its_file() -> None:
    assert dag_names(ROOT / "example_dags") == {file.stem for file in (ROOT / "example_dags").glob("example_*.py")}


@pytest.mark.parametrize("name", ["all", "example_many_models"])
def test_a_known_name_is_accepted(name: str) -> None:
    assert parse(["--dag", name]).dag == name


@pytest.mark.parametrize("name", ["example_many_model", "", "../example_many_models"])
def test_an_unknown_name_fails_at_once_with_the_known_ones(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(["--dag", name])
    assert caught.value.code == 2
    output = capsys.readouterr().err
    assert f"contains no DAG {name!r}" in output
    assert "example_many_models" in output
