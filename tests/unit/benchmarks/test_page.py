from __future__ import annotations

from benchmarks.bench import Sample
from benchmarks.latency import CASE
from benchmarks.page import page, tables
from benchmarks.targets import targets

LOOKS = {"cpu_all": 1.0, "connections": 50, "memory": 6_000_000, "stall": 0.1, "start": 1.0}


def waiting(client: str, waits: str, cpu: float, **other: float) -> Sample:
    return Sample("waiting", waits, client, {**LOOKS, "cpu": cpu, **other})


def judged(*samples: Sample) -> dict[str, bool]:
    return {target.what: target.reached for target in targets(samples)}


def test_nothing_is_judged_that_was_not_measured():
    assert targets([]) == []


def test_a_ratio_is_that_of_the_medians():
    few = "300 waits, 1 s apart"
    ours = [waiting("ours", few, cpu) for cpu in (0.1, 0.9, 9.0)]
    found = judged(*ours, waiting("bare", few, 0.5), waiting("bare_spread", few, 0.61), waiting("http", few, 1.7))
    assert found[f"CPU per look, over bare `aiohttp` in lock step; {few}"] is False
    assert found[f"CPU per look, over bare `aiohttp` spread out as ours; {few}"] is True
    assert found[f"CPU per look of the best peer (http) over ours; {few}"] is False
    assert found[f"CPU per look, over bare `aiohttp` in lock step, start included; {few}"] is True


def test_the_crowds_are_judged_when_all_were_measured():
    titles = [
        "300 waits, 1 s apart",
        "1,000 waits, 3.33 s apart",
        "3,000 waits, 10 s apart",
        "10,000 waits, 33.3 s apart",
    ]
    cases = [waiting("ours", title, cpu) for title, cpu in zip(titles, (1.0, 1.1, 1.2, 1.0), strict=True)]
    what = "CPU per look, the dearest case over the cheapest, 300 to 10,000 waits"
    assert judged(*cases)[what] is True
    assert judged(*cases)["memory per wait at 10,000"] is True
    assert what not in judged(*cases[:3])


def test_transfers_and_imports_are_judged():
    found = judged(
        *(Sample("transfers", "upload", name, {"rate": rate, "memory": 33_000_000}) for name, rate in RATES.items()),
        Sample("imports", "Airflow 3", "ours", {"cpu": 0.029, "modules": 41}),
    )
    assert found == {
        "upload of 1 GiB, over curl's rate": True,
        "memory of the upload": False,
        "upload of 1 GiB, over the official client's rate": False,
        "modules added by importing everything": False,
        "CPU of importing everything": True,
    }


def test_latency_is_judged_by_what_is_added_to_airflows_own():
    delays = {"ours": (2.0, 4.0, 9.0), "airflow": (1.0, 2.0, 3.0)}
    found = judged(
        *(Sample("latency", CASE, name, {"delay": delay}) for name, each in delays.items() for delay in each)
    )
    what = "start of the next task after the end of a remote job, later than Airflow's own"
    assert found == {f"{what} (median)": True, f"{what} (longest)": False}


RATES = {"ours": 490e6, "curl": 700e6, "official": 99e6}


def test_the_page_has_medians_spreads_and_errors():
    upload = [Sample("transfers", "upload", "ours", {"rate": rate, "cpu": 1, "memory": 0}) for rate in (2e8, 1e8, 4e8)]
    failed = Sample("files", "1,000 files", "official", {"error": "OSError: Too many open files: 'a/b'"})
    text = page([*upload, failed], {"CPU": "one"})
    assert "| **ours** | 200 (100 to 400) | 1.00 | 0.0 |" in text
    assert "| 1,000 files | official client | OSError: Too many open files |  |  |" in text
    assert "| CPU | one |" in text
    assert tables([])["upload"] == ""
