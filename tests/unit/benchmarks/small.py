"""Run the benchmarks with few waits and few bytes."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks.bench import Sample
from benchmarks.subprocesses import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def measured(folder: Path, *arguments: str) -> list[Sample]:
    """Run the benchmarks with these arguments and return the samples."""
    results = folder / "results.json"
    argv = [sys.executable, "-m", "benchmarks", "--small", "--results", str(results), *arguments]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    return [Sample(**sample) for sample in json.loads(results.read_text(encoding="utf-8"))["samples"]]
