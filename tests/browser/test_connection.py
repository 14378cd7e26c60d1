"""The form of a connection and its Test button, with the requests that Airflow's UI sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from datarobot_provider.hooks.form import EXTRAS, PLACEHOLDERS
from harness.processes import free_ports

if TYPE_CHECKING:
    from harness.airflow_ui import AirflowUi
    from tests.system.conftest import Environment

GREEN, RED = "rgb(0, 128, 0)", "rgb(255, 0, 0)"
ANY_PORT = "443"


def connection(environment: Environment, conn_id: str, **changes: str) -> dict[str, str]:
    """Return the fields of a connection to the emulator by label, with some changes."""
    fields = {"endpoint": environment.emulator.endpoint, "token": environment.emulator.token, "port": ANY_PORT}
    fields |= changes
    return {
        "Connection ID": conn_id,
        "Endpoint": fields["endpoint"],
        "API token": fields["token"],
        "Port": fields["port"],
    }


def origin(environment: Environment) -> str:
    """Return the address of the emulator in messages."""
    return environment.emulator.endpoint.removesuffix("/api/v2")


def test_the_form_shows_our_fields_with_their_labels_and_placeholders(ui: AirflowUi) -> None:
    form = ui.open_new_connection()
    labels = {"host": "Endpoint", "password": "API token", "port": "Port"}
    shown = {name: form.get_by_label(label).get_attribute("placeholder") for name, label in labels.items()}
    assert shown == PLACEHOLDERS
    assert form.get_by_label("Login").count() == form.get_by_label("Schema").count() == 0
    form.get_by_role("button", name="Extra Fields", exact=True).click()
    for field in EXTRAS.values():
        form.get_by_text(field["label"], exact=True).wait_for()
        form.get_by_text(field["description"], exact=True).wait_for()


def test_a_connection_is_created_tested_edited_and_tested_again(environment: Environment, ui: AirflowUi) -> None:
    works = f"Connected to {origin(environment)}, DataRobot API 2.50.0."
    ui.create_connection(connection(environment, "edited"))
    first = ui.test_connection("edited")
    assert (first.status, first.title, first.message, first.color) == (200, "Test Connection Successful", works, GREEN)
    # The UI never receives the token, so Airflow replaces the asterisks by the stored token.
    assert first.sent["password"] == "***"
    ui.edit_connection("edited", {"Description": "staging"})
    second = ui.test_connection("edited")
    assert (second.sent["description"], second.message, second.color) == ("staging", works, GREEN)


def test_a_port_is_the_remedy_for_bad_request(environment: Environment, ui: AirflowUi) -> None:
    ui.create_connection(connection(environment, "without_port", port=""))
    refused = ui.test_connection("without_port")
    # Airflow 3.3.1 and 3.3.2 refuse the request of their own UI. If this changes, remove the placeholder of the port
    # and the remedy in README.md and docs/guides/connection.md.
    assert (refused.sent["port"], refused.status) == (0, 400)
    assert (refused.title, refused.message, refused.color) == ("Test Connection Failed", "Bad Request", RED)
    ui.edit_connection("without_port", {"Port": ANY_PORT})
    assert ui.test_connection("without_port").color == GREEN


def test_a_wrong_token_is_reported_and_can_be_corrected(environment: Environment, ui: AirflowUi) -> None:
    ui.create_connection(connection(environment, "wrong_token", token="not-the-token"))
    refused = ui.test_connection("wrong_token")
    assert (refused.status, refused.title, refused.color) == (200, "Test Connection Failed", RED)
    assert refused.message == (
        f"{origin(environment)} refuses the API token (401). Set a valid API token as the password."
    )
    ui.edit_connection("wrong_token", {"API token": environment.emulator.token})
    assert ui.test_connection("wrong_token").color == GREEN


@pytest.mark.parametrize("conn_id", ["no_host", "closed_port"])
def test_a_wrong_endpoint_is_reported(environment: Environment, ui: AirflowUi, conn_id: str) -> None:
    closed = f"http://127.0.0.1:{free_ports(1)[0]}"
    endpoint, message = {
        "no_host": (
            "",
            "The host is empty. Set it to the API endpoint, such as https://app.datarobot.com/api/v2",
        ),
        "closed_port": (f"{closed}/api/v2", f"{closed} cannot be reached. "),
    }[conn_id]
    ui.create_connection(connection(environment, conn_id, endpoint=endpoint))
    refused = ui.test_connection(conn_id)
    assert (refused.status, refused.title, refused.color) == (200, "Test Connection Failed", RED)
    assert refused.message.startswith(message)
