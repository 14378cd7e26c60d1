from __future__ import annotations

import pytest

from datarobot_provider.exceptions import MalformedResponseError, TransportError
from datarobot_provider.jobs.events import JobEvent
from datarobot_provider.jobs.job_client import JobClient
from datarobot_provider.jobs.model import JobRef, Outcome, Verdict
from tests.unit.jobs.scripted_waits import VERSION, ref_of
from tests.unit.support import ORIGIN, TOKEN, FakeApi, response

BUILD, LOG = "customModels/m/versions/v/dependencyBuild/", "customModels/m/versions/v/dependencyBuildLog/"
IMPACT = "customModels/m/versions/v/featureImpact/"
TAIL = "customModelTests/t/tail/?lines=50"


@pytest.fixture
def fake() -> FakeApi:
    return FakeApi()


@pytest.fixture
def messages() -> list:
    return []


@pytest.fixture
def jobs(fake, messages) -> JobClient:
    return JobClient(fake.client(), messages.append)


def success(kind: str, result: str | None = None) -> JobEvent:
    return JobEvent(ref_of(kind), Verdict(Outcome.SUCCEEDED, result=result))


def test_the_first_page_in_the_last_poll_is_not_taken_for_the_result(fake, jobs):
    rest = f"{ORIGIN}/api/v2/{IMPACT}?offset=1"
    fake.on("GET", IMPACT, response(body={"featureImpacts": [{"featureName": "a"}], "next": rest}))
    fake.on("GET", f"{IMPACT}?offset=1", response(body={"featureImpacts": [{"featureName": "b"}], "next": None}))
    first = {"featureImpacts": [{"featureName": "a"}], "next": rest}
    event = JobEvent(ref_of("feature_impact"), Verdict(Outcome.SUCCEEDED, found=first))
    assert jobs.result(event)["featureImpacts"] == [{"featureName": "a"}, {"featureName": "b"}]


def test_a_complete_result_in_the_last_poll_is_not_requested_again(fake, jobs):
    found = {"featureImpacts": [{"featureName": "a"}], "next": None}
    assert jobs.result(JobEvent(ref_of("feature_impact"), Verdict(Outcome.SUCCEEDED, found=found))) == found
    assert fake.requests == []


def test_wait_returns_an_event_and_reports_the_states(fake, jobs, messages):
    fake.on("GET", BUILD, response(body={"buildStatus": "success"}))
    event = jobs.wait(ref_of("dependency_build"), deadline=0, poll_interval=1)
    assert (event.ref, event.verdict.outcome) == (ref_of("dependency_build"), Outcome.SUCCEEDED)
    assert [note.text for note in messages] == ["The dependency build succeeded."]


def test_poll_once_returns_an_event(fake, jobs):
    fake.on("GET", BUILD, response(body={"buildStatus": "processing"}))
    assert jobs.poll_once(ref_of("dependency_build")).verdict.outcome is Outcome.PENDING


@pytest.mark.parametrize(
    ("scripted", "report"),
    [
        (response(204), "was cancelled"),
        (response(404), "already ended"),
        (response(409), "already ended"),
        (response(422), "already ended"),
        (response(403), "may still be running"),
        (TransportError("x", reason="lost", sent=True), "may still be running"),
    ],
)
def test_cancel_sends_one_delete_and_never_raises(fake, jobs, scripted, report):
    fake.on("DELETE", BUILD, scripted)
    assert report in jobs.cancel(ref_of("dependency_build")).report
    assert fake.paths("DELETE") == [BUILD]


def test_cancel_sends_nothing_if_the_job_cannot_be_cancelled(fake, jobs):
    assert "cannot cancel" in jobs.cancel(ref_of("feature_impact")).report
    assert fake.requests == []


