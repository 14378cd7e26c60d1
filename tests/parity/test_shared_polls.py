"""Triggers that share the polls of lists: each ends as a poll on the worker says, whatever the lists contain."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from datarobot_provider.hooks.datarobot import DataRobotHook
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.triggers.job import DataRobotJobTrigger
from tests.parity import prepare
from tests.parity.prepare import VALIDATIONS
from tests.support.emulator import DATASET, DEPLOYMENT

if TYPE_CHECKING:
    from airflow.triggers.base import TriggerEvent

    from tests.support.emulator import EmulatorClient

_LISTS = r"/status/$|/customModelTests/$|/versions/$|DatabaseValidations/$|/batchPredictions/$"
_ENDINGS = ("succeeded", "failed", "cancelled", "expired")
#: Seconds that a job of these tests takes.
_SECONDS = 0.6
_CSV = {"url": "https://data.example.com/houses.csv"}


def start_datasets(datarobot: EmulatorClient) -> list[JobRef]:
    """Start jobs with status records, one for each ending."""
    jobs = []
    for ending in _ENDINGS:
        datarobot.outcome("dataset_upload", ending, seconds=_SECONDS)
        started = datarobot.send("POST", "datasets/fromURL/", json=_CSV)
        ids = {"dataset_id": started["catalogId"], "dataset_version_id": started["catalogVersionId"]}
        jobs.append(JobRef("dataset_from_url", {**ids, "status_id": started["statusId"]}))
    return jobs


def start_validations(datarobot: EmulatorClient) -> list[JobRef]:
    """Start validations, which are listed themselves."""
    body = {"deploymentId": DEPLOYMENT, "promptColumnName": "promptText", "targetColumnName": "relevant"}
    jobs = []
    for ending in ("succeeded", "failed"):
        datarobot.outcome("vector_database_validation", ending, seconds=_SECONDS)
        created = datarobot.send("POST", VALIDATIONS, json=body)["id"]
        jobs.append(JobRef("vector_database_validation", {"validation_id": created, "deployment_id": DEPLOYMENT}))
    return jobs


def start_tests(datarobot: EmulatorClient) -> list[JobRef]:
    """Start model tests of two models. Their waits have no status record, and each list contains one of them."""
    jobs = []
    for ending in ("succeeded", "failed"):
        model_id = datarobot.create_model()
        version_id = datarobot.create_version(model_id, built=True)["id"]
        datarobot.outcome("model_test", ending, seconds=_SECONDS)
        body = {"customModelId": model_id, "customModelVersionId": version_id, "datasetId": DATASET}
        datarobot.send("POST", "customModelTests/", json=body)
        (test,) = datarobot.entries("customModelTests/", customModelId=model_id)
        ids = {"custom_model_id": model_id, "custom_model_version_id": version_id, "custom_model_test_id": test["id"]}
        # Two tasks wait for each test.
        jobs += [JobRef("model_test", ids)] * 2
    return jobs


def start_assignments(datarobot: EmulatorClient) -> list[JobRef]:
    """Start assignments of training data to two versions of one model."""
    jobs = []
    model_id = prepare.model(datarobot)["custom_model_id"]
    for ending in ("succeeded", "failed"):
        datarobot.outcome("training_data", ending, seconds=_SECONDS)
        form = [("isMajorUpdate", "true"), ("baseEnvironmentId", "65a0000000000000000000e1")]
        form.append(("trainingData", f'{{"datasetId": "{DATASET}"}}'))
        form.append(("filePath", "custom.py"))
        files = [("file", ("custom.py", b"def score(data, model):\n    return data\n"))]
        version = datarobot.send("POST", f"customModels/{model_id}/versions/", data=form, files=files)
        ids = {"custom_model_id": model_id, "custom_model_version_id": version["id"]}
        jobs.append(JobRef("training_data_assignment", ids))
    return jobs


def start_batch_predictions(datarobot: EmulatorClient) -> list[JobRef]:
    """Start batch predictions. Their list contains those that are running."""
    body = {
        "deploymentId": DEPLOYMENT,
        "intakeSettings": {"type": "dataset", "datasetId": DATASET},
        "outputSettings": {"type": "localFile"},
    }
    jobs = []
    for ending in ("succeeded", "failed", "cancelled"):
        datarobot.outcome("batch_prediction", ending, seconds=_SECONDS)
        created = datarobot.send("POST", "batchPredictions/", json=body)["id"]
        jobs.append(JobRef("batch_prediction", {"prediction_job_id": created, "deployment_id": DEPLOYMENT}))
    return jobs


START = {
    "datasets": start_datasets,
    "validations": start_validations,
    "tests": start_tests,
    "assignments": start_assignments,
    "batch predictions": start_batch_predictions,
}


async def run_triggers(jobs: list[JobRef], seconds: float = 30.0) -> list[TriggerEvent]:
    """Run one trigger for each job on one event loop; return their events."""

    async def event_of(job: JobRef) -> TriggerEvent:
        trigger = DataRobotJobTrigger(job.dumps(), "datarobot_default", time.time() + seconds, poll_interval=0.05)
        return await anext(trigger.run())

    async with asyncio.timeout(2 * seconds):
        return list(await asyncio.gather(*(event_of(job) for job in jobs)))


def listed(datarobot: EmulatorClient) -> list[dict[str, Any]]:
    """Return the requests for lists."""
    return [each for each in datarobot.requests() if each["method"] == "GET" and each["path"].endswith(_PATHS)]


_PATHS = ("/status/", "/customModelTests/", "/versions/", "DatabaseValidations/", "/batchPredictions/")


def check_events(jobs: list[JobRef], events: list[TriggerEvent]) -> None:
    """Check that every event says what a poll on the worker says now."""
    hook = DataRobotHook("datarobot_default")
    assert [event.payload for event in events] == [hook.jobs.poll_once(job).dump() for job in jobs]


@pytest.mark.parametrize("kind", START)
def test_jobs_are_polled_with_lists(datarobot: EmulatorClient, kind: str) -> None:
    jobs = START[kind](datarobot)
    datarobot.clear_requests()
    events = asyncio.run(run_triggers(jobs))
    check_events(jobs, events)
    lists = listed(datarobot)
    assert len(lists) > 3
    assert {each["status"] for each in lists} == {200}
    # Apart from the end of each job, its own requests are the checks of the list and those of the last wait.
    own = [each for each in datarobot.requests() if each["method"] == "GET" and not each["path"].endswith(_PATHS)]
    assert len(own) < len(jobs) * len(lists)


@pytest.mark.parametrize(
    "settings",
    [
        {"runningOnly": True},
        {"without": ["dataset_upload"]},
        {"late": 0.3},
        {"late": 0.3, "runningOnly": True},
        {"late": 60},
    ],
    ids=str,
)
def test_a_list_may_lack_records_or_be_late(datarobot: EmulatorClient, settings: dict[str, Any]) -> None:
    datarobot.control("POST", "status-list", settings)
    jobs = start_datasets(datarobot)
    check_events(jobs, asyncio.run(run_triggers(jobs)))


@pytest.mark.parametrize(
    "fault",
    [
        *({"status": status} for status in (401, 403, 404, 405, 422, 429, 500, 503)),
        {"status": 429, "retryAfter": 1},
        {"status": 200, "body": {"data": "none"}},
        {"status": 200, "body": [], "contentType": "text/html"},
        {"cut": "inside"},
        {"delay": 0.5},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", START)
def test_a_list_may_be_refused_or_fail(datarobot: EmulatorClient, kind: str, fault: dict[str, Any]) -> None:
    jobs = START[kind](datarobot)
    datarobot.fault("GET", _LISTS, times=None, **fault)
    events = asyncio.run(run_triggers(jobs))
    datarobot.clear_faults()
    check_events(jobs, events)


def test_a_job_that_does_not_end_is_timed_out_by_each_wait(datarobot: EmulatorClient) -> None:
    datarobot.outcome("dataset_upload", "stuck", times=3)
    jobs = []
    for _ in range(3):
        started = datarobot.send("POST", "datasets/fromURL/", json=_CSV)
        ids = {"dataset_id": started["catalogId"], "dataset_version_id": started["catalogVersionId"]}
        jobs.append(JobRef("dataset_from_url", {**ids, "status_id": started["statusId"]}))
    began = time.monotonic()
    events = asyncio.run(run_triggers(jobs, seconds=1.0))
    assert time.monotonic() - began < 3
    assert [event.payload["outcome"] for event in events] == ["timed_out"] * 3
