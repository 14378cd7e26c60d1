from __future__ import annotations

from benchmarks.bench import Sample
from benchmarks.latency import CASE
from benchmarks.page import page, tables
from benchmarks.targets import targets

POLLS = {"cpu_all": 1.0, "connections": 50, "memory": 6_000_000, "stall": 0.1, "start": 1.0}


def waiting(client: str, waits: str, cpu: float, row: str = "waiting") -> Sample:
    return Sample(row, waits, client, {**POLLS, "cpu": cpu})


def reached(*samples: Sample) -> dict[str, bool]:
    return {target.what: target.reached for target in targets(samples)}


def test_there_are_no_targets_without_samples():
    assert targets([]) == []


def test_ratio_uses_medians():
    few = "300 waits, 1 s apart"
    ours = [waiting("ours", few, cpu) for cpu in (0.1, 0.9, 9.0)]
    found = reached(*ours, waiting("bare", few, 0.5), waiting("bare_spread", few, 0.61), waiting("http", few, 1.7))
    assert found[f"CPU per poll, compared with plain `aiohttp`, synchronous; {few}"] is False
    assert found[f"CPU per poll, compared with plain `aiohttp`, spread; {few}"] is True
    assert found[f"CPU per poll of the best other provider (http), compared with ours; {few}"] is False
    assert found[f"CPU per poll, compared with plain `aiohttp`, synchronous, start included; {few}"] is True


def test_growth_targets_require_all_cases():
    titles = [
        "300 waits, 1 s apart",
        "1,000 waits, 3.33 s apart",
        "3,000 waits, 10 s apart",
        "10,000 waits, 33.3 s apart",
    ]
    cases = [waiting("ours", title, cpu, "growth") for title, cpu in zip(titles, (1.0, 1.1, 1.2, 1.0), strict=True)]
    what = "CPU per poll, highest compared with lowest, 300 to 10,000 waits"
    assert reached(*cases)[what] is True
    assert reached(*cases)["memory per wait, 10,000 waits"] is True
    assert what not in reached(*cases[:3])


def test_shared_polls_are_compared_with_a_request_per_poll():
    many = "3,000 waits, 10 s apart"
    ours = {"requests": 2.4, "cpu": 0.021, "connections": 2, "memory": 8_200, "stall": 0.09, "stall_without_gc": 0.03}
    found = reached(Sample("shared", many, "shared", ours), Sample("shared", many, "bare_spread", {"cpu": 0.22}))
    assert found == {
        f"requests per interval, shared; {many}": True,
        f"CPU per 1,000 waits and interval, shared; {many}": False,
        f"CPU of plain `aiohttp`, spread, compared with ours, shared; {many}": True,
        f"longest stall, shared; {many}": False,
    }


def test_transfers_and_imports_are_reached():
    found = reached(
        *(Sample("transfers", "upload", name, {"rate": rate, "memory": 33_000_000}) for name, rate in RATES.items()),
        Sample("imports", "Airflow 3", "ours", {"cpu": 0.029, "modules": 41}),
    )
    assert found == {
        "upload of 1 GiB, compared with curl": True,
        "memory of the upload": False,
        "upload of 1 GiB, compared with the official client": False,
        "modules added by importing all modules": False,
        "CPU of importing all modules": True,
    }


def test_latency_target_is_the_difference_to_a_timer():
    delays = {"ours": (2.0, 4.0, 9.0), "airflow": (1.0, 2.0, 3.0)}
    found = reached(
        *(Sample("latency", CASE, name, {"delay": delay}) for name, each in delays.items() for delay in each)
    )
    what = "additional delay of the next task after the end of a remote job"
    assert found == {f"{what} (median)": True, f"{what} (maximum)": False}


RATES = {"ours": 490e6, "curl": 700e6, "official": 99e6}


def test_page_has_medians_ranges_and_errors():
    upload = [Sample("transfers", "upload", "ours", {"rate": rate, "cpu": 1, "memory": 0}) for rate in (2e8, 1e8, 4e8)]
    failed = Sample("files", "1,000 files", "official", {"error": "OSError: Too many open files: 'a/b'"})
    text = page([*upload, failed], {"CPU": "one"})
    assert "| **ours** | 200 (100 to 400) | 1.00 | 0.0 |" in text
    assert "| 1,000 files | official client | OSError: Too many open files |  |  |" in text
    assert "| CPU | one |" in text
    assert tables([])["upload"] == ""
