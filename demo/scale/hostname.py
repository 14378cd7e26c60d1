"""The host name of a component.

All components run on one machine, so its host name does not distinguish them. Airflow calls this function instead.
"""

from __future__ import annotations

import os

HOSTNAME = "DEMO_HOSTNAME"


def hostname() -> str:
    """Return the name that the component was started with."""
    return os.environ[HOSTNAME]
