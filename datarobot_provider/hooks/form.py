"""The connection form: which fields Airflow's UI shows, and which extras the hook takes.

Declared once here, used twice: by the provider info (Airflow 3.2 and up) and by the hook's methods (2.11 to 3.1).
"""

from __future__ import annotations

from typing import Any

CONN_TYPE = "datarobot"
HOOK_NAME = "DataRobot"
HIDDEN = ["login", "port", "schema"]
LABELS = {"host": "Endpoint", "password": "API token"}
PLACEHOLDERS = {
    "host": "https://app.datarobot.com/api/v2",
    "password": "an API key from DataRobot's developer tools",
}


def _number(label: str, description: str, default: float, minimum: float) -> dict[str, Any]:
    """Describe a number; its default is described only, since a form would store it in every connection."""
    return {
        "label": label,
        "description": f"{description} Default: {default:g}.",
        "schema": {"type": ["number", "null"], "minimum": minimum},
    }


def _file(label: str, description: str) -> dict[str, Any]:
    return {"label": label, "description": description, "schema": {"type": ["string", "null"]}}


EXTRAS: dict[str, dict[str, Any]] = {
    "connect_timeout": _number("Connect timeout (s)", "Seconds to reach the host.", 10, 0.1),
    "read_timeout": _number(
        "Read timeout (s)", "Seconds for one attempt of a request, its whole response included.", 60, 0.1
    ),
    "upload_timeout": _number(
        "Upload timeout (s)", "Seconds for the response to an upload, and for a standstill of it.", 600, 0.1
    ),
    "attempts": _number("Attempts", "How often a request that may be repeated is sent at the most.", 5, 1),
    "upload_attempts": _number("Upload attempts", "The same for requests that upload files.", 3, 1),
    "retry_cap": _number(
        "Longest pause (s)", "Seconds between two attempts at the most, also for Retry-After.", 60, 0.01
    ),
    "poll_failure_timeout": _number(
        "Poll failure timeout (s)", "Seconds for which the polls of a running job may fail in a row.", 900, 0.1
    ),
    "ca_bundle": _file("CA bundle", "Path of a file with the CA certificates to trust, for a private CA."),
    "client_cert": _file(
        "Client certificate", "Path of a PEM file with the certificate to show, and its key if it is there."
    ),
    "client_key": _file("Client key", "Path of a PEM file with the key, if it is not in the file of the certificate."),
    "verify": {
        "label": "Verify TLS",
        "description": "Whether to check who answers. Without it anybody in between can take the token. Default: true.",
        # A choice, because a switch that nobody has touched shows "off".
        "schema": {"type": ["string", "null"], "enum": ["true", "false", None], "values_display": {"null": "default"}},
    },
}
