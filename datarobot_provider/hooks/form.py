"""Definition of the connection form.

The provider info (Airflow 3.2 and later) and the methods of the hook (3.0 and 3.1) use the same definition.
"""

from __future__ import annotations

from typing import Any

CONN_TYPE = "datarobot"
HOOK_NAME = "DataRobot"
HIDDEN = ["login", "schema"]
LABELS = {"host": "Endpoint", "password": "API token"}
PLACEHOLDERS = {
    "host": "https://app.datarobot.com/api/v2",
    "password": "an API key from DataRobot's developer tools",
    # The Test button of Airflow 3.3 sends port 0 if the field is empty, and then refuses its own request.
    "port": "443, if the Test button reports Bad Request",
}


def _number(label: str, description: str, default: float, minimum: float) -> dict[str, Any]:
    """Describe a number. The default is only in the description, because a form would store it in every connection."""
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
        "Read timeout (s)", "Seconds for one attempt of a request, including the complete response.", 60, 0.1
    ),
    "upload_timeout": _number(
        "Upload timeout (s)", "Seconds for the response to an upload, and for an upload without progress.", 600, 0.1
    ),
    "attempts": _number("Attempts", "Maximum number of attempts of a request that may be sent again.", 5, 1),
    "upload_attempts": _number("Upload attempts", "The same for requests that upload files.", 3, 1),
    "retry_cap": _number(
        "Longest pause (s)", "Maximum seconds between two attempts. Also limits Retry-After.", 60, 0.01
    ),
    "poll_failure_timeout": _number(
        "Poll failure timeout (s)", "Seconds for which the polls of a running job may fail in a row.", 900, 0.1
    ),
    "max_polls_per_second": _number(
        "Polls per second", "Maximum number of polls per second that a triggerer sends for all deferred tasks.", 10, 0.1
    ),
    "ca_bundle": _file("CA bundle", "Path of a file with the CA certificates to trust, for a private CA."),
    "client_cert": _file(
        "Client certificate", "Path of a PEM file with the client certificate. It may also contain the key."
    ),
    "client_key": _file("Client key", "Path of a PEM file with the key, if it is not in the file of the certificate."),
    "verify": {
        "label": "Verify TLS",
        "description": (
            "Whether to verify the certificate of the server. If not, the API token can be intercepted. Default: true."
        ),
        # A choice, because an unset boolean is displayed as false.
        "schema": {"type": ["string", "null"], "enum": ["true", "false", None], "values_display": {"null": "default"}},
    },
}
