"""The two bases of all operators: one request, and one job."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from datarobot_provider.exceptions import DataRobotError, InputError
from datarobot_provider.hooks.datarobot import DataRobotHook, UsesDataRobotHook
from datarobot_provider.jobs.kinds import KINDS
from datarobot_provider.jobs.model import JobKind, JobRef, Outcome, placeholders
from datarobot_provider.links.datarobot import DataRobotLink
from datarobot_provider.operators.fields import Converter, payload
from datarobot_provider.operators.results import JobResult
from datarobot_provider.operators.submission import Done, Ledger, SubmitsOnce
from datarobot_provider.version_compat import AirflowException, AirflowFailException, BaseOperator, conf

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from datarobot_provider.jobs.events import JobEvent
    from datarobot_provider.triggers.job import DataRobotJobTrigger
    from datarobot_provider.version_compat import Context

ID_KEY = "datarobot_id"
_BACKSTOP = timedelta(minutes=10)
_LAST_STEPS = 30.0
_EMPTY = ("", "None")
_TRIGGER_SECONDS = 8.0
_QUICK = 1.0
_ENDED_BADLY = (Outcome.FAILED, Outcome.CANCELLED, Outcome.EXPIRED)
_MAY_STILL_RUN = (Outcome.TIMED_OUT, Outcome.POLLING_ERROR, Outcome.POLLING_REFUSED)


@contextmanager
def airflow_errors() -> Iterator[None]:
    """Turn our errors into Airflow's: a retry where one can help, an immediate failure where none can."""
    try:
        yield
    except DataRobotError as error:
        kind = AirflowException if error.can_heal else AirflowFailException
        raise kind(str(error)) from None


