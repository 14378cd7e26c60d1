"""Base classes of the sensors, which poll a job on the worker or in the triggerer."""

from __future__ import annotations

import time
from abc import abstractmethod
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from datarobot_provider.core.arguments import converters
from datarobot_provider.core.arguments.declarations import DeclaredArguments, convert_arguments
from datarobot_provider.core.errors import airflow_errors, retry_access_errors
from datarobot_provider.core.job_results import JobResult
from datarobot_provider.exceptions import InputError
from datarobot_provider.hooks.datarobot import DataRobotHook
from datarobot_provider.jobs.model import JobRef, Outcome
from datarobot_provider.version_compat import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    BaseSensorOperator,
    PokeReturnValue,
    conf,
)

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import Boolean, ConnectionId, Id
    from datarobot_provider.core.poll_failures import PollFailures
    from datarobot_provider.jobs.events import JobEvent
    from datarobot_provider.version_compat import Context

_DEFERRABLE = conf.getboolean("operators", "default_deferrable", fallback=False)
_BACKSTOP_SECONDS = 600.0
#: Durations that the constructor of Airflow's sensors reads, and booleans that Airflow reads before it renders.
_SPANS = {
    "poke_interval": converters.interval,
    "timeout": converters.optional(converters.seconds),
    "max_wait": converters.optional(converters.seconds),
}
_BOOLEANS = ("soft_fail", "never_fail", "silent_fail", "exponential_backoff")


class DataRobotJobSensor(DeclaredArguments, JobResult, BaseSensorOperator):
    """Base of the sensors. A sensor polls a job; it does not start or cancel jobs.

    Airflow needs ``deferrable``, ``mode``, ``poke_interval``, ``timeout``, ``max_wait``, ``soft_fail``, ``never_fail``,
    ``silent_fail`` and ``exponential_backoff`` before it renders templates: a template in these arguments is refused
    when the sensor is created, and a string such as ``"False"`` or ``"60"`` is converted.

    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``; templated.
    :param deferrable: wait in the triggerer instead of on a worker; default: Airflow's setting ``[operators]
        default_deferrable``.
    :param poke_interval: pause between two polls, in seconds or as a ``timedelta``, above 0; default 60.
    :param timeout: how long to wait at most, in seconds or as a ``timedelta``, ten years at most; default: one week, as
        for every Airflow sensor.
    :param soft_fail: skip instead of fail; default ``False``.
    """

    not_templated = ("deferrable",)
    #: Name of the job kind in ``jobs/kinds.py``.
    kind: str
    ui_color = "#e4e4fd"

    def __init__(
        self,
        *,
        datarobot_conn_id: ConnectionId = DataRobotHook.default_conn_name,
        deferrable: Boolean = _DEFERRABLE,
        **kwargs: Any,
    ) -> None:
        spans = {
            name: converters.convert_in_init(name, kwargs[name], kind)
            for name, kind in _SPANS.items()
            if name in kwargs
        }
        super().__init__(**{**kwargs, **spans})
        self.datarobot_conn_id = datarobot_conn_id
        self._failures: PollFailures | None = None
        self.deferrable = converters.convert_in_init("deferrable", deferrable, converters.boolean)
        # After Airflow's constructor, which also reads the DAG's default_args.
        for name in _BOOLEANS:
            setattr(self, name, converters.convert_in_init(name, getattr(self, name), converters.boolean))
        if self.soft_fail and self.never_fail:
            raise InputError("Give soft_fail or never_fail, not both.")

    @abstractmethod
    def ref(self) -> JobRef:
        """Return the job to poll, from the rendered arguments."""

    def execute(self, context: Context) -> Any:
        """Poll the job on the worker, or poll once and defer."""
        from datarobot_provider.core.deferral import can_defer

        with airflow_errors(self):
            self.check()
        if not (self.deferrable and can_defer(self, context)):
            return super().execute(context)
        try:
            done = self.poke(context)
        except AirflowFailException as error:
            # As in Airflow's own poke loop, which is not used here.
            if self.soft_fail or self.never_fail:
                raise AirflowSkipException(str(error)) from error
            raise
        if done.is_done:
            return done.xcom_value
        deadline = time.time() + self.timeout
        backstop = timedelta(seconds=self.timeout + _BACKSTOP_SECONDS)
        self.defer(trigger=self._trigger(deadline), method_name="execute_complete", timeout=backstop)
        return None

    def poke(self, context: Context) -> PokeReturnValue:
        """Poll once. If earlier polls succeeded, failures are ignored for the timeout of the connection.

        :returns: whether the job has succeeded, and the result.
        """
        from datarobot_provider.core.poll_failures import PollFailures

        self._failures = self._failures or PollFailures()
        with airflow_errors(self):
            event = self._failures.poll(context, self)
            if event.verdict.outcome in (Outcome.PENDING, Outcome.UNKNOWN):
                return PokeReturnValue(is_done=False)
            return PokeReturnValue(is_done=True, xcom_value=self._finish(event))

    def execute_complete(self, context: Context, event: Any = None, **_: Any) -> Any:  # noqa: ARG002 - Airflow's signature
        """End the task after a deferral.

        :param event: event of the trigger.
        :returns: what goes to XCom.
        """
        from datarobot_provider.jobs.events import JobEvent

        with airflow_errors(self), retry_access_errors():
            convert_arguments(self)
            return self._finish(JobEvent.load(event, self.ref().kind))

    def _finish(self, event: JobEvent) -> Any:
        from datarobot_provider.jobs.events import job_error

        outcome, page = event.verdict.outcome, self.page(event.ref)
        if outcome is Outcome.SUCCEEDED:
            return self.result(event)
        if outcome is Outcome.TIMED_OUT:
            raise AirflowSensorTimeout(str(job_error(event, url=page)))
        ended_badly = outcome in (Outcome.FAILED, Outcome.CANCELLED)
        error = job_error(
            event,
            details=self.failure_details(event) if ended_badly else [],
            log_tail=self.hook.jobs.log_tail(event.ref) if outcome is Outcome.FAILED else [],
            url=page,
        )
        # A retry of the sensor would find the same ended job.
        error.retryable = outcome is Outcome.POLLING_ERROR
        raise error

    def _trigger(self, deadline: float) -> Any:
        from datarobot_provider.triggers.job import DataRobotJobTrigger

        return DataRobotJobTrigger(
            ref=self.ref().dumps(),
            datarobot_conn_id=self.datarobot_conn_id,
            deadline=deadline,
            poll_interval=float(self.poke_interval),
            cancel_on_kill=False,
            poll_failure_timeout=self.hook.client.poll_failure_timeout,
        )


class DataRobotIdsSensor(DataRobotJobSensor):
    """Base of the sensors whose required arguments are the ids of the job."""

    def ref(self) -> JobRef:
        """Return the job with the ids in the required arguments."""
        given = {name: getattr(self, name) for name in self.required_fields}
        ids = {name: converters.converted(name, value, converters.identifier) for name, value in given.items()}
        return JobRef(self.kind, ids)


class VersionSensor(DataRobotIdsSensor):
    """Base of the sensors whose required arguments are the two ids of a version.

    :param custom_model_id: id of the custom model; templated; required.
    :param custom_model_version_id: id of the version; templated; required.
    """

    def __init__(self, *, custom_model_id: Id, custom_model_version_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.custom_model_version_id = custom_model_version_id
