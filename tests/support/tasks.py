"""A task run as Airflow runs it: on a worker, in the triggerer where it defers, and on a worker again."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from datarobot_provider.jobs.events import JobEvent
from datarobot_provider.jobs.job_client import JobClient
from datarobot_provider.jobs.model import JobRef, Outcome, Verdict

try:
    from airflow.sdk.exceptions import TaskDeferred
except ImportError:
    from airflow.exceptions import TaskDeferred

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


def run_task(make: Callable[[], Any], context: Any, store: Callable[[Any], None] = lambda _: None) -> Any:
    """Run a task to its end.

    :param make: returns a new operator, as every process that works on the task creates one.
    :param context: the context of the task.
    :param store: called with everything that Airflow stores between the processes.
    :returns: what the task returned.
    """
    try:
        return make().execute(context)
    except TaskDeferred as deferred:
        path, kwargs = deferred.trigger.serialize()
        assert path.startswith("datarobot_provider.triggers.")
        store([path, kwargs])
        payload = asyncio.run(_only_event(type(deferred.trigger)(**json.loads(json.dumps(kwargs)))))
        store(payload)
        return getattr(make(), deferred.method_name)(context, event=json.loads(json.dumps(payload)))


async def _only_event(trigger: Any) -> Any:
    (event,) = [event async for event in trigger.run()]
    return event.payload


_POLL_ONCE = JobClient.poll_once


def find_jobs_running(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the poll on the worker find every job running, so that the task defers and the trigger meets a fault."""
    monkeypatch.setattr(JobClient, "poll_once", _still_running)


def find_jobs_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the poll on the worker find the state of the job, whatever was patched before."""
    monkeypatch.setattr(JobClient, "poll_once", _POLL_ONCE)


def _still_running(_: JobClient, ref: JobRef, *, confirmed: bool = True) -> JobEvent:
    return JobEvent(ref, Verdict(Outcome.PENDING))
