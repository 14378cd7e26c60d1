from __future__ import annotations

import pytest

from datarobot_provider.exceptions import ConflictError, NotFoundError, ServerError, TransportError, ValidationError
from datarobot_provider.jobs.cancel import cancel_path, cancel_report
from datarobot_provider.jobs.model import JobRef
from tests.unit.jobs.scripted_waits import IDS, VERSION, ref_of

PATHS = {
    "dependency_build": "customModels/m/versions/v/dependencyBuild/",
    "model_test": "customModelTests/t/",
    "conversion": "customModels/m/versions/v/conversions/c/",
    "batch_prediction": "batchPredictions/b/",
}


@pytest.mark.parametrize("kind", IDS)
def test_cancel_path_is_the_route_of_the_kind(kind):
    assert cancel_path(ref_of(kind)) == PATHS.get(kind)


def test_a_job_without_its_id_cannot_be_cancelled():
    assert cancel_path(JobRef("model_test", {**VERSION, "status_id": "s"})) is None


def test_a_cancelled_job_is_reported():
    assert cancel_report(ref_of("model_test"), "x/") == "The model test was cancelled in DataRobot."


def test_a_job_that_cannot_be_cancelled_is_reported_as_running():
    assert cancel_report(ref_of("feature_impact"), None) == (
        "DataRobot cannot cancel a feature impact computation. It is still running."
    )


@pytest.mark.parametrize("kind", [NotFoundError, ConflictError, ValidationError])
def test_a_job_that_has_already_ended_is_not_an_error(kind):
    error = kind(409, "no", method="DELETE", path="x/")
    assert cancel_report(ref_of("model_test"), "x/", error) == (
        "The model test had already ended when DataRobot received the cancellation."
    )


@pytest.mark.parametrize(
    "error",
    [ServerError(503, "down", method="DELETE", path="x/"), TransportError("no response", reason="lost", sent=True)],
)
def test_a_failed_cancellation_is_reported(error):
    report = cancel_report(ref_of("model_test"), "x/", error)
    assert "could not be cancelled and may still be running in DataRobot" in report
    assert str(error) in report
