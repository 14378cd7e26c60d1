"""Failed polls of a sensor that pokes: a refusal is not the job's failure once DataRobot has shown the job."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.retry import POLL_FAILURE_TIMEOUT
from datarobot_provider.exceptions import ConfigurationError
from datarobot_provider.jobs.events import JobEvent
from datarobot_provider.jobs.model import Outcome, Verdict

if TYPE_CHECKING:
    from datarobot_provider.sensors.base import DataRobotJobSensor
    from datarobot_provider.version_compat import Context

STORE_KEY = "datarobot_polls_failing_since"


class PollFailures:
    """Counts how long the polls of one sensor are refused.

    A sensor in the mode ``reschedule`` keeps the time in Airflow's task state store (Airflow 3.3 and up). Below that
    its own ``timeout`` bounds the refusals.
    """

    def __init__(self) -> None:
        self._known = False
        self._since: float | None = None

    def polled(self, context: Context, sensor: DataRobotJobSensor) -> JobEvent:
        """Poll the job once.

        :param context: the context of the task.
        :param sensor: the sensor.
        :returns: the job's state; ``PENDING`` while polls are refused, ``POLLING_ERROR`` once that took too long, and
            ``POLLING_REFUSED`` if the first poll is refused.
        :raises ConfigurationError: if the connection cannot be used for the first poll.
        """
        known = self._known or _was_rescheduled(context, sensor)
        timeout = POLL_FAILURE_TIMEOUT
        try:
            timeout = sensor.hook.client.poll_failure_timeout
            event = sensor.hook.jobs.glance(sensor.ref(), known=False)
        except ConfigurationError as error:
            if not known:
                raise
            event = JobEvent(sensor.ref(), Verdict(Outcome.POLLING_REFUSED, message=str(error)))
        if event.verdict.outcome is not Outcome.POLLING_REFUSED:
            self._forget(context, sensor)
            return event
        if not known:
            return event
        sensor.log.warning("The job cannot be polled at present. %s", event.verdict.message)
        spent = self._seconds(context, sensor) >= timeout
        outcome = Outcome.POLLING_ERROR if spent else Outcome.PENDING
        return JobEvent(event.ref, Verdict(outcome, message=event.verdict.message))

    def _seconds(self, context: Context, sensor: DataRobotJobSensor) -> float:
        """Return for how long polls have been refused."""
        now = time.time()
        if self._since is None:
            store = _store(context, sensor)
            kept = store.get(STORE_KEY) if store is not None else None
            self._since = float(kept) if isinstance(kept, int | float) else now
            if store is not None:
                store.set(STORE_KEY, self._since)
        return now - self._since

    def _forget(self, context: Context, sensor: DataRobotJobSensor) -> None:
        self._known, self._since = True, None
        store = _store(context, sensor)
        if store is not None and store.get(STORE_KEY) is not None:
            store.delete(STORE_KEY)


def _store(context: Context, sensor: DataRobotJobSensor) -> Any:
    return context.get("task_state_store") if sensor.reschedule else None


def _was_rescheduled(context: Context, sensor: DataRobotJobSensor) -> bool:
    return sensor.reschedule and context["ti"].get_first_reschedule_date(context) is not None
