"""Runs a task like Airflow: on a worker, in the triggerer if it defers, and on a worker again."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from datarobot_provider.jobs.events import JobEvent
from datarobot_provider.jobs.job_client import JobClient
from datarobot_provider.jobs.model import JobRef, Outcome, Verdict
from tests.support.airflow import TaskDeferred

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


def run_task(create: Callable[[], Any], context: Any, store: Callable[[Any], None] = lambda _: None) -> Any:
    """Run a task to its end.

    :param create: returns a new operator; each process of a task creates its own.
    :param context: the context of the task.
    :param store: called with each value that Airflow stores between the processes.
    :returns: the return value of the task.
    """
    try:
        return create().execute(context)
    except TaskDeferred as deferred:
        path, kwargs = deferred.trigger.serialize()
        assert path.startswith("datarobot_provider.triggers.")
        store([path, kwargs])
        payload = asyncio.run(_only_event(type(deferred.trigger)(**json.loads(json.dumps(kwargs)))))
        store(payload)
        return getattr(create(), deferred.method_name)(context, event=json.loads(json.dumps(payload)))


async def _only_event(trigger: Any) -> Any:
    (event,) = [event async for event in trigger.run()]
    return event.payload


_POLL_ONCE = JobClient.poll_once


def find_jobs_running(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the poll on the worker find every job running, so that the task defers and faults affect the trigger."""
    monkeypatch.setattr(JobClient, "poll_once", _still_running)


def restore_poll_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo :func:`find_jobs_running`."""
    monkeypatch.setattr(JobClient, "poll_once", _POLL_ONCE)


def _still_running(_: JobClient, ref: JobRef, *, confirmed: bool = True) -> JobEvent:
    return JobEvent(ref, Verdict(Outcome.PENDING))
