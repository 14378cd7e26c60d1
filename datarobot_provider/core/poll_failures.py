"""Tolerance of a poking sensor for failed polls: after a first successful poll, they are not failures of the job."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.retry import POLL_FAILURE_TIMEOUT
from datarobot_provider.exceptions import ConfigurationError
from datarobot_provider.jobs.events import JobEvent
from datarobot_provider.jobs.model import Outcome, Verdict
from datarobot_provider.jobs.poller import FAILED_POLLS

if TYPE_CHECKING:
    from datarobot_provider.core.base_sensor import DataRobotJobSensor
    from datarobot_provider.version_compat import Context

STORE_KEY = "datarobot_polls_failing_since"


class PollFailures:
    """Number and duration of the consecutive failed polls of a sensor, limited as in the triggerer.

    A sensor in ``reschedule`` mode keeps them in Airflow's task state store (Airflow 3.3 and up). On earlier versions,
    only the ``timeout`` of the sensor limits the failures.
    """

    def __init__(self) -> None:
        self._has_polled = False
        self._since: float | None = None
        self._count = 0

    def poll(self, context: Context, sensor: DataRobotJobSensor) -> JobEvent:
        """Poll the job once.

        :param context: the context of the task.
        :param sensor: the sensor.
        :returns: the state of the job; ``PENDING`` after a failed poll, ``POLLING_ERROR`` if polls have failed for too
            long, ``POLLING_REFUSED`` if DataRobot refuses the first poll.
        :raises ConfigurationError: if the connection is not usable at the first poll.
        """
        has_polled = self._has_polled or _was_rescheduled(context, sensor)
        timeout = POLL_FAILURE_TIMEOUT
        try:
            timeout = sensor.hook.client.poll_failure_timeout
            event = sensor.hook.jobs.poll_once(sensor.ref(), confirmed=False)
        except ConfigurationError as error:
            if not has_polled:
                raise
            event = JobEvent(sensor.ref(), Verdict(Outcome.POLLING_REFUSED, message=str(error)))
        refused = event.verdict.outcome is Outcome.POLLING_REFUSED
        if refused and not has_polled:
            return event
        self._has_polled = True
        if not refused and (event.verdict.outcome is not Outcome.PENDING or event.verdict.message is None):
            self._reset(context, sensor)
            return event
        if refused:
            sensor.log.warning("The job cannot be polled at present. %s", event.verdict.message)
        outcome = Outcome.POLLING_ERROR if self._is_exhausted(context, sensor, timeout) else Outcome.PENDING
        return JobEvent(event.ref, Verdict(outcome, message=event.verdict.message))

    def _is_exhausted(self, context: Context, sensor: DataRobotJobSensor, timeout: float) -> bool:
        """Count a failed poll; return whether the limits of failed polls are reached."""
        now, store = time.time(), _store(context, sensor)
        saved = store.get(STORE_KEY) if store is not None else None
        if isinstance(saved, dict):
            self._since, self._count = float(saved["since"]), int(saved["count"])
        self._since = now if self._since is None else self._since
        self._count += 1
        if store is not None:
            store.set(STORE_KEY, {"since": self._since, "count": self._count})
        return self._count >= FAILED_POLLS and now - self._since >= timeout

    def _reset(self, context: Context, sensor: DataRobotJobSensor) -> None:
        self._since, self._count = None, 0
        store = _store(context, sensor)
        if store is not None and store.get(STORE_KEY) is not None:
            store.delete(STORE_KEY)


def _store(context: Context, sensor: DataRobotJobSensor) -> Any:
    return context.get("task_state_store") if sensor.reschedule else None


def _was_rescheduled(context: Context, sensor: DataRobotJobSensor) -> bool:
    return sensor.reschedule and context["ti"].get_first_reschedule_date(context) is not None
