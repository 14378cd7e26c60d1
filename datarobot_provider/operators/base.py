"""The two bases of all operators: one request, and one job."""

from __future__ import annotations

import json
import time
from abc import abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from datarobot_provider.exceptions import DataRobotError, InputError, JobError
from datarobot_provider.hooks.datarobot import DataRobotHook, UsesDataRobotHook
from datarobot_provider.jobs.events import JobEvent, in_words, job_error
from datarobot_provider.jobs.kinds import KINDS
from datarobot_provider.jobs.model import JobKind, JobRef, Outcome, placeholders
from datarobot_provider.links.datarobot import DataRobotLink
from datarobot_provider.operators.fields import Converter, payload
from datarobot_provider.operators.results import JobResult
from datarobot_provider.version_compat import AirflowException, AirflowFailException, BaseOperator, conf

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from datarobot_provider.triggers.job import DataRobotJobTrigger
    from datarobot_provider.version_compat import Context

ID_KEY = "datarobot_id"
_STORE_KEY = "datarobot_job"
_BACKSTOP = timedelta(minutes=10)
_LAST_STEPS = 30.0
_EMPTY = ("", "None")
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

    @contextmanager
    def forgiving(self, errors: tuple[type[DataRobotError], ...]) -> Iterator[None]:
        """Take these errors well: there is nothing left to do."""
        try:
            yield
        except errors as error:
            self.log.info("Nothing left to do. %s", str(error).splitlines()[0])

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


@dataclass(frozen=True)
class Done:
    """What :meth:`DataRobotJobOperator.start` returns when there is nothing to wait for.

    :param value: what goes to XCom.
    """

    value: Any


class DataRobotJobOperator(JobResult, DataRobotBaseOperator):
    """Base of the operators that start a job on DataRobot and wait for its end.

    :param wait_for_completion: wait for the job; default ``True``. Otherwise the task ends once the job is started,
        and returns the job's id for a sensor.
    :param deferrable: wait in the triggerer instead of on a worker; default is Airflow's
        ``[operators] default_deferrable``.
    :param poll_interval: longest pause between two looks, in seconds; default 10. The first looks come sooner.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default depends on the kind of job, mostly one
        hour. The task's ``execution_timeout`` counts too, where it is shorter.
    :param cancel_on_kill: cancel the job on DataRobot when the task is killed or times out; default ``True``. Killing a
        deferred task cancels the job on Airflow 3.3 and up.
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
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.wait_for_completion = wait_for_completion
        self.deferrable = deferrable
        self.poll_interval = poll_interval
        self.timeout = timeout
        self.cancel_on_kill = cancel_on_kill
        self._running: JobRef | None = None

    @abstractmethod
    def start(self, context: Context) -> JobRef | Done:
        """Start the job."""

    def on_failure(self, event: JobEvent, error: DataRobotError) -> Any:  # noqa: ARG002 - for subclasses
        """Deal with a job that did not end well: raise ``error``, or return what goes to XCom all the same."""
        raise error

    def run_request(self, context: Context) -> Any:
        """Start the job or take it up again, then wait for it or defer."""
        deadline = time.time() + self._patience()
        self._rehearse(deadline)
        ref = self._resume(context)
        if ref is None:
            started = self.start(context)
            if isinstance(started, Done):
                return started.value
            ref = started
            self._remember(context, ref)
            self.log.info("Started the %s %s.", self._kind().title, self._handle(ref))
        self.push_handles(context, self._handle(ref), ref.ids)
        if not self.wait_for_completion:
            self._forget(context)
            return self._handle(ref)
        if self.deferrable:
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
            try:
                value = self.result(event)
            except JobError:
                self._forget(context)
                raise
            self._forget(context)
            return value
        cancelled = None
        if outcome is Outcome.TIMED_OUT and self.cancel_on_kill:
            cancelled = self.hook.jobs.cancel(event.ref)
        failure = self._failure(event, cancelled.report if cancelled else None)
        # What may still run is remembered: the next try takes it up again instead of starting a second one.
        if outcome not in _MAY_STILL_RUN or (cancelled and cancelled.over):
            self._forget(context)
        return self.on_failure(event, failure)

    def _failure(self, event: JobEvent, cancel_report: str | None) -> DataRobotError:
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

    def _resume(self, context: Context) -> JobRef | None:
        """Take up the job that an earlier try of this task started, if it still runs or has succeeded."""
        store = context.get("task_state_store")
        text = store.get(_STORE_KEY) if store else None
        if not text:
            return None
        ref = JobRef.loads(str(text))
        same = all(str(getattr(self, name, value)) == value for name, value in ref.ids.items())
        if ref.kind in (self.kind, *self.other_kinds) and same:
            event = self.hook.jobs.glance(ref)
            if event.verdict.outcome not in (Outcome.FAILED, Outcome.CANCELLED, Outcome.EXPIRED):
                self.log.info("An earlier try of this task started the job already; taking it up again.")
                return event.ref
        self._forget(context)
        return None

    def _remember(self, context: Context, ref: JobRef) -> None:
        store = context.get("task_state_store")
        if store:
            store.set(_STORE_KEY, ref.dumps())

    def _forget(self, context: Context) -> None:
        store = context.get("task_state_store")
        if store:
            store.delete(_STORE_KEY)
