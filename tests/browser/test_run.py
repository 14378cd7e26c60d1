"""The Trigger form, the links and the log of the example pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.airflow_ui import fill_params
from harness.emulator_client import EmulatorClient
from tests.system.conftest import DAG

if TYPE_CHECKING:
    from harness.airflow_ui import AirflowUi
    from tests.system.conftest import Environment

# A test whose fixtures run the pipeline.
pytestmark = pytest.mark.timeout(600)

MODEL = "Entered in the form"
REASON = "The model cannot impute the missing values of the column bmi."


@pytest.fixture(scope="module")
def finished(environment: Environment, ui: AirflowUi) -> str:
    """Run the pipeline once with its Trigger form, of which one field is changed."""
    run_id = ui.submit_trigger_form(fill_params(ui.open_trigger_form(DAG), {"model_name": MODEL}))
    assert environment.ended(run_id) == "success", environment.states(run_id)
    return run_id


@pytest.fixture(scope="module")
def failed(environment: Environment, finished: str) -> str:
    """Run the pipeline once with a model whose test fails."""
    checks = {"nullValueImputation": "failed"}
    environment.control("outcomes", "POST", kind="model_test", outcome="failed", checks=checks, message=REASON)
    run_id = environment.start(validate_vector_database=False)
    assert environment.ended(run_id) == "failed", environment.states(run_id)
    return run_id


def test_the_run_has_the_fields_of_the_form(environment: Environment, ui: AirflowUi, finished: str) -> None:
    models = EmulatorClient(environment.emulator.endpoint, environment.emulator.token).models()
    assert list(models.values()).count(MODEL) == 1
    ui.open_run(DAG, finished)
    ui.page.get_by_test_id("main-content").get_by_text("9 Task Instances").wait_for()
    badges = ui.page.get_by_test_id("state-badge").all_inner_texts()
    assert {text.strip() for text in badges if text.strip()} == {"Success"}


def test_the_link_of_a_task_opens_the_page_of_the_version(
    environment: Environment, ui: AirflowUi, finished: str
) -> None:
    task = environment.task(finished, "test_version")
    version_id = environment.api.xcoms(environment.task(finished, "create_version"))["return_value"]
    ui.open_task(DAG, finished, "test_version", "details")
    link = ui.page.get_by_role("link", name="Custom model version")
    address = link.get_attribute("href") or ""
    assert address == environment.api.extra_links(task)["Custom model version"]
    assert address.endswith(f"/versions/{version_id}")
    with ui.page.expect_popup() as opened:
        link.click()
    page = opened.value
    page.get_by_role("heading", name="Custom model version 1.0").wait_for()
    assert version_id in page.locator("pre").inner_text()
    page.close()


def test_the_log_of_a_failed_test_says_why(environment: Environment, ui: AirflowUi, failed: str) -> None:
    # The log viewer contains only the lines that fit into the window.
    ui.page.set_viewport_size({"width": 1600, "height": 1800})
    ui.open_task(DAG, failed, "test_version")
    log = ui.log("What to do: correct the cause named above, then clear the task.")
    expected = [
        "INFO - Custom model version: http",
        "INFO - The model test failed.",
        "AirflowFailException: The model test failed.",
        "check                status     message",
        f"nullValueImputation  failed     {REASON}",
        "Ids:",
        "lines of the job's log:",
        "  | [nullValueImputation] failed",
        "See: http",
        "What to do: ",
    ]
    positions = [log.find(text) for text in expected]
    assert -1 not in positions, log
    assert positions == sorted(positions), log
    assert [text for text in expected if log.count(text) != 1] == []
    assert environment.emulator.token not in ui.page.content()


def test_a_link_in_the_log_opens_the_page_of_the_version(ui: AirflowUi, failed: str) -> None:
    ui.open_task(DAG, failed, "test_version")
    link = ui.page.get_by_role("link", name="/registry/custom-model-workshop/").first
    assert "/versions/" in (link.get_attribute("href") or "")
