"""The benchmarks run, with few waits and few bytes and without the peers; no number is judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import ROWS
from benchmarks.bench import Sample, of

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    results = tmp_path_factory.mktemp("bench") / "results.json"
    # The row about latency needs a real Airflow: tests/system has it.
    rows = [row for row in ROWS if row != "latency"]
    argv = [sys.executable, "-m", "benchmarks", *rows, "--small", "--repetitions", "1", "--results", str(results)]
    argv += ["--clients", "ours,bare,bare_spread,requests"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    return [Sample(**sample) for sample in json.loads(results.read_text(encoding="utf-8"))["samples"]]


def test_every_row_is_measured_without_an_error(samples):
    assert {sample.row for sample in samples} == {"waiting", "transfers", "files", "imports", "requests"}
    assert [sample for sample in samples if "error" in sample.result] == []


@pytest.mark.parametrize("client", ["ours", "bare", "bare_spread"])
def test_waits_look_over_few_connections(samples, client):
    (result,) = of(samples, "waiting", "5 waits, 0.2 s apart", client)
    assert result["looks"] >= 15
    assert result["requests"] == result["looks"]
    assert 1 <= result["connections"] <= 5
    assert min(result["cpu"], result["cpu_all"], result["stall"]) > 0


@pytest.mark.parametrize("way", ["upload", "download"])
def test_ours_moves_a_model(samples, way):
    (result,) = of(samples, "transfers", way, "ours")
    assert min(result["rate"], result["cpu"], result["memory"]) > 0


@pytest.mark.parametrize("case", ["1 file", "100 files", "1,000 files", "1,000 files, at most 256 open"])
def test_ours_uploads_many_files(samples, case):
    (result,) = of(samples, "files", case, "ours")
    assert 0 < result["files"] < 256


def test_every_request_of_a_pipeline_run_has_a_reason(samples):
    rows = [sample for sample in samples if sample.row == "requests"]
    assert len({sample.case for sample in rows}) == 7
    assert [sample for sample in rows if sample.result["why"] == "**none**"] == []


def test_imports_add_modules(samples):
    (result,) = of(samples, "imports", "Airflow 3", "ours")
    assert result["modules"] > 10
