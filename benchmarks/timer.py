"""A wait that is Airflow's alone, deferred to a trigger which fires at one moment, and a task that does nothing."""

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
    """Fires at a moment, as exactly as the event loop does.

    :param moment: seconds since the epoch.
    """

    def __init__(self, moment: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.moment = moment

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments."""
        return f"{__name__}.TimerTrigger", {"moment": self.moment}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, and yield one event."""
        await asyncio.sleep(max(0.0, self.moment - time.time()))
        yield TriggerEvent(self.moment)


class TimerOperator(BaseOperator):
    """Waits until a moment, which it returns.

    :param seconds: how long, from the start of the task.
    """

    def __init__(self, *, seconds: float, **given: Any) -> None:
        super().__init__(**given)
        self.seconds = seconds

    def execute(self, context: Context) -> None:  # noqa: ARG002 - as Airflow calls it
        """Let go of the worker."""
        self.defer(trigger=TimerTrigger(time.time() + self.seconds), method_name="resume")

    def resume(self, context: Context, event: float) -> float:  # noqa: ARG002 - as Airflow calls it
        """Return the moment."""
        return event


class NoOpOperator(BaseOperator):
    """Does nothing, on a worker."""

    def execute(self, context: Context) -> None:
        """Do nothing."""
