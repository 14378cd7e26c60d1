"""Run the benchmarks with few waits and few bytes and without other providers; the numbers are not checked."""

from __future__ import annotations

import pytest

from benchmarks.__main__ import ROWS
from benchmarks.bench import results_of
from tests.unit.benchmarks.small import measured

pytestmark = pytest.mark.full

#: The rows of each run. The row latency needs a real Airflow; tests/system runs it.
WAITING, TRANSFERS = ("waiting", "growth", "shared", "intervals", "requests"), ("transfers", "imports")
CLIENTS = "ours,shared,bare,bare_spread,requests"


def measured_rows(tmp_path_factory, rows):
    samples = measured(tmp_path_factory.mktemp("bench"), *rows, "--repetitions", "1", "--clients", CLIENTS)
    assert [sample for sample in samples if "error" in sample.result] == []
    return samples


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    return measured_rows(tmp_path_factory, WAITING)


@pytest.fixture(scope="module")
def transfers(tmp_path_factory):
    return measured_rows(tmp_path_factory, TRANSFERS)


def test_every_row_is_in_a_run():
    assert {*WAITING, *TRANSFERS, "latency"} == set(ROWS)


def test_every_row_is_measured(samples):
    assert {sample.row for sample in samples} == set(WAITING)


def test_transfers_and_imports_are_measured(transfers):
    assert {sample.row for sample in transfers} == {*TRANSFERS, "files"}


@pytest.mark.parametrize("client", ["ours", "bare", "bare_spread"])
def test_waits_share_few_connections(samples, client):
    (result,) = results_of(samples, "waiting", "5 waits, 0.2 s apart", client)
    assert result["polls"] >= 15
    assert result["requests"] == result["polls"]
    assert 1 <= result["connections"] <= 5
    assert min(result["cpu"], result["cpu_all"], result["stall"]) > 0


@pytest.mark.parametrize("way", ["upload", "download"])
def test_provider_transfers_a_model(transfers, way):
    (result,) = results_of(transfers, "transfers", way, "ours")
    assert min(result["rate"], result["cpu"], result["memory"]) > 0


def test_provider_uploads_many_files_and_opens_few(transfers):
    cases = ("1 file", "100 files", "1,000 files", "1,000 files, at most 256 open")
    opened = [result["files"] for case in cases for result in results_of(transfers, "files", case, "ours")]
    assert len(opened) == len(cases)
    # Open files are sampled; a short upload may end before the first sample that could see its file.
    assert 0 < max(opened) < 256


def test_every_request_of_a_pipeline_run_has_a_reason(samples):
    rows = [sample for sample in samples if sample.row == "requests"]
    assert len({sample.case for sample in rows}) == 7
    assert [sample for sample in rows if sample.result["why"] == "**none**"] == []


def test_imports_add_modules(transfers):
    (result,) = results_of(transfers, "imports", "Airflow 3", "ours")
    assert result["modules"] > 10
