"""A deferred wait without any remote job, for comparison, and an operator that does nothing."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperator
from airflow.triggers.base import BaseTrigger, TriggerEvent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from airflow.providers.common.compat.sdk import Context


class TimerTrigger(BaseTrigger):
    """Fires at a given time, with the accuracy of the event loop.

    :param fire_at: seconds since the epoch.
    """

    def __init__(self, fire_at: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.fire_at = fire_at

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments."""
        return f"{__name__}.TimerTrigger", {"fire_at": self.fire_at}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, and yield one event."""
        await asyncio.sleep(max(0.0, self.fire_at - time.time()))
        yield TriggerEvent(self.fire_at)


class TimerOperator(BaseOperator):
    """Waits for a time and returns the end of the wait, in seconds since the epoch.

    :param seconds: seconds from the start of the task.
    """

    def __init__(self, *, seconds: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seconds = seconds

    def execute(self, context: Context) -> None:  # noqa: ARG002 - as Airflow calls it
        """Defer the task."""
        self.defer(trigger=TimerTrigger(time.time() + self.seconds), method_name="resume")

    def resume(self, context: Context, event: float) -> float:  # noqa: ARG002 - as Airflow calls it
        """Return the time of the trigger event."""
        return event


class NoOpOperator(BaseOperator):
    """Does nothing, on a worker."""

    def execute(self, context: Context) -> None:
        """Do nothing."""
