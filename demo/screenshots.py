"""Take the pictures of the documentation: ``python -m demo.screenshots``, or ``make screenshots``.

They show a real Airflow with the emulator, in a headless Chromium.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from demo.runner import EXPECTED_ERRORS, Stopwatch
from harness.airflow_env import USER
from harness.airflow_stack import AirflowStack
from harness.airflow_ui import AirflowUi, fill, fill_params, save
from harness.browser import ChromiumMissingError, chromium, window
from harness.emulator import ROOT, Emulator
from harness.emulator_client import EmulatorClient
from harness.processes import Interrupted, interruptible

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DAG = "example_custom_model_pipeline"
CONNECTION = "datarobot_default"
IMAGES = ROOT / "docs" / "images"
#: The port of the emulator in the documentation.
PORT = 8089
RUN_TIMEOUT = 600.0
#: What a user would enter; the default of the form is a path of this machine.
MODEL_FOLDER = "/opt/airflow/dags/models/diabetes_regression"
REASON = "The column bmi has missing values."


class UnexpectedPictureError(Exception):
    """The UI does not show what the picture is meant to show."""


class Screenshots:
    """Takes the pictures of one Airflow.

    :param ui: the window of a logged-in user.
    :param airflow: the Airflow.
    :param emulator: the emulator.
    :param folder: the folder of the pictures.
    """

    def __init__(self, ui: AirflowUi, airflow: AirflowStack, emulator: Emulator, folder: Path) -> None:
        self._ui = ui
        self._airflow = airflow
        self._emulator = emulator
        self._folder = folder

    def connection(self) -> None:
        """Take pictures of the filled-in connection form and of a successful test."""
        form = self._ui.open_new_connection()
        fill(
            form,
            {
                "Connection ID": CONNECTION,
                "Endpoint": self._emulator.endpoint,
                "API token": self._emulator.token,
                "Port": str(PORT),
            },
        )
        self._take("connection-form", height=880)
        save(form)
        tested = self._ui.test_connection(CONNECTION)
        if tested.title != "Test Connection Successful":
            raise UnexpectedPictureError(f"The Test button reports: {tested.message}")
        self._take("connection-test", height=480)

    def runs(self) -> None:
        """Take pictures of the Trigger form, of the link of a finished run, and of the log of a failed test."""
        api = self._airflow.api
        api.wait_for_dag(DAG)
        api.unpause(DAG)
        form = self._ui.open_trigger_form(DAG)
        fill_params(form, {"model_folder": MODEL_FOLDER})
        self._take("trigger-form", height=1200)
        finished = self._run("success")
        self._ui.open_task(DAG, finished, "test_version", "details")
        self._ui.page.get_by_role("link", name="Custom model version").hover()
        self._take("extra-link", height=610)
        control = EmulatorClient(self._emulator.endpoint, self._emulator.token)
        outcome = {"outcome": "failed", "checks": {"nullValueImputation": "failed"}, "message": REASON}
        control.control("POST", "outcomes", {"kind": "model_test", **outcome})
        failed = self._run("failed")
        self._resize(1360, 1200)
        self._ui.open_task(DAG, failed, "test_version")
        self._ui.log("What to do: ")
        # Without the traceback below the message, which contains paths of this machine.
        self._take("failed-test", width=1360, height=self._ui.end_of_error("AirflowFailException") + 20)

    def _run(self, expected: str) -> str:
        """Start a run with the Trigger form and wait for its end; return its id."""
        run_id = self._ui.submit_trigger_form(self._ui.open_trigger_form(DAG))
        state = self._airflow.api.wait_for_run(DAG, run_id, timeout=RUN_TIMEOUT)
        if state != expected:
            raise UnexpectedPictureError(f"The run {run_id} ended as {state}, not as {expected}.")
        return run_id

    def _resize(self, width: int, height: int) -> None:
        self._ui.page.set_viewport_size({"width": width, "height": height})

    def _take(self, name: str, *, width: int = 1280, height: int) -> None:
        self._resize(width, height)
        # The parts of a page are loaded one by one.
        self._ui.page.wait_for_load_state("networkidle")
        self._ui.page.screenshot(path=self._folder / f"{name}.png", animations="disabled")


def picture_of_page(browser: Browser, address: str, image: Path) -> None:
    """Take a picture of the start of a page that needs no login.

    :param browser: the browser.
    :param address: the URL of the page, or the path of a file.
    :param image: the file of the picture.
    """
    context = window(browser)
    page = context.new_page()
    page.goto(address if "://" in address else Path(address).resolve(strict=True).as_uri())
    page.screenshot(path=image, animations="disabled")
    context.close()


def pictures_of_airflow(browser: Browser, folder: Path, stopwatch: Stopwatch) -> None:
    """Start Airflow and the emulator, and take all pictures of Airflow's UI.

    :param browser: the browser.
    :param folder: the folder of the pictures.
    :param stopwatch: prints the progress.
    """
    with tempfile.TemporaryDirectory(prefix="screenshots-") as temporary:
        home = Path(temporary)
        stopwatch.log("Starting the DataRobot emulator and Airflow")
        with (
            Emulator(home, port=PORT, time_scale=0.3) as emulator,
            AirflowStack(home / "airflow", dags_folder=ROOT / "example_dags", log=stopwatch.log) as airflow,
        ):
            ui = AirflowUi(window(browser).new_page(), airflow.settings.base_url)
            ui.log_in(USER, airflow.settings.password)
            screenshots = Screenshots(ui, airflow, emulator, folder)
            stopwatch.log("Taking pictures of the connection form")
            screenshots.connection()
            stopwatch.log("Taking pictures of two runs")
            screenshots.runs()


def main(argv: list[str] | None = None) -> int:
    """Take the pictures; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo.screenshots", description="Take pictures in Chromium.")
    parser.add_argument("--folder", type=Path, default=IMAGES, help="the folder of the pictures (default: docs/images)")
    parser.add_argument(
        "--page", nargs=2, metavar=("ADDRESS", "NAME"), help="take only a picture of this URL or file: NAME.png"
    )
    options = parser.parse_args(argv)
    options.folder.mkdir(parents=True, exist_ok=True)
    stopwatch = Stopwatch()
    try:
        with interruptible(), chromium() as browser:
            if options.page:
                address, name = options.page
                picture_of_page(browser, address, options.folder / f"{name}.png")
            else:
                pictures_of_airflow(browser, options.folder, stopwatch)
    except (*EXPECTED_ERRORS, ChromiumMissingError, UnexpectedPictureError) as error:
        stopwatch.log(f"failed: {error}")
        return 1
    except Interrupted as interrupted:
        return interrupted.exit_code
    stopwatch.log(f"The pictures are in {options.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
