"""The client exactly as it is, at the pace at which it polls: every 5 s, on a connection that it keeps open.

It takes 45 seconds: 24 users at once build the dependencies of a version and test it at time scale 1.
"""

import logging
from concurrent.futures import ThreadPoolExecutor

import datarobot as dr
import pytest
from datarobot.models.custom_model_version import CustomModelVersionDependencyBuild

USERS = 24


@pytest.fixture(autouse=True)
def short_naps():
    """Leave the client as it is."""


@pytest.fixture(autouse=True)
def stage(control_at):
    """Run an emulator at time scale 1, and hold every response against the contract at the end."""
    with control_at(1) as control:
        yield control
        assert [exchange for exchange in control.requests() if exchange["violations"]] == []


@pytest.fixture
def connections(caplog):
    """Record what becomes of every connection: opened, dropped, repeated."""
    caplog.set_level(logging.DEBUG, logger="urllib3")
    return caplog


def test_no_connection_is_lost_while_jobs_are_polled(stage, folder, connections):
    environment, dataset = stage.environment()["id"], stage.dataset()

    def work(number):
        # A client of its own in this thread: one user, one connection.
        dr.Client(token=stage.token, endpoint=f"{stage.root}/api/v2")
        model = dr.CustomInferenceModel.create(f"Prices {number}", dr.TARGET_TYPE.REGRESSION, "price")
        version = dr.CustomModelVersion.create_clean(model.id, environment, folder_path=str(folder))
        build = CustomModelVersionDependencyBuild.start_build(model.id, version.id)
        test = dr.CustomModelTest.create(model.id, version.id, dataset_id=dataset)
        return build.build_status, test.overall_status

    with ThreadPoolExecutor(USERS) as threads:
        ends = list(threads.map(work, range(USERS)))
    assert ends == [("success", "succeeded")] * USERS
    events = [record.getMessage() for record in connections.records if record.name.startswith("urllib3")]
    assert [text for text in events if "Retry" in text or "Resetting dropped" in text] == []
    assert sum("Starting new HTTP connection" in text for text in events) == USERS
    polls = [r for r in stage.requests() if r["method"] == "GET"]
    assert len(polls) >= 8 * USERS
    assert {r["status"] for r in stage.requests()} <= {200, 201, 202, 303}
