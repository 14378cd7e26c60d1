from __future__ import annotations

import re
from typing import Any

import pytest

from demo.__main__ import Progress, parse
from demo.runner import Stopwatch


def task(task_id: str, state: str | None) -> dict[str, Any]:
    return {"task_id": task_id, "map_index": -1, "state": state}


def test_progress_says_each_change_once(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(Stopwatch())
    progress.watch([task("build", None), task("create", "running")])
    progress.watch([task("build", None), task("create", "running")])
    progress.watch([task("build", "queued"), task("create", "success")])
    said = [re.sub(r"^\[ *\d+\.\d s\] ", "", line) for line in capsys.readouterr().out.splitlines()]
    assert said == ["  create: running", "  build: queued", "  create: success"]


@pytest.mark.parametrize(
    ("argv", "timeout"),
    [([], 600.0), (["--time-scale", "5"], 1800.0), (["--time-scale", "5", "--timeout", "60"], 60.0)],
)
def test_slower_jobs_are_given_more_time(argv: list[str], timeout: float) -> None:
    assert parse(argv).timeout == timeout
