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
    return {
        "label": label,
        "description": description,
        "schema": {"type": ["number", "null"], "default": default, "minimum": minimum},
    }


EXTRAS: dict[str, dict[str, Any]] = {
    "connect_timeout": _number("Connect timeout (s)", "Seconds to reach the host.", 10, 0.1),
    "read_timeout": _number("Read timeout (s)", "Seconds without a byte of the reply.", 60, 1),
    "upload_timeout": _number("Upload timeout (s)", "The same for requests that upload files.", 600, 1),
    "attempts": _number("Attempts", "How often a request that may be repeated is sent at the most.", 5, 1),
    "ca_bundle": {
        "label": "CA bundle",
        "description": "Path of a file with the CA certificates to trust, for a private CA.",
        "schema": {"type": ["string", "null"]},
    },
}
