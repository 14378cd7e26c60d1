"""What Airflow calls the host that a component runs on.

All run on one machine here, where the machine's name would not tell them apart. Airflow takes the name from a callable.
"""

from __future__ import annotations

import os

HOSTNAME = "DEMO_HOSTNAME"


def hostname() -> str:
    """Return the name that the component was started with."""
    return os.environ[HOSTNAME]
