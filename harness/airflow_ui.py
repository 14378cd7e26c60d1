"""Airflow's UI as a user sees it: login, connections, the Trigger form, the page of a task."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playwright.sync_api import Locator, Page

CONNECTION_TYPE = "DataRobot"
TEST_PATH = "/api/v2/connections/test"


@dataclass(frozen=True)
class TestResult:
    """What the Test button of a connection sent and shows.

    :param sent: the body of the request.
    :param status: the HTTP status of the response.
    :param title: the title of the message.
    :param message: the text of the message.
    :param color: the color of the button afterwards.
    """

    sent: dict[str, Any]
    status: int
    title: str
    message: str
    color: str


class AirflowUi:
    """One window of a browser with Airflow's UI.

    :param page: the page of the window.
    :param base_url: address of the api-server.
    """

    def __init__(self, page: Page, base_url: str) -> None:
        self.page = page
        self.base_url = base_url

    def log_in(self, user: str, password: str) -> None:
        """Log in with the form of Airflow's simple auth manager."""
        self.open("/auth/login?next=%2F")
        self.page.get_by_label("Username").fill(user)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_test_id("nav-sidebar").wait_for()

    def open(self, path: str) -> None:
        """Open a page of the UI; ``path`` starts with a slash."""
        self.page.goto(self.base_url + path, wait_until="commit")

    def open_new_connection(self) -> Locator:
        """Open the empty connection form, choose our connection type and return the form."""
        self.open("/connections")
        self.page.get_by_role("button", name="Add Connection").click()
        form = self.page.get_by_role("dialog")
        form.get_by_role("combobox").fill(CONNECTION_TYPE)
        self.page.get_by_role("option", name=CONNECTION_TYPE, exact=True).click()
        return form

    def open_connection(self, conn_id: str) -> Locator:
        """Open the form of an existing connection and return it."""
        self._row(conn_id).get_by_role("button", name="Edit Connection").click()
        return self.page.get_by_role("dialog")

    def create_connection(self, fields: Mapping[str, str]) -> None:
        """Create a connection with the form; ``fields`` are the values by label."""
        save(fill(self.open_new_connection(), fields))

    def edit_connection(self, conn_id: str, fields: Mapping[str, str]) -> None:
        """Change some fields of a connection with the form; ``fields`` are the values by label."""
        save(fill(self.open_connection(conn_id), fields))

    def test_connection(self, conn_id: str) -> TestResult:
        """Press the Test button of a connection."""
        button = self._row(conn_id).get_by_role("button", name="Test Connection")
        toast = self.page.locator('[data-scope="toast"][data-part="root"]').first
        # A message stays as long as the mouse is over it.
        self.page.mouse.move(0, 0)
        toast.wait_for(state="detached")
        with self.page.expect_response(lambda response: response.url.endswith(TEST_PATH)) as answered:
            button.click()
        sent: dict[str, Any] = answered.value.request.post_data_json or {}
        return TestResult(
            sent=sent,
            status=answered.value.status,
            title=toast.locator('[data-part="title"]').inner_text(),
            message=toast.locator('[data-part="description"]').inner_text(),
            color=str(button.locator("svg").evaluate("icon => getComputedStyle(icon).color")),
        )

    def open_trigger_form(self, dag_id: str) -> Locator:
        """Open the Trigger form of a DAG and return it."""
        self.open(f"/dags/{quote(dag_id)}")
        self.page.get_by_test_id("trigger-dag-button").click()
        return self.page.get_by_role("dialog")

    def submit_trigger_form(self, form: Locator) -> str:
        """Submit a Trigger form and return the id of the run."""
        with self.page.expect_response(re.compile(r"/dagRuns$")) as answered:
            form.get_by_test_id("trigger-dag-submit").click()
        return str(answered.value.json()["dag_run_id"])

    def open_run(self, dag_id: str, run_id: str) -> None:
        """Open the page of a run."""
        self.open(_run(dag_id, run_id))

    def open_task(self, dag_id: str, run_id: str, task_id: str, tab: str = "") -> None:
        """Open the page of a task instance; ``tab`` is the last part of the address, default the log."""
        self.open(f"{_run(dag_id, run_id)}/tasks/{quote(task_id)}/{tab}".rstrip("/"))

    def log(self, last: str) -> str:
        """Return the log on the page of a task, as far as it fits into the window.

        :param last: a text at the end of the log, to wait for.
        """
        self.page.get_by_text(last).wait_for()
        text: str = self.page.get_by_test_id("virtualized-list").inner_text()
        return text

    def end_of_error(self, error: str) -> int:
        """Scroll to the start of the log on the page of a task; return where the message of an error ends, in pixels.

        :param error: the class of the error.
        """
        self.page.get_by_test_id("virtual-scroll-container").evaluate("log => log.scrollTo(0, 0)")
        box = self.page.get_by_test_id(f"summary-{error}").bounding_box()
        return round(box["y"] + box["height"]) if box else 0

    def _row(self, conn_id: str) -> Locator:
        if not self.page.url.endswith("/connections"):
            self.open("/connections")
        return self.page.get_by_role("row").filter(has=self.page.get_by_role("cell", name=conn_id, exact=True))


def fill(form: Locator, fields: Mapping[str, str]) -> Locator:
    """Fill in fields of a connection form by label; return the form."""
    for label, value in fields.items():
        form.get_by_label(label).fill(value)
    return form


def save(form: Locator) -> None:
    """Save a connection form and wait until it closes."""
    form.get_by_role("button", name="Save").click()
    form.wait_for(state="detached")


def fill_params(form: Locator, params: Mapping[str, str]) -> Locator:
    """Fill in text fields of a Trigger form by the names of their params; return the form."""
    for name, value in params.items():
        form.locator(f'[name="element_{name}"]').fill(value)
    return form


def _run(dag_id: str, run_id: str) -> str:
    return f"/dags/{quote(dag_id)}/runs/{quote(run_id, safe='')}"
