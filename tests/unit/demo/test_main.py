from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

import demo.__main__
from demo.__main__ import Progress, parse, run
from demo.runner import Stopwatch

if TYPE_CHECKING:
    from pathlib import Path


def task(task_id: str, state: str | None) -> dict[str, Any]:
    return {"task_id": task_id, "map_index": -1, "state": state}


def test_progress_logs_each_change_once(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(Stopwatch())
    progress.watch([task("build", None), task("create", "running")])
    progress.watch([task("build", None), task("create", "running")])
    progress.watch([task("build", "queued"), task("create", "success")])
    output = [re.sub(r"^\[ *\d+\.\d s\] ", "", line) for line in capsys.readouterr().out.splitlines()]
    assert output == ["  create: running", "  build: queued", "  create: success"]


@pytest.mark.parametrize(
    ("argv", "timeout"),
    [([], 600.0), (["--time-scale", "5"], 1800.0), (["--time-scale", "5", "--timeout", "60"], 60.0)],
)
def test_timeout_grows_with_time_scale(argv: list[str], timeout: float) -> None:
    assert parse(argv).timeout == timeout


@pytest.mark.parametrize(
    ("failing", "expected"), [("", "demo: success, 2 of 2"), ("example_b", "demo: failed, 1 of 2")]
)
def test_all_examples_run_in_sequence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, failing: str, expected: str
) -> None:
    for name in ("example_b", "example_a", "example_approve_guards", "helper"):
        (tmp_path / f"{name}.py").touch()
    ran = []

    def run_dag(dag_id: str, *_: object) -> str:
        ran.append(dag_id)
        return "demo: failed, because" if dag_id == failing else "demo: success, 3 tasks"

    monkeypatch.setattr(demo.__main__, "run_dag", run_dag)
    api: Any = None
    outcome = run(parse(["--dag", "all", "--dags-folder", str(tmp_path)]), api, Stopwatch())
    assert outcome == f"{expected} examples succeeded"
    assert ran == ["example_a", "example_b"]
    assert "example_a   success, 3 tasks" in capsys.readouterr().out
