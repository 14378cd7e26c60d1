from __future__ import annotations

import pytest

from datarobot_provider.exceptions import ConflictError, NotFoundError, ServerError, TransportError, ValidationError
from datarobot_provider.jobs.cancel import cancel_path, cancel_report
from datarobot_provider.jobs.model import JobRef
from tests.unit.jobs.walks import IDS, VERSION, ref_of

PATHS = {
    "dependency_build": "customModels/m/versions/v/dependencyBuild/",
    "model_test": "customModelTests/t/",
    "conversion": "customModels/m/versions/v/conversions/c/",
}


@pytest.mark.parametrize("kind", IDS)
def test_the_route_that_stops_a_job_is_known_where_there_is_one(kind):
    assert cancel_path(ref_of(kind)) == PATHS.get(kind)


def test_a_job_whose_id_is_not_known_yet_cannot_be_stopped():
    assert cancel_path(JobRef("model_test", {**VERSION, "status_id": "s"})) is None


def test_a_stopped_job_is_reported():
    assert cancel_report(ref_of("model_test"), "x/") == "The model test was cancelled in DataRobot."


def test_a_job_that_cannot_be_stopped_is_said_to_go_on():
    assert cancel_report(ref_of("feature_impact"), None) == (
        "DataRobot cannot cancel a feature impact computation. It is still running."
    )


@pytest.mark.parametrize("kind", [NotFoundError, ConflictError, ValidationError])
def test_a_job_that_is_over_already_is_no_trouble(kind):
    error = kind(409, "no", method="DELETE", path="x/")
    assert cancel_report(ref_of("model_test"), "x/", error) == (
        "The model test had already ended when DataRobot received the cancellation."
    )


@pytest.mark.parametrize(
    "error",
    [ServerError(503, "down", method="DELETE", path="x/"), TransportError("no response", reason="lost", sent=True)],
)
def test_a_stop_that_failed_is_said_to_have_failed(error):
    report = cancel_report(ref_of("model_test"), "x/", error)
    assert "could not be cancelled and may still be running in DataRobot" in report
    assert str(error) in report
