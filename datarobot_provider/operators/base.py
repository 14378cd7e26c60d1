"""The two bases of all operators: one request, and one job."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from datarobot_provider.exceptions import (
    AccessDeniedError,
    AuthenticationError,
    ConfigurationError,
    DataRobotError,
    InputError,
    NotFoundError,
)
from datarobot_provider.hooks.datarobot import DataRobotHook, UsesDataRobotHook
from datarobot_provider.jobs.kinds import KINDS
from datarobot_provider.jobs.model import JobKind, JobRef, Outcome, placeholders
from datarobot_provider.links.datarobot import DataRobotLink
from datarobot_provider.operators import fields
from datarobot_provider.operators.fields import Converter, payload
from datarobot_provider.operators.results import JobResult
from datarobot_provider.operators.submission import Done, SubmitsOnce
from datarobot_provider.version_compat import AirflowException, AirflowFailException, BaseOperator, conf

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from datarobot_provider.jobs.events import JobEvent
    from datarobot_provider.operators.submission_record import SubmissionRecord
    from datarobot_provider.triggers.job import DataRobotJobTrigger
    from datarobot_provider.version_compat import Context

ID_KEY = "datarobot_id"
_BACKSTOP = timedelta(minutes=10)
_LAST_STEPS = 30.0
_EMPTY = ("", "None")
_ENDED_BADLY = (Outcome.FAILED, Outcome.CANCELLED, Outcome.EXPIRED)
_NOT_POLLED = (Outcome.POLLING_ERROR, Outcome.POLLING_REFUSED)
_MAY_STILL_RUN = (Outcome.TIMED_OUT, *_NOT_POLLED)


@contextmanager
def airflow_errors(task: Any = None) -> Iterator[None]:
    """Turn our errors into Airflow's: a retry where one can help, an immediate failure where none can.

    :param task: the operator or sensor, if there is one; a 404 names those of its arguments that it is about.
    """
    try:
        yield
    except DataRobotError as error:
        if isinstance(error, NotFoundError) and task is not None:
            from datarobot_provider.operators.not_found import explanation

            error.explain(explanation(error, task))
        kind = AirflowException if error.can_heal else AirflowFailException
        raise kind(str(error)) from None


@contextmanager
def job_is_known(record: SubmissionRecord | None = None) -> Iterator[None]:
    """Let Airflow retry a task that lost its connection while its job runs; a retry or a clear takes the job up again.

    :param record: the record of the job, if the task has one.
    """
    try:
        yield
    except (ConfigurationError, AuthenticationError, AccessDeniedError) as error:
        error.can_heal = True
        if record is not None:
            record.lose_sight()
        raise


def check_rendered(task: Any) -> None:
    """Refuse arguments whose templates rendered to nothing.

    :param task: the operator or sensor. Its required arguments must have a value, the others must not be empty.
    :raises InputError: naming the argument.
    """
    from datarobot_provider.operators.declared import known_template_fields

    for name in (*task.required_fields, *known_template_fields(type(task))):
        value = getattr(task, name)
        if value is None and name in task.required_fields:
            raise InputError(f"{name} is missing: it was not given, or its template rendered to None.")
        if isinstance(value, str) and value.strip() in _EMPTY:
            raise InputError(
                f"{name} rendered to {value!r}. Check its template and the task it reads from; leave the argument out "
                "if it should not be sent."
            )


class DataRobotBaseOperator(UsesDataRobotHook, BaseOperator):
    """Base of every operator: a connection, checked arguments, readable errors, a link.

    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``; templated.
    """

    template_fields: Sequence[str] = ("datarobot_conn_id",)
    #: Arguments that must have a value once the templates are rendered.
    required_fields: ClassVar[Sequence[str]] = ()
    #: Arguments that are fields of the request body, and how each is converted.
    api_fields: ClassVar[Mapping[str, Converter]] = {}
    #: Other arguments, and how each is converted; those of the bases are added.
    argument_types: ClassVar[Mapping[str, Converter]] = {}
    ui_color = "#e4e4fd"

    def __init__(self, *, datarobot_conn_id: str = DataRobotHook.default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.datarobot_conn_id = datarobot_conn_id

    def render_template(self, content: Any, *args: Any, **kwargs: Any) -> Any:
        """Render templates in paths of the standard library, too, which some versions of Airflow resolve instead."""
        if isinstance(content, PurePath) and not hasattr(type(content), "fs"):
            content = str(content)
        return super().render_template(content, *args, **kwargs)

    def execute(self, context: Context) -> Any:
        """Check the rendered arguments, make the request, return what goes to XCom."""
        self._drop_cached()
        with airflow_errors(self):
            self.check()
            return self.run_request(context)

    def run_request(self, context: Context) -> Any:
        """Make the request of this operator; return what goes to XCom."""
        raise NotImplementedError

    def _drop_cached(self) -> None:
        """Drop what an earlier call has cached: a task may execute one operator several times, with other arguments."""
        cached = [name for name in vars(self) if isinstance(getattr(type(self), name, None), cached_property)]
        for name in cached:
            del vars(self)[name]

    def check(self) -> None:
        """Check the rendered arguments and convert them in place, before anything is sent.

        :raises InputError: naming the argument at fault.
        """
        check_rendered(self)
        fields.convert_arguments(self)

    def payload(self) -> dict[str, Any]:
        """Return the request body: the fields that were set, in the API's names."""
        return payload(vars(self), self.api_fields)

    def ids(self, *names: str) -> dict[str, str]:
        """Return ids among the arguments, as strings.

        :param names: which; by default all required arguments.
        :raises InputError: naming the argument that is no id.
        """
        given = {name: getattr(self, name) for name in names or self.required_fields}
        return {name: fields.converted(name, value, fields.identifier) for name, value in given.items()}

    def push_handles(self, context: Context, handle: str, ids: Mapping[str, str]) -> None:
        """Push the id and the links, so that they are there while the task still waits.

        :param handle: the id that stands for what this task made.
        :param ids: what the pages of the links need.
        """
        task_instance = context["ti"]
        task_instance.xcom_push(key=ID_KEY, value=handle)
        for link in self.operator_extra_links:
            if isinstance(link, DataRobotLink) and set(placeholders(link.page)) <= set(ids):
                url = self.hook.client.endpoint.page(link.page.format(**ids))
                task_instance.xcom_push(key=link.key, value=url)
                self.log.info("%s: %s", link.name, url)


