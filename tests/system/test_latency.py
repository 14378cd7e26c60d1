"""A short run of the latency benchmark, without limits for the results."""

from __future__ import annotations

import pytest

from benchmarks.bench import results_of
from benchmarks.latency import CASE
from tests.unit.benchmarks.small import measured


@pytest.mark.full
def test_the_next_task_starts_after_the_end_of_the_job(tmp_path):
    samples = measured(tmp_path, "latency")
    for client in ("ours", "airflow"):
        (result,) = results_of(samples, "latency", CASE, client)
        assert 0 < result["delay"] < 60
