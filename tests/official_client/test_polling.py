"""The unmodified client, which polls every 5 s on a connection that it keeps open.

24 users concurrently build the dependencies of a version and test it at time scale 1. This takes 45 seconds.
"""

import logging
from concurrent.futures import ThreadPoolExecutor

import datarobot as dr
import pytest
from datarobot.models.custom_model_version import CustomModelVersionDependencyBuild

USERS = 24


@pytest.fixture(autouse=True)
def short_sleeps():
    """Keep the sleeps of the client."""


@pytest.fixture(autouse=True)
def control(control_at):
    """Run an emulator at time scale 1, and check at the end that no response violated the contract."""
    with control_at(1) as control:
        yield control
        assert [exchange for exchange in control.requests() if exchange["violations"]] == []


@pytest.fixture
def connections(caplog):
    """Record the log messages about opened, dropped and retried connections."""
    caplog.set_level(logging.DEBUG, logger="urllib3")
    return caplog


def test_no_connection_is_lost_while_jobs_are_polled(control, folder, connections):
    environment, dataset = control.environment()["id"], control.dataset()

    def work(number):
        # Each thread has its own client, which represents one user with one connection.
        dr.Client(token=control.token, endpoint=f"{control.root}/api/v2")
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
    polls = [r for r in control.requests() if r["method"] == "GET"]
    assert len(polls) >= 8 * USERS
    assert {r["status"] for r in control.requests()} <= {200, 201, 202, 303}