class DataRobotJobOperator(SubmitsOnce, JobResult, DataRobotBaseOperator):
    """Base of the operators that start a job on DataRobot, once, and wait for its end.

    :param wait_for_completion: wait for the job; default ``True``; templated. Otherwise the task ends once the job is
        started, and returns the job's id for a sensor.
    :param deferrable: wait in the triggerer instead of on a worker; default is Airflow's
        ``[operators] default_deferrable``. It is needed before templates are rendered, so a template is refused.
    :param poll_interval: longest pause between two polls, in seconds or as a ``timedelta``, above 0; default 10;
        templated. The first polls come sooner.
    :param timeout: how long to wait, in seconds or as a ``timedelta``, ten years at the most; default depends on the
        kind of job, mostly one hour; templated. The task's ``execution_timeout`` counts too, where it is shorter.
    :param cancel_on_kill: cancel the job on DataRobot when the task is killed or times out; default ``True``;
        templated. Killing a deferred task cancels the job on Airflow 3.3 and up.
    :param on_uncertain_submit: what to do when an earlier try may have started the job and DataRobot cannot tell:
        ``fail`` (default) or ``resubmit``.
    """

    #: Name of the kind in ``jobs/kinds.py``.
    kind: str
    #: More kinds that a task of this operator may turn out to wait for.
    other_kinds: ClassVar[Sequence[str]] = ()
    argument_types: ClassVar[Mapping[str, Converter]] = {
        "wait_for_completion": fields.boolean,
        "deferrable": fields.boolean,
        "poll_interval": fields.interval,
        "timeout": fields.optional(fields.seconds),
        "cancel_on_kill": fields.boolean,
    }
    template_fields: Sequence[str] = (
        *DataRobotBaseOperator.template_fields,
        *(name for name in argument_types if name != "deferrable"),
    )

    def __init__(
        self,
        *,
        wait_for_completion: bool | str = True,
        deferrable: bool | str = conf.getboolean("operators", "default_deferrable", fallback=False),
        poll_interval: float | timedelta | str = 10.0,
        timeout: float | timedelta | str | None = None,
        cancel_on_kill: bool | str = True,
        on_uncertain_submit: str = "fail",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.on_uncertain_submit = on_uncertain_submit
        self.wait_for_completion = wait_for_completion
        self.deferrable = fields.early("deferrable", deferrable, fields.boolean)
        self.poll_interval: Any = poll_interval
        self.timeout = timeout
        self.cancel_on_kill = cancel_on_kill
        self._running: JobRef | None = None
        self._defers = False

    def check(self) -> None:
        """Check the rendered arguments, and what holds for every job."""
        super().check()
        self.check_submission()

    def recover_expired(self, record: SubmissionRecord) -> Done | None:  # noqa: ARG002 - for subclasses
        """Find what a job made that DataRobot no longer knows; ``None`` if that cannot be told."""
        return None

    def on_failure(self, event: JobEvent, error: DataRobotError) -> Any:  # noqa: ARG002 - for subclasses
        """Deal with a job that did not end well: raise ``error``, or return what goes to XCom all the same."""
        raise error

    def run_request(self, context: Context) -> Any:
        """Start the job or take it up again, then wait for it or defer."""
        from datarobot_provider.operators.deferral import can_defer
        from datarobot_provider.operators.submission_record import SubmissionRecord
        from datarobot_provider.operators.superseded import cancel_superseded_jobs

        deadline = time.time() + self._wait_seconds()
        self._check_trigger(deadline)
        self._defers = self.deferrable and can_defer(self, context)
        cancel_superseded_jobs(context, deferrable=self._defers)
        record = SubmissionRecord.claim(context, self)
        made = self._taken_up(record) or self._submitted(context, record)
        if isinstance(made, Done):
            if made.ids:
                self.push_handles(context, made.value, made.ids)
            return made.value
        with job_is_known(record):
            return self._awaited(context, record, made, deadline)

    def _awaited(self, context: Context, record: SubmissionRecord, ref: JobRef, deadline: float) -> Any:
        """Wait for the job or defer; return what goes to XCom."""
        self.push_handles(context, self._handle(ref), ref.ids)
        if not self.wait_for_completion:
            return self._handle(ref)
        if self._defers:
            seen = self.hook.jobs.poll_once(ref)
            if seen.verdict.outcome is not Outcome.PENDING:
                return self._finish(seen, record)
            remaining = timedelta(seconds=max(0.0, deadline - time.time()))
            failure_timeout = self.hook.client.poll_failure_timeout
            trigger = self._trigger(ref, deadline, poll_failure_timeout=failure_timeout)
            self.defer(trigger=trigger, method_name="execute_complete", timeout=remaining + _BACKSTOP)
        self._running = ref
        event = self.hook.jobs.wait(ref, deadline, self.poll_interval)
        self._running = None
        return self._finish(event, record)

    def execute_complete(self, context: Context, event: Any = None, **_: Any) -> Any:
        """Take the event of the trigger and end the task; called by Airflow after a deferral.

        :param event: how the wait ended, as the trigger sent it.
        :returns: what goes to XCom.
        """
        from datarobot_provider.jobs.events import JobEvent
        from datarobot_provider.operators.submission_record import SubmissionRecord

        with airflow_errors(self):
            fields.convert_arguments(self)
            ended = JobEvent.load(event, self.kind, *self.other_kinds)
            record = SubmissionRecord.of_job(context, self, ended.ref)
            with job_is_known(record):
                return self._finish(ended, record)

    def on_kill(self) -> None:
        """Cancel the job when the task is killed on a worker."""
        if self._running is not None and fields.is_true(self.cancel_on_kill):
            self.log.warning("The task was killed. %s", self.hook.jobs.cancel(self._running).report)
            self._running = None

    def _finish(self, event: JobEvent, record: SubmissionRecord) -> Any:
        outcome = event.verdict.outcome
        if outcome is Outcome.SUCCEEDED:
            # The record stays: a worker that dies before Airflow has heard of the success must not do it all again.
            return self.result(event)
        if outcome in (Outcome.EXPIRED, Outcome.TIMED_OUT) and (made := self.recover_expired(record)):
            return made.value
        if outcome in _NOT_POLLED:
            record.lose_sight()
        cancelled = None
        if outcome is Outcome.TIMED_OUT and self.cancel_on_kill:
            cancelled = self.hook.jobs.cancel(event.ref)
        failure = self._failure(event, cancelled.report if cancelled else None)
        # What may still run, and what another attempt would only repeat, is remembered: the next one takes it up again.
        if (cancelled and cancelled.over) or not (outcome in _MAY_STILL_RUN or self._is_verdict(outcome)):
            record.forget()
        return self.on_failure(event, failure)

    def _failure(self, event: JobEvent, cancel_report: str | None) -> DataRobotError:
        from datarobot_provider.jobs.events import in_words, job_error

        outcome = event.verdict.outcome
        if outcome in _NOT_POLLED:
            return job_error(event, url=self.page(event.ref))
        jobs, details = self.hook.jobs, self.failure_details(event)
        if outcome is Outcome.TIMED_OUT:
            details.append(f"It was given {in_words(self._wait_seconds())}.")
            details += [cancel_report] if cancel_report else []
        with_log = outcome in (Outcome.FAILED, Outcome.CANCELLED, Outcome.TIMED_OUT)
        log_tail = jobs.log_tail(event.ref) if with_log else []
        return job_error(event, details=details, log_tail=log_tail, url=self.page(event.ref))

    def _wait_seconds(self) -> float:
        timeout = self.timeout if self.timeout is not None else self._kind().timeout
        seconds: float = fields.converted("timeout", timeout, fields.seconds)
        if not self.execution_timeout:
            return seconds
        # Airflow's own alarm must not ring before the job is cancelled and its log is read.
        limit = self.execution_timeout.total_seconds()
        return min(seconds, limit - min(_LAST_STEPS, limit / 10))

    def _handle(self, ref: JobRef) -> str:
        return ref.ids.get(self._kind().handle) or ref.ids["status_id"]

    def _kind(self) -> JobKind:
        return KINDS[self.kind]

    def _trigger(self, ref: JobRef, deadline: float, **settings: float) -> DataRobotJobTrigger:
        from datarobot_provider.triggers.job import DataRobotJobTrigger

        return DataRobotJobTrigger(
            ref=ref.dumps(),
            datarobot_conn_id=self.datarobot_conn_id,
            deadline=deadline,
            poll_interval=fields.converted("poll_interval", self.poll_interval, fields.interval),
            cancel_on_kill=fields.is_true(self.cancel_on_kill),
            **settings,
        )

    def _check_trigger(self, deadline: float) -> None:
        """Fail before the job is started, not after, if the trigger could not be stored."""
        json.dumps(self._trigger(JobRef(self.kind, {}), deadline).serialize())

    def _submitted(self, context: Context, record: SubmissionRecord) -> JobRef | Done:
        made = self.submit(context, record)
        if isinstance(made, JobRef):
            self.log.info("The %s is %s.", self._kind().title, self._handle(made))
            if made.joined:
                self.log.info("This task did not start it, so it does not cancel it either.")
        return made

    def _taken_up(self, record: SubmissionRecord) -> JobRef | Done | None:
        """Take up what an earlier attempt started, unless it ended in a way that another attempt may mend."""
        ref = record.made
        if not isinstance(ref, JobRef):
            return ref
        with job_is_known(record):
            ended, ref = (None, ref) if not self.wait_for_completion else self._polled(ref)
        if ended not in _ENDED_BADLY or self._is_verdict(ended):
            self.log.info("An earlier attempt of this task started the job already; taking it up again.")
            return ref
        if ended is Outcome.EXPIRED and (made := self.recover_expired(record)):
            return made
        record.forget()
        return None

    def _is_verdict(self, outcome: Outcome) -> bool:
        """Return whether a job that ended like this would end so again."""
        return outcome is Outcome.FAILED and not self._kind().repeatable

    def _polled(self, ref: JobRef) -> tuple[Outcome, JobRef]:
        event = self.hook.jobs.poll_once(ref)
        return event.verdict.outcome, event.ref

    def may_adopt(self, made: JobRef | Done) -> bool:
        """Return whether a job that was found is not one that an earlier attempt has seen fail."""
        return isinstance(made, Done) or self._polled(made)[0] not in _ENDED_BADLY