@pytest.mark.parametrize(
    ("scripted", "lines"),
    [
        (response(200, b"one\ntwo\r\nthree"), ["one", "two", "three"]),
        (response(body={"log": "one\ntwo\n"}), ["one", "two"]),
        (response(body={"data": "one\ntwo\n"}), ["one", "two"]),
        (response(body={"log": None}), []),
        (response(body={}), []),
        (response(200, b""), []),
        (response(200, b"[12] a line that looks like JSON"), ["[12] a line that looks like JSON"]),
        (response(200, b"\x1f\x8b\x00\x00tar"), ["(a binary log of 7 bytes)"]),
        (response(body={"data": "PK\u0000\u0001"}), ["(a binary log of 26 bytes)"]),
        (response(200, f"auth: Bearer {TOKEN}".encode()), ["auth: Bearer ***"]),
        (
            response(404, {"message": "No log"}),
            [f"(the log could not be read: DataRobot returned 404 for GET {LOG}: No log)"],
        ),
        (TransportError("no response", reason="lost", sent=True), ["(the log could not be read: no response)"]),
    ],
)
def test_a_log_of_any_format_is_returned_as_lines(fake, jobs, scripted, lines):
    fake.on("GET", LOG, scripted)
    assert jobs.log_tail(ref_of("dependency_build")) == lines


def test_only_the_last_lines_of_a_long_log_are_returned(fake, jobs):
    fake.on("GET", TAIL, response(body={"log": "\n".join(map(str, range(500)))}))
    assert jobs.log_tail(ref_of("model_test")) == [str(number) for number in range(450, 500)]


@pytest.mark.parametrize("ref", [ref_of("feature_impact"), JobRef("model_test", {"status_id": "s"})])
def test_a_job_without_a_log_has_no_lines(fake, jobs, ref):
    assert jobs.log_tail(ref) == []
    assert fake.requests == []


def test_the_result_is_the_resource(fake, jobs):
    fake.on("GET", BUILD, response(body={"buildStatus": "success"}))
    assert jobs.result(success("dependency_build")) == {"buildStatus": "success"}


def test_the_result_of_a_status_record_is_its_location(jobs):
    assert jobs.result(success("task_status", "customModels/1/?x=2")) == f"{ORIGIN}/api/v2/customModels/1/?x=2"
    assert jobs.result(success("task_status")) is None


def test_a_result_is_read_from_the_location_if_its_route_lacks_an_id(fake, jobs):
    fake.on("GET", "customModels/m/versions/new/", response(body={"id": "new"}))
    event = JobEvent(
        ref_of("version_from_repository"), Verdict(Outcome.SUCCEEDED, result="customModels/m/versions/new/")
    )
    assert jobs.result(event) == {"id": "new"}


def test_the_pages_of_the_impacts_are_merged(fake, jobs):
    fake.on(
        "GET",
        IMPACT,
        response(
            body={"featureImpacts": [{"featureName": "a"}], "next": f"{ORIGIN}/api/v2/{IMPACT}?offset=1", "rowCount": 5}
        ),
    )
    fake.on(
        "GET",
        f"{IMPACT}?offset=1",
        response(body={"featureImpacts": [{"featureName": "b"}], "next": f"{ORIGIN}/api/v2/{IMPACT}?offset=2"}),
    )
    fake.on("GET", f"{IMPACT}?offset=2", response(body={"featureImpacts": None, "next": None}))
    result = jobs.result(success("feature_impact"))
    assert [impact["featureName"] for impact in result["featureImpacts"]] == ["a", "b"]
    assert (result["rowCount"], result["next"]) == (5, None)


def test_circular_pages_of_impacts_are_refused(fake, jobs):
    fake.on("GET", IMPACT, response(body={"featureImpacts": [], "next": f"{ORIGIN}/api/v2/{IMPACT}"}))
    with pytest.raises(MalformedResponseError, match="the URL of a previous page"):
        jobs.result(success("feature_impact"))


@pytest.mark.parametrize(
    ("ref", "page"),
    [
        (ref_of("model_test"), "registry/custom-model-workshop/m/versions/v"),
        (ref_of("vector_database_validation"), "deployments/d/overview"),
        (ref_of("version_from_repository"), "registry/custom-model-workshop/m/assemble"),
        (ref_of("task_status"), None),
        (JobRef("vector_database_validation", {"validation_id": "x"}), None),
        (JobRef("model_test", VERSION), "registry/custom-model-workshop/m/versions/v"),
    ],
)
def test_the_page_of_a_job_requires_its_ids(jobs, ref, page):
    assert jobs.page(ref) == (page and f"{ORIGIN}/{page}")