def check_rendered(task: Any, required: Sequence[str], optional: Sequence[str]) -> None:
    """Refuse arguments whose templates rendered to nothing.

    :param task: the operator or sensor.
    :param required: names of the arguments that must have a value.
    :param optional: names of the arguments that may be left out, but not empty.
    :raises InputError: naming the argument.
    """
    for name in (*required, *optional):
        value = getattr(task, name)
        if value is None and name in required:
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
        with airflow_errors():
            self.check()
            return self.run_request(context)

    def run_request(self, context: Context) -> Any:
        """Make the request of this operator; return what goes to XCom."""
        raise NotImplementedError

    def check(self) -> None:
        """Check the rendered arguments, before anything is sent.

        :raises InputError: naming the argument at fault.
        """
        check_rendered(self, self.required_fields, self.template_fields)

    def payload(self) -> dict[str, Any]:
        """Return the request body: the fields that were set, in the API's names."""
        return payload(vars(self), self.api_fields)

    def ids(self, *names: str) -> dict[str, str]:
        """Return ids among the arguments, as text.

        :param names: which; by default all required arguments.
        """
        return {name: str(getattr(self, name)) for name in names or self.required_fields}

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

    :param wait_for_completion: wait for the job; default ``True``. Otherwise the task ends once the job is started,
        and returns the job's id for a sensor.
    :param deferrable: wait in the triggerer instead of on a worker; default is Airflow's
        ``[operators] default_deferrable``.
    :param poll_interval: longest pause between two looks, in seconds; default 10. The first looks come sooner.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default depends on the kind of job, mostly one
        hour. The task's ``execution_timeout`` counts too, where it is shorter.
    :param cancel_on_kill: cancel the job on DataRobot when the task is killed or times out; default ``True``. Killing a
        deferred task cancels the job on Airflow 3.3 and up.
    :param on_uncertain_submit: what to do when an earlier try may have started the job and DataRobot cannot tell:
        ``fail`` (default) or ``resubmit``.
    """

    #: Name of the kind in ``jobs/kinds.py``.
    kind: str
    #: More kinds that a task of this operator may turn out to wait for.
    other_kinds: ClassVar[Sequence[str]] = ()

    def __init__(
        self,
        *,
        wait_for_completion: bool = True,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poll_interval: float = 10.0,
        timeout: float | timedelta | None = None,
        cancel_on_kill: bool = True,
        on_uncertain_submit: str = "fail",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.on_uncertain_submit = on_uncertain_submit
        self.wait_for_completion = wait_for_completion
        self.deferrable = deferrable
        self.poll_interval = poll_interval
        self.timeout = timeout
        self.cancel_on_kill = cancel_on_kill
        self._running: JobRef | None = None

    def check(self) -> None:
        """Check the rendered arguments, and what holds for every job."""
        super().check()
        self.check_submission()

    def salvage(self, ledger: Ledger) -> Done | None:  # noqa: ARG002 - for subclasses
        """Find what a job made whose record is of no use any more; ``None`` if that cannot be told."""
        return None

    def on_failure(self, event: JobEvent, error: DataRobotError) -> Any:  # noqa: ARG002 - for subclasses
        """Deal with a job that did not end well: raise ``error``, or return what goes to XCom all the same."""
        raise error

    def run_request(self, context: Context) -> Any:
        """Start the job or take it up again, then wait for it or defer."""
        deadline = time.time() + self._patience()
        self._rehearse(deadline)
        ledger = Ledger(context, self.retries)
        self._make_way(ledger)
        made = self._taken_up(ledger) or self._submitted(context, ledger)
        if isinstance(made, Done):
            if made.ids:
                self.push_handles(context, made.value, made.ids)
            return made.value
        ref = made
        self.push_handles(context, self._handle(ref), ref.ids)
        if not self.wait_for_completion:
            return self._handle(ref)
        if self.deferrable:
            seen = self.hook.jobs.glance(ref)
            if seen.verdict.outcome is not Outcome.PENDING:
                return self._finish(context, seen)
            remaining = timedelta(seconds=max(0.0, deadline - time.time()))
            trigger = self._trigger(ref, deadline)
            self.defer(trigger=trigger, method_name="execute_complete", timeout=remaining + _BACKSTOP)
        self._running = ref
        event = self.hook.jobs.wait(ref, deadline, self.poll_interval)
        self._running = None
        return self._finish(context, event)

    def execute_complete(self, context: Context, event: Any = None, **_: Any) -> Any:
        """Take the event of the trigger and end the task; called by Airflow after a deferral.

        :param event: how the wait ended, as the trigger sent it.
        :returns: what goes to XCom.
        """
        from datarobot_provider.jobs.events import JobEvent

        with airflow_errors():
            return self._finish(context, JobEvent.load(event, self.kind, *self.other_kinds))

    def on_kill(self) -> None:
        """Cancel the job when the task is killed on a worker."""
        if self._running is not None and self.cancel_on_kill:
            self.log.warning("The task was killed. %s", self.hook.jobs.cancel(self._running).report)
            self._running = None

    def _finish(self, context: Context, event: JobEvent) -> Any:
        outcome = event.verdict.outcome
        if outcome is Outcome.SUCCEEDED:
            # The record stays: a worker that dies before Airflow has heard of the success must not do it all again.
            return self.result(event)
        ledger = Ledger(context, self.retries)
        if outcome in (Outcome.EXPIRED, Outcome.TIMED_OUT) and (made := self.salvage(ledger)):
            return made.value
        cancelled = None
        if outcome is Outcome.TIMED_OUT and self.cancel_on_kill:
            cancelled = self.hook.jobs.cancel(event.ref)
        failure = self._failure(event, cancelled.report if cancelled else None)
        # What may still run, and what another try would only repeat, is remembered: the next try takes it up again.
        if (cancelled and cancelled.over) or not (outcome in _MAY_STILL_RUN or self._is_verdict(outcome)):
            ledger.forget()
        return self.on_failure(event, failure)

    def _failure(self, event: JobEvent, cancel_report: str | None) -> DataRobotError:
        from datarobot_provider.jobs.events import in_words, job_error

        outcome, jobs = event.verdict.outcome, self.hook.jobs
        if outcome is Outcome.POLLING_REFUSED:
            return job_error(event, url=jobs.page(event.ref))
        details = self.failure_details(event)
        if outcome is Outcome.TIMED_OUT:
            details.append(f"It was given {in_words(self._patience())}.")
            details += [cancel_report] if cancel_report else []
        with_log = outcome in (Outcome.FAILED, Outcome.CANCELLED, Outcome.TIMED_OUT)
        log_tail = jobs.log_tail(event.ref) if with_log else []
        return job_error(event, details=details, log_tail=log_tail, url=jobs.page(event.ref))

    def _patience(self) -> float:
        timeout = self.timeout if self.timeout is not None else self._kind().timeout
        seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else float(timeout)
        if not self.execution_timeout:
            return seconds
        # Airflow's own alarm must not ring before the job is cancelled and its log is read.
        limit = self.execution_timeout.total_seconds()
        return min(seconds, limit - min(_LAST_STEPS, limit / 10))

    def _handle(self, ref: JobRef) -> str:
        return ref.ids.get(self._kind().handle) or ref.ids["status_id"]

    def _kind(self) -> JobKind:
        return KINDS[self.kind]

    def _trigger(self, ref: JobRef, deadline: float) -> DataRobotJobTrigger:
        from datarobot_provider.triggers.job import DataRobotJobTrigger

        return DataRobotJobTrigger(
            ref=ref.dumps(),
            datarobot_conn_id=self.datarobot_conn_id,
            deadline=deadline,
            poll_interval=float(self.poll_interval),
            cancel_on_kill=bool(self.cancel_on_kill),
        )

    def _rehearse(self, deadline: float) -> None:
        """Fail before the job is started, not after, if the trigger could not be stored."""
        json.dumps(self._trigger(JobRef(self.kind, {}), deadline).serialize())

    def _submitted(self, context: Context, ledger: Ledger) -> JobRef | Done:
        made = self.submit(context, ledger)
        if isinstance(made, JobRef):
            self.log.info("The %s is %s.", self._kind().title, self._handle(made))
        return made

    def _taken_up(self, ledger: Ledger) -> JobRef | Done | None:
        """Take up what an earlier try of this task started, unless it ended in a way that another try may mend."""
        ref = ledger.made
        if not isinstance(ref, JobRef):
            return ref
        same = all(str(getattr(self, name, value)) == value for name, value in ref.ids.items())
        if ref.kind in (self.kind, *self.other_kinds) and same:
            ended, ref = (None, ref) if not self.wait_for_completion else self._glance(ref)
            if ended not in _ENDED_BADLY or self._is_verdict(ended):
                self.log.info("An earlier try of this task started the job already; taking it up again.")
                return ref
            if ended is Outcome.EXPIRED and (made := self.salvage(ledger)):
                return made
        ledger.forget()
        return None

    def _is_verdict(self, outcome: Outcome) -> bool:
        """Return whether a job that ended like this would end so again."""
        return outcome is Outcome.FAILED and not self._kind().repeatable

    def _glance(self, ref: JobRef) -> tuple[Outcome, JobRef]:
        event = self.hook.jobs.glance(ref)
        return event.verdict.outcome, event.ref

    def may_adopt(self, made: JobRef | Done) -> bool:
        """Return whether a job that was found is not one that an earlier try has seen fail."""
        return isinstance(made, Done) or self._glance(made)[0] not in _ENDED_BADLY

    def _make_way(self, ledger: Ledger) -> None:
        """Stop the job that still runs for a task that a user has cleared, and who wants the work done anew."""
        from datarobot_provider.jobs.cancel import cancel_path

        ref = ledger.outdated
        known = isinstance(ref, JobRef) and ref.kind in (self.kind, *self.other_kinds)
        if not isinstance(ref, JobRef) or not known or self._glance(ref)[0] is not Outcome.PENDING:
            return
        self.log.info("The task was cleared while its job was running.")
        if not self.cancel_on_kill:
            self.log.warning("The job is left alone, as cancel_on_kill says.")
            return
        jobs = self.hook.jobs
        if self.deferrable and cancel_path(ref):
            # The trigger is cancelling it already; a second DELETE could hit the next job at the same address.
            soon = time.time() + _TRIGGER_SECONDS
            if jobs.wait(ref, soon, _QUICK).verdict.outcome is not Outcome.TIMED_OUT:
                return
        cancelled = jobs.cancel(ref)
        self.log.warning("%s", cancelled.report)
        if cancelled.over:
            jobs.wait(ref, time.time() + _LAST_STEPS, _QUICK)
