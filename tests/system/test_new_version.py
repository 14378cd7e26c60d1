"""The watcher of new versions in a real triggerer, which is restarted between two versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.processes import wait_until
from tests.system.examples import send_request

if TYPE_CHECKING:
    from tests.system.conftest import Environment

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]

DAG, MODEL = "example_on_new_version", "65a0000000000000000000a1"
VERSIONS = f"customModels/{MODEL}/versions/"
WAIT = 240.0


def polls(environment: Environment) -> int:
    """Return how often the watcher has polled the model, without its first request, which has another limit."""
    requests = environment.requests("GET", f"/{VERSIONS}$")
    return sum("limit=10" in each["query"].split("&") for each in requests)


def wait_for_polls(environment: Environment, count: int) -> None:
    """Wait until the watcher has polled the model ``count`` more times."""
    target = polls(environment) + count
    wait_until(
        lambda: polls(environment) >= target or None,
        what=f"{count} polls of the watcher",
        timeout=WAIT,
        check=environment.airflow.check,
        interval=0.5,
    )


def create_version(environment: Environment) -> str:
    """Create a version of the model without Airflow; return its id."""
    return str(send_request(environment, "PATCH", VERSIONS, isMajorUpdate="false")["id"])


def tested_versions(environment: Environment) -> list[str]:
    """Return the versions of the runs that the watcher has started and that have succeeded."""
    runs = [each for each in environment.api.runs(DAG) if each["run_type"] == "asset_triggered"]
    found = []
    for run in runs:
        if environment.api.run_state(DAG, run["dag_run_id"]) == "success":
            tasks: list[dict[str, Any]] = environment.api.task_instances(DAG, run["dag_run_id"])
            (task,) = (each for each in tasks if each["task_id"] == "new_version")
            found.append(environment.api.xcoms(task)["return_value"])
    return found


def wait_for_test(environment: Environment, *versions: str) -> None:
    """Wait until these versions have been tested."""
    wait_until(
        lambda: set(versions) <= set(tested_versions(environment)) or None,
        what=f"a test of {', '.join(versions)}",
        timeout=WAIT,
        check=environment.airflow.check,
        interval=1.0,
    )


def test_each_new_version_is_tested_once_although_the_triggerer_is_restarted(environment: Environment) -> None:
    environment.api.wait_for_dag(DAG)
    environment.api.unpause(DAG)
    wait_for_polls(environment, 1)
    first = create_version(environment)
    wait_for_test(environment, first)

    environment.airflow.stop("triggerer")
    second = create_version(environment)
    environment.airflow.start("triggerer")
    wait_for_test(environment, first, second)
    wait_for_polls(environment, 2)
    assert sorted(tested_versions(environment)) == sorted([first, second])
    events = environment.api._all("/assets/events", "asset_events", {"order_by": "timestamp"})
    payloads = [each["extra"]["payload"] for each in events if each["extra"].get("from_trigger")]
    assert [each["custom_model_version_id"] for each in payloads] == [first, second]
    assert {each["custom_model_id"] for each in payloads} == {MODEL}
    assert "emulator-token" not in str(events)
