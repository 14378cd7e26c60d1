"""Base class of the operators that start a job and wait for it."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from datarobot_provider.core.arguments import converters
from datarobot_provider.core.arguments.declarations import convert_arguments
from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.core.errors import airflow_errors, retry_access_errors
from datarobot_provider.core.job_results import JobResult
from datarobot_provider.core.submission.recovery import CreatedResource, SubmitOnce
from datarobot_provider.jobs.model import JobKind, JobRef, Outcome
from datarobot_provider.version_compat import conf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from datarobot_provider.core.arguments.types import Boolean, Interval, Seconds, SubmitPolicy
    from datarobot_provider.core.submission.record import SubmissionRecord
    from datarobot_provider.exceptions import DataRobotError
    from datarobot_provider.jobs.events import JobEvent
    from datarobot_provider.triggers.job import DataRobotJobTrigger
    from datarobot_provider.version_compat import Context

_DEFERRABLE = conf.getboolean("operators", "default_deferrable", fallback=False)
_BACKSTOP = timedelta(minutes=10)
_LAST_STEPS = 30.0
_ENDED_BADLY = (Outcome.FAILED, Outcome.CANCELLED, Outcome.EXPIRED)
_NOT_POLLED = (Outcome.POLLING_ERROR, Outcome.POLLING_REFUSED)
_MAY_STILL_RUN = (Outcome.TIMED_OUT, *_NOT_POLLED)


class DataRobotJobOperator(SubmitOnce, JobResult, DataRobotBaseOperator):
    """Base of the operators that start a job once, and wait until it has ended.

    :param wait_for_completion: wait for the job; default ``True``; templated. Otherwise the task ends when the job has
        started, and returns the id of the job for a sensor.
    :param deferrable: wait in the triggerer instead of on a worker; default: Airflow's setting ``[operators]
        default_deferrable``. A template is refused, because Airflow needs the value before it renders templates.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``, above 0; default 10;
        templated. The first polls are more frequent.
    :param timeout: how long to wait, in seconds or as a ``timedelta``, ten years at most; default: depends on the kind
        of job, one hour for most; templated. A shorter ``execution_timeout`` of the task takes precedence.
    :param cancel_on_kill: cancel the job on DataRobot when the task is killed or times out; default ``True``;
        templated. If the task is deferred, this needs Airflow 3.3 or later.
    :param on_uncertain_submit: what to do if an earlier attempt may have started the job and DataRobot cannot tell:
        ``fail`` (default) or ``resubmit``.
    """

    #: Name of the job kind in ``jobs/kinds.py``.
    kind: str
    #: Other job kinds that a task of this operator may wait for.
    other_kinds: ClassVar[Sequence[str]] = ()
    options: ClassVar[Sequence[str]] = (
        "wait_for_completion",
        "deferrable",
        "poll_interval",
        "timeout",
        "cancel_on_kill",
        "on_uncertain_submit",
    )
    not_templated: ClassVar[Sequence[str]] = ("deferrable", "on_uncertain_submit")

    def __init__(
        self,
        *,
        wait_for_completion: Boolean = True,
        deferrable: Boolean = _DEFERRABLE,
        poll_interval: Interval = 10.0,
        timeout: Seconds | None = None,
        cancel_on_kill: Boolean = True,
        on_uncertain_submit: SubmitPolicy = "fail",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.on_uncertain_submit = on_uncertain_submit
        self.wait_for_completion = wait_for_completion
        self.deferrable = converters.convert_in_init("deferrable", deferrable, converters.boolean)
        self.poll_interval: Any = poll_interval
        self.timeout = timeout
        self.cancel_on_kill = cancel_on_kill
        self._running: JobRef | None = None
        self._defers = False

    def check(self) -> None:
        """Check the rendered arguments."""
        super().check()
        self.check_submission()

    def recover_expired(self, record: SubmissionRecord) -> CreatedResource | None:  # noqa: ARG002 - for subclasses
        """Find the result of a job that no longer exists; ``None`` if that is not possible."""
        return None

    def on_failure(self, event: JobEvent, error: DataRobotError) -> Any:  # noqa: ARG002 - for subclasses
        """Handle a job that did not succeed: raise ``error``, or return a value for XCom."""
        raise error

    def accepted_job(self, ids: Mapping[str, str]) -> JobRef:
        """Send the request, whose response refers to a status record; return the job.

        :param ids: further ids of the job.
        """
        from datarobot_provider.client.accepted import accepted

        return JobRef(self.kind, {**ids, "status_id": accepted(self.request(json=self.payload())).status_id})

    def run_request(self, context: Context) -> Any:
        """Start the job or resume it, then wait for it or defer."""
        from datarobot_provider.core.deferral import can_defer
        from datarobot_provider.core.submission.record import SubmissionRecord
        from datarobot_provider.core.submission.superseded import cancel_superseded_jobs

        deadline = time.time() + self._wait_seconds()
        self._check_trigger(deadline)
        self._defers = self.deferrable and can_defer(self, context)
        cancel_superseded_jobs(context, deferrable=self._defers)
        record = SubmissionRecord.load_or_create(context, self)
        submitted = self._resumed(record) or self._submitted(context, record)
        if isinstance(submitted, CreatedResource):
            if submitted.ids:
                self.push_ids(context, submitted.value, submitted.ids)
            return submitted.value
        with retry_access_errors(record):
            return self._wait_for(context, record, submitted, deadline)

    def _wait_for(self, context: Context, record: SubmissionRecord, ref: JobRef, deadline: float) -> Any:
        """Wait for the job or defer; return what goes to XCom."""
        self.push_ids(context, self._handle(ref), ref.ids)
        if not self.wait_for_completion:
            return self._handle(ref)
        if self._defers:
            seen = self.hook.jobs.poll_once(ref)
            if seen.verdict.outcome is not Outcome.PENDING:
                return self._finish(seen, record)
            remaining = timedelta(seconds=max(0.0, deadline - time.time()))
            failure_timeout = self.hook.client.poll_failure_timeout
            trigger = self._trigger(ref, deadline, poll_failure_timeout=failure_timeout)
            if trigger.cancel_on_kill:
                from datarobot_provider.core.deferral import report_missed_kills

                report_missed_kills(ref)
            self.defer(trigger=trigger, method_name="execute_complete", timeout=remaining + _BACKSTOP)
        self._running = ref
        event = self.hook.jobs.wait(ref, deadline, self.poll_interval)
        self._running = None
        return self._finish(event, record)

    def execute_complete(self, context: Context, event: Any = None, **_: Any) -> Any:
        """End the task after a deferral.

        :param event: event of the trigger.
        :returns: what goes to XCom.
        """
        from datarobot_provider.core.submission.record import SubmissionRecord
        from datarobot_provider.jobs.events import JobEvent

        with airflow_errors(self):
            convert_arguments(self)
            ended = JobEvent.load(event, self.kind, *self.other_kinds)
            record = SubmissionRecord.for_job(context, self, ended.ref)
            with retry_access_errors(record):
                result = self._finish(ended, record)
        self.emit_asset_events(context)
        return result

    def on_kill(self) -> None:
        """Cancel the job when the task is killed on a worker."""
        if self._running is not None and converters.is_true(self.cancel_on_kill):
            self.log.warning("The task was killed. %s", self.hook.jobs.cancel(self._running).report)
            self._running = None

    def _finish(self, event: JobEvent, record: SubmissionRecord) -> Any:
        outcome = event.verdict.outcome
        self.known_ids |= event.ref.ids
        if outcome is Outcome.SUCCEEDED:
            # A retry needs the record if the worker is killed before Airflow has stored the success.
            return self.result(event)
        if outcome in (Outcome.EXPIRED, Outcome.TIMED_OUT) and (recovered := self.recover_expired(record)):
            self.known_ids |= recovered.ids
            return recovered.value
        if outcome in _NOT_POLLED:
            record.mark_unreachable()
        cancelled = None
        if outcome is Outcome.TIMED_OUT and self.cancel_on_kill:
            cancelled = self.hook.jobs.cancel(event.ref)
        failure = self._failure(event, cancelled.report if cancelled else None)
        # Keep the record of a job that may still be running, or that would end in the same way: a retry resumes it.
        if (cancelled and cancelled.ended) or not (outcome in _MAY_STILL_RUN or self._is_final(outcome)):
            record.delete()
        return self.on_failure(event, failure)

    def _failure(self, event: JobEvent, cancel_report: str | None) -> DataRobotError:
        from datarobot_provider.jobs.events import format_duration, job_error

        outcome = event.verdict.outcome
        if outcome in _NOT_POLLED:
            return job_error(event, url=self.page(event.ref))
        jobs, details = self.hook.jobs, self.failure_details(event)
        if outcome is Outcome.TIMED_OUT:
            details.append(f"The timeout was {format_duration(self._wait_seconds())}.")
            details += [cancel_report] if cancel_report else []
        with_log = outcome in (Outcome.FAILED, Outcome.CANCELLED, Outcome.TIMED_OUT)
        log_tail = jobs.log_tail(event.ref) if with_log else []
        return job_error(event, details=details, log_tail=log_tail, url=self.page(event.ref))

    def _wait_seconds(self) -> float:
        timeout = self.timeout if self.timeout is not None else self._kind().timeout
        seconds: float = converters.converted("timeout", timeout, converters.seconds)
        if not self.execution_timeout:
            return seconds
        # Leave time to cancel the job and to read its log before Airflow's own timeout.
        limit = self.execution_timeout.total_seconds()
        return min(seconds, limit - min(_LAST_STEPS, limit / 10))

    def _handle(self, ref: JobRef) -> str:
        return ref.ids.get(self._kind().handle) or ref.ids["status_id"]

    def _kind(self) -> JobKind:
        from datarobot_provider.jobs.kinds import KINDS

        return KINDS[self.kind]

    def _trigger(self, ref: JobRef, deadline: float, **settings: float) -> DataRobotJobTrigger:
        from datarobot_provider.triggers.job import DataRobotJobTrigger

        return DataRobotJobTrigger(
            ref=ref.dumps(),
            datarobot_conn_id=self.datarobot_conn_id,
            deadline=deadline,
            poll_interval=converters.converted("poll_interval", self.poll_interval, converters.interval),
            cancel_on_kill=converters.is_true(self.cancel_on_kill),
            **settings,
        )

    def _check_trigger(self, deadline: float) -> None:
        """Fail before the job is started, not after, if the trigger could not be stored."""
        json.dumps(self._trigger(JobRef(self.kind, {}), deadline).serialize())

    def _submitted(self, context: Context, record: SubmissionRecord) -> JobRef | CreatedResource:
        submitted = self.submit(context, record)
        if isinstance(submitted, JobRef):
            self.log.info("The %s is %s.", self._kind().title, self._handle(submitted))
            if submitted.joined:
                self.log.info("Another task has started the job; this task will not cancel it.")
        return submitted

    def _resumed(self, record: SubmissionRecord) -> JobRef | CreatedResource | None:
        """Resume the job of an earlier attempt, unless it has ended and should be started again."""
        ref = record.result
        if not isinstance(ref, JobRef):
            return ref
        with retry_access_errors(record):
            ended, ref = (None, ref) if not self.wait_for_completion else self._polled(ref)
        if ended not in _ENDED_BADLY or self._is_final(ended):
            self.log.info("An earlier attempt of this task has already started the job; resuming it.")
            return ref
        if ended is Outcome.EXPIRED and (recovered := self.recover_expired(record)):
            return recovered
        record.delete()
        return None

    def _is_final(self, outcome: Outcome) -> bool:
        """Return whether a repeated job would end in the same way."""
        return outcome is Outcome.FAILED and not self._kind().repeatable

    def _polled(self, ref: JobRef) -> tuple[Outcome, JobRef]:
        event = self.hook.jobs.poll_once(ref)
        return event.verdict.outcome, event.ref

    def is_recoverable(self, submitted: JobRef | CreatedResource) -> bool:
        """Return whether a job that was found has not failed."""
        return isinstance(submitted, CreatedResource) or self._polled(submitted)[0] not in _ENDED_BADLY
