"""OpenLineage events, asset events and reports of failures, of DAGs that Airflow runs with the emulator.

OpenLineage's own client writes the events to a file.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.system.test_pytest_plugin import run_pytest

pytestmark = [pytest.mark.full, pytest.mark.timeout(400)]

RUNS = Path(__file__).parent / "runs" / "lineage_and_reports.py"
MODEL, ASSISTANT = "customModels/65a0000000000000000000a1", "customModels/65a0000000000000000000a3"
DATASET = "datasets/65a0000000000000000000d1"
DEPLOYMENT = "deployments/65a0000000000000000000f1"
WAITS = pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "deferred"])

Json = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the DAGs; return the folder with the results."""
    folder = tmp_path_factory.mktemp("lineage")
    shutil.copy(RUNS, folder / "test_runs.py")
    transport = {"type": "file", "log_file_path": str(folder / "lineage.jsonl"), "append": True}
    output = run_pytest(folder, AIRFLOW__OPENLINEAGE__TRANSPORT=json.dumps(transport))
    assert re.search(r"^7 passed in", output, re.MULTILINE), output[-5000:]
    assert "emulator-token" not in (folder / "lineage.jsonl").read_text(encoding="utf-8")
    return folder


def read(folder: Path, name: str) -> Any:
    """Return the results that the runs have written."""
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def lines(folder: Path, name: str) -> list[Any]:
    """Return the values of a file with one JSON value in each line."""
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def event(folder: Path, job: str, event_type: str) -> Json:
    """Return the only event of a type of a task."""
    (found,) = (
        each for each in lines(folder, "lineage") if each["job"]["name"] == job and each["eventType"] == event_type
    )
    return found


def datasets(found: list[Json]) -> list[tuple[str, str | None]]:
    """Return the names and the versions of datasets."""
    assert {re.sub(r"\d+$", "", each["namespace"]) for each in found} <= {"datarobot://127.0.0.1:"}
    return [(each["name"], each["facets"].get("version", {}).get("datasetVersion")) for each in found]


@WAITS
def test_the_events_contain_what_the_tasks_read_and_create(folder: Path, deferrable: bool) -> None:
    ids = read(folder, f"ids_{deferrable}")
    version = (MODEL, ids["version"])
    validation = (f"genai/customModelVectorDatabaseValidations/{ids['validation']}", None)
    expected = {
        "version": ([(DATASET, None)], [version]),
        "build": ([version], []),
        "test": ([version, (DATASET, None)], []),
        "impact": ([version], []),
        "validation": ([(DEPLOYMENT, None)], [validation]),
    }
    found = {name: event(folder, f"life_cycle_{deferrable}.{name}", "COMPLETE") for name in expected}
    assert {name: (datasets(each["inputs"]), datasets(each["outputs"])) for name, each in found.items()} == expected
    jobs = {name: each["run"]["facets"]["externalQuery"] for name, each in found.items()}
    assert {name: jobs[name]["externalQueryId"] for name in ids} == ids
    assert all(job["source"].startswith("http://127.0.0.1:") for job in jobs.values())


@WAITS
def test_the_start_events_contain_the_inputs(folder: Path, deferrable: bool) -> None:
    starts = [
        each
        for each in lines(folder, "lineage")
        if each["job"]["name"] == f"life_cycle_{deferrable}.test" and each["eventType"] == "START"
    ]
    assert starts
    for each in starts:
        assert (len(each["inputs"]), each["outputs"]) == (2, [])


def test_the_events_of_deferred_tasks_are_the_same(folder: Path) -> None:
    for name in ("version", "build", "test", "impact", "validation"):
        worker, deferred = (event(folder, f"life_cycle_{each}.{name}", "COMPLETE") for each in (False, True))
        for side in ("inputs", "outputs"):
            assert [set(each["facets"]) for each in worker[side]] == [set(each["facets"]) for each in deferred[side]]
            assert [each["namespace"] for each in worker[side]] == [each["namespace"] for each in deferred[side]]
        assert set(worker["run"]["facets"]) == set(deferred["run"]["facets"])


def test_guards_are_lineage_from_a_model_to_its_new_version(folder: Path) -> None:
    found = event(folder, "guards.guards", "COMPLETE")
    assert datasets(found["inputs"]) == [(ASSISTANT, None)]
    assert datasets(found["outputs"]) == [(ASSISTANT, read(folder, "ids_guards")["guards"])]


@WAITS
def test_a_failed_task_has_its_inputs_its_job_and_the_error(folder: Path, deferrable: bool) -> None:
    found = event(folder, f"failure_{deferrable}.test", "FAIL")
    assert datasets(found["inputs"]) == [(MODEL, "65a0000000000000000000a2"), (DATASET, None)]
    assert found["run"]["facets"]["externalQuery"]["externalQueryId"]
    assert "The model test failed." in found["run"]["facets"]["errorMessage"]["message"]


def test_each_new_version_has_an_asset_event(folder: Path) -> None:
    model, assistant = (f"datarobot://datarobot_default/{name}" for name in (MODEL, ASSISTANT))
    events = read(folder, "asset_events")
    assert [(uri, aliases) for uri, _, aliases in events] == [
        (model, ["versions_False"]),
        (model, ["versions_True"]),
        (assistant, []),
    ]
    created = [read(folder, f"ids_{each}")["version"] for each in (False, True)] + [
        read(folder, "ids_guards")["guards"]
    ]
    assert [extra["custom_model_version_id"] for _, extra, _ in events] == created
    assert {extra["custom_model_id"] for _, extra, _ in events} == {MODEL[-24:], ASSISTANT[-24:]}
    assert all(re.fullmatch(r"\d+\.\d+", extra["label"]) for _, extra, _ in events)


def test_the_reports_contain_what_is_known_about_the_failures(folder: Path) -> None:
    reports = dict(lines(folder, "reports"))
    assert set(reports) == {"failure_False", "failure_True", "refusal"}
    for name in ("failure_False", "failure_True"):
        assert reports[name].startswith(f"Task {name}.test failed, attempt 1\nThe model test failed.\n")
        assert "errorCheck           failed     SyntaxError: '(' was never closed {{ 7 * 7 }}" in reports[name]
        assert "lines of the job's log:\n  | Testing custom model" in reports[name]
        assert "\nSee: http://127.0.0.1:" in reports[name]
        assert "\nTask: http://localhost:8080/dags/" in reports[name]
    assert "\nRequest id: " in reports["refusal"]
    assert "emulator-token" not in "".join(reports.values())
