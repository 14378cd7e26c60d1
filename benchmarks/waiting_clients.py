"""The clients of the row ``waiting``. Each returns a coroutine function that waits for a job indefinitely.

The factory of a client imports its modules, before the measurement starts.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import ssl
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

from benchmarks.subprocesses import TOKEN
from harness.processes import LOCALHOST

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Wait = Callable[[int], Awaitable[object]]

POOL = 50
#: The environment variables with the port of the server and with the trusted CA.
PORT, CA = "BENCH_PORT", "REQUESTS_CA_BUNDLE"
_DAY = 86_400.0


def connections(port: int, ca: str) -> dict[str, str]:
    """Return environment variables with a connection to the server for every client.

    :param port: the port of the server.
    :param ca: path of the PEM file of its CA.
    """
    connections: dict[str, dict[str, Any]] = {
        "datarobot_default": {
            "conn_type": "datarobot",
            "host": f"https://{LOCALHOST}:{port}/api/v2",
            "password": TOKEN,
            # The limit would hide the cost of many polls.
            "extra": {"ca_bundle": ca, "max_polls_per_second": 1_000_000},
        },
        "databricks_default": {"conn_type": "databricks", "host": LOCALHOST, "port": port, "password": TOKEN},
        "dbt_cloud_default": {"conn_type": "dbt_cloud", "host": f"{LOCALHOST}:{port}", "login": "1", "password": TOKEN},
        "http_default": {"conn_type": "http", "host": LOCALHOST, "port": port, "schema": "https"},
        "airbyte_default": {
            "conn_type": "airbyte",
            "host": f"https://{LOCALHOST}:{port}/v1/",
            "login": "id",
            "password": TOKEN,
            "schema": "v1/applications/token",
        },
    }
    found = {f"AIRFLOW_CONN_{name.upper()}": json.dumps(connection) for name, connection in connections.items()}
    return {**found, "SSL_CERT_FILE": ca, CA: ca, PORT: str(port)}


def _ids(number: int) -> dict[str, str]:
    return {"custom_model_id": f"{number:024x}", "custom_model_version_id": f"{number:024x}"}


def ours(interval: float) -> Wait:
    """Wait with the trigger of this provider."""
    from datarobot_provider.jobs.model import JobRef
    from datarobot_provider.triggers.job import DataRobotJobTrigger

    # Our trigger imports its HTTP library in a thread when the first wait starts; the others do when they are imported.
    import_module("datarobot_provider.client.async_transport")

    def wait(number: int) -> Awaitable[object]:
        ref = JobRef("dependency_build", _ids(number)).dumps()
        return _first_event(DataRobotJobTrigger(ref, "datarobot_default", time.time() + _DAY, interval))

    return wait


def shared(interval: float) -> Wait:
    """Wait with the trigger of this provider for jobs with status records, which share the polls of a list."""
    from datarobot_provider.jobs.model import JobRef
    from datarobot_provider.triggers.job import DataRobotJobTrigger

    import_module("datarobot_provider.client.async_transport")

    def wait(number: int) -> Awaitable[object]:
        ref = JobRef("task_status", {"status_id": f"{number:024x}"}).dumps()
        return _first_event(DataRobotJobTrigger(ref, "datarobot_default", time.time() + _DAY, interval))

    return wait


def bare(interval: float) -> Wait:
    """Wait with one ``aiohttp`` session; all waits poll at the same time."""
    return _bare(lambda: interval)


def bare_spread(interval: float) -> Wait:
    """Wait with one ``aiohttp`` session, with random pauses like those of our trigger."""
    return _bare(lambda: interval * random.uniform(0.8, 1.0))  # noqa: S311 - not used for security


def _bare(pause: Callable[[], float]) -> Wait:
    import aiohttp

    base = f"https://{LOCALHOST}:{os.environ[PORT]}/api/v2/customModels/"
    context = ssl.create_default_context(cafile=os.environ[CA])
    session: list[aiohttp.ClientSession] = []

    async def wait(number: int) -> None:
        if not session:
            connector = aiohttp.TCPConnector(limit=POOL, ssl=context)
            session.append(aiohttp.ClientSession(connector=connector, headers={"Authorization": f"Bearer {TOKEN}"}))
        url = f"{base}{number:024x}/versions/{number:024x}/dependencyBuild/"
        while True:
            async with session[0].get(url) as response:
                if (await response.json())["buildStatus"] != "processing":
                    return
            await asyncio.sleep(pause())

    return wait


def databricks(interval: float) -> Wait:
    """Wait with the trigger of Airflow's provider for Databricks."""
    from airflow.providers.databricks.triggers.databricks import DatabricksExecutionTrigger

    seconds = max(1, int(interval))
    return lambda number: _first_event(
        DatabricksExecutionTrigger(
            run_id=number + 1, databricks_conn_id="databricks_default", polling_period_seconds=seconds
        )
    )


def dbt_cloud(interval: float) -> Wait:
    """Wait with the trigger of Airflow's provider for dbt Cloud."""
    from airflow.providers.dbt.cloud.triggers.dbt import DbtCloudRunJobTrigger

    return lambda number: _first_event(
        DbtCloudRunJobTrigger(
            conn_id="dbt_cloud_default",
            run_id=number + 1,
            end_time=time.time() + _DAY,
            poll_interval=interval,
            account_id=1,
        )
    )


def http(interval: float) -> Wait:
    """Wait with the sensor trigger of Airflow's provider for HTTP, which continues to wait on 404."""
    from airflow.providers.http.triggers.http import HttpSensorTrigger

    return lambda number: _first_event(
        HttpSensorTrigger(
            endpoint=f"sensor/{number}", http_conn_id="http_default", method="GET", poke_interval=interval
        )
    )


def airbyte(interval: float) -> Wait:
    """Wait with the trigger of Airflow's provider for Airbyte."""
    from airflow.providers.airbyte.triggers.airbyte import AirbyteSyncTrigger

    return lambda number: _first_event(
        AirbyteSyncTrigger(
            conn_id="airbyte_default", job_id=number + 1, end_time=time.time() + _DAY, poll_interval=interval
        )
    )


async def _first_event(trigger: Any) -> object:
    async for event in trigger.run():
        return event
    return None


CLIENTS: dict[str, Callable[[float], Wait]] = {
    "ours": ours,
    "shared": shared,
    "bare": bare,
    "bare_spread": bare_spread,
    "databricks": databricks,
    "dbt_cloud": dbt_cloud,
    "http": http,
    "airbyte": airbyte,
}
