"""Helpers for tests of triggers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from datarobot_provider.triggers.job import DataRobotJobTrigger
from tests.unit.jobs.scripted_waits import ref_of

if TYPE_CHECKING:
    from airflow.triggers.base import TriggerEvent

BUILD = "customModels/m/versions/v/dependencyBuild/"
KWARGS = {
    "ref": ref_of("dependency_build").dumps(),
    "datarobot_conn_id": "datarobot_default",
    "deadline": 4_000_000_000.0,
    "poll_interval": 5.0,
    "cancel_on_kill": False,
    "poll_failure_timeout": 60.0,
}


async def at_once(*_: float) -> None:
    """Replace a pause."""
    await asyncio.sleep(0)


def trigger(**changes: Any) -> DataRobotJobTrigger:
    """Return a trigger that cancels its job when it is killed."""
    return DataRobotJobTrigger(**{**KWARGS, "cancel_on_kill": True, **changes})


async def events(made: DataRobotJobTrigger) -> list[TriggerEvent]:
    """Return the requests of a trigger."""
    return [event async for event in made.run()]
