"""Stopping the jobs of a task that a user has cleared, and who wants the work done anew."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from datarobot_provider.core.submission.record import delete_superseded_records, superseded_jobs
from datarobot_provider.hooks.datarobot import DataRobotHook
from datarobot_provider.jobs.cancel import cancel_path
from datarobot_provider.jobs.kinds import KINDS
from datarobot_provider.jobs.model import Outcome

if TYPE_CHECKING:
    from datarobot_provider.core.submission.record import SupersededJob
    from datarobot_provider.version_compat import Context

#: How long a trigger that is cancelling the job already is given, and how long the cancelled job is waited for.
TRIGGER_SECONDS = 8.0
STOP_SECONDS = 30.0
_POLL_INTERVAL = 1.0

_LOCK = threading.Lock()

log = logging.getLogger(__name__)


def cancel_superseded_jobs(context: Context, *, deferrable: bool) -> None:
    """Cancel the jobs that still run from before a user's clear, where the API can and ``cancel_on_kill`` allows it.

    A job that the task only joined is left alone. Where a ``@task`` executes operators in several threads, the first
    one does it for all: a later one could take the new job at the same address for the old one.

    :param context: the context of the task.
    :param deferrable: whether the task waits in the triggerer, which then cancels the job as well.
    """
    with _LOCK:
        jobs = superseded_jobs(context)
        for job in jobs:
            if job.ref.kind in KINDS:
                _cancel(job, deferrable)
        if jobs:
            delete_superseded_records(context)


def _cancel(job: SupersededJob, deferrable: bool) -> None:
    jobs = DataRobotHook(job.datarobot_conn_id).jobs
    if jobs.poll_once(job.ref).verdict.outcome is not Outcome.PENDING:
        return
    log.info("The task was cleared while its job was running.")
    if not job.cancel:
        log.warning("The job is left alone, as cancel_on_kill says.")
        return
    if deferrable and cancel_path(job.ref):
        # The trigger is cancelling it already; a second DELETE could hit the next job at the same address.
        soon = time.time() + TRIGGER_SECONDS
        if jobs.wait(job.ref, soon, _POLL_INTERVAL).verdict.outcome is not Outcome.TIMED_OUT:
            return
    cancelled = jobs.cancel(job.ref)
    log.warning("%s", cancelled.report)
    if cancelled.ended:
        jobs.wait(job.ref, time.time() + STOP_SECONDS, _POLL_INTERVAL)
