"""One task that creates something in several attempts, and the points at which its worker is killed."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

import pytest

from datarobot_provider.client.sync_transport import SyncTransport
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.jobs.job_client import JobClient
from tests.parity.runs import Outcome, Run, Store
from tests.support.emulator import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from datarobot_provider.client.request import Request
    from tests.parity.submitter import Submitter
    from tests.support.emulator import EmulatorClient


class WorkerLostError(BaseException):
    """The worker is killed, so that the attempt ends without any cleanup."""


class SubmitRun(Run):
    """A task of a submitter, which takes the place of the case of :class:`Run`."""

    def __init__(
        self, datarobot: EmulatorClient, submitter: Submitter, *, deferrable: bool = False, **arguments: Any
    ) -> None:
        super().__init__(datarobot, submitter, deferrable=deferrable, **submitter.fixed, **arguments)  # type: ignore[arg-type]
        self.submitter = submitter
        if not issubclass(submitter.operator, DataRobotJobOperator):
            for name in ("deferrable", "poll_interval", "timeout"):
                self.arguments.pop(name)
        self.resources_before = submitter.count_resources(datarobot, self.arguments)
        datarobot.clear_requests()

    @property
    def created(self) -> int:
        """Number of resources of the task in the emulator."""
        return self.submitter.count_resources(self.datarobot, self.arguments) - self.resources_before

    @property
    def sent(self) -> int:
        """Number of requests to create the resource that the emulator received."""
        method, path = self.submitter.send
        return len(
            [row for row in self.datarobot.requests() if row["method"] == method and re.search(path, row["path"])]
        )

    @property
    def stopped(self) -> list[str]:
        """The paths of all DELETEs that the emulator received."""
        return [row["path"] for row in self.datarobot.requests() if row["method"] == "DELETE"]

    def set_outcome(self, outcome: str, **more: Any) -> None:
        """Set the outcome of the next job, if the operator starts one."""
        if self.submitter.kind:
            self.datarobot.outcome(self.submitter.kind, outcome, **more)

    def await_end(self) -> None:
        """End the jobs of the task with their outcomes, and wait until none is active."""
        kind = self.submitter.kind
        if kind:
            self.datarobot.finish_jobs()
            until(lambda: not any(job["active"] for job in self.datarobot.jobs(kind)), "the end of the job")

    def lose_response(self, **fault: Any) -> Outcome:
        """Run an attempt whose request is processed and whose response is lost."""
        method, path = self.submitter.send
        self.datarobot.fault(method, path, times=1, **(fault or {"cut": "after"}))
        outcome = self.finish()
        assert self.datarobot.faults_left() == [0]
        self.datarobot.clear_faults()
        return outcome

    def run_killed(self, kill: Callable[[SubmitRun, pytest.MonkeyPatch], None]) -> None:
        """Run an attempt on a worker that is killed."""
        with pytest.MonkeyPatch.context() as patch:
            kill(self, patch)
            with pytest.raises(WorkerLostError):
                self.operator().execute(self.context())

    def creates(self, request: Request) -> bool:
        """Return whether the request creates the resource."""
        method, path = self.submitter.send
        return request.method == method and bool(re.search(path, f"/{request.path}"))


def before_the_request(run: SubmitRun, patch: pytest.MonkeyPatch) -> None:
    """Kill the worker before it sends the request."""
    _kill_at_request(run, patch, sent=False)


def after_the_response(run: SubmitRun, patch: pytest.MonkeyPatch) -> None:
    """Kill the worker after it received the response."""
    _kill_at_request(run, patch, sent=True)


def _kill_at_request(run: SubmitRun, patch: pytest.MonkeyPatch, *, sent: bool) -> None:
    send = SyncTransport.send

    def sending(transport: SyncTransport, request: Request) -> Any:
        if not run.creates(request):
            return send(transport, request)
        if sent:
            send(transport, request)
        raise WorkerLostError

    patch.setattr(SyncTransport, "send", sending)


def before_the_record_is_stored(_: SubmitRun, patch: pytest.MonkeyPatch) -> None:
    """Kill the worker before it stores the id of the resource."""
    write = Store.set

    def writing(store: Store, key: str, value: Any, **more: Any) -> None:
        if '"ref"' in value or '"done"' in value:
            raise WorkerLostError
        write(store, key, value, **more)

    patch.setattr(Store, "set", writing)


def during_the_wait(_: SubmitRun, patch: pytest.MonkeyPatch) -> None:
    """Kill the worker when it begins to wait for the job."""

    def dying(*_: Any) -> None:
        raise WorkerLostError

    patch.setattr(JobClient, "wait", dying)


@contextlib.contextmanager
def airflow_without_store(run: SubmitRun, start_date: Any) -> Iterator[None]:
    """Run as in Airflow before 3.3, without a task state store.

    :param start_date: the start date of the DAG run.
    """
    dag_run = type("DagRun", (), {"start_date": start_date})()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "context", lambda: {"ti": run.instance, "dag_run": dag_run})
        yield
