"""The row about latency of the benchmarks, once and short; no number is judged here."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.bench import Sample, of
from benchmarks.latency import CASE
from demo.emulator import ROOT


def test_the_next_task_starts_after_the_end_of_the_job(tmp_path):
    results = tmp_path / "results.json"
    argv = [sys.executable, "-m", "benchmarks", "latency", "--small", "--results", str(results)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    samples = [Sample(**sample) for sample in json.loads(results.read_text(encoding="utf-8"))["samples"]]
    for client in ("ours", "airflow"):
        (result,) = of(samples, "latency", CASE, client)
        assert 0 < result["delay"] < 60
