"""Cancellation of the jobs that a task started before a user cleared it."""

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

#: Seconds to wait for the trigger to cancel the job, and seconds to wait for a cancelled job to stop.
TRIGGER_TIMEOUT = 8.0
STOP_TIMEOUT = 30.0
_POLL_INTERVAL = 1.0

_LOCK = threading.Lock()

log = logging.getLogger(__name__)


def cancel_superseded_jobs(context: Context, *, deferrable: bool) -> None:
    """Cancel the running jobs that the task started before a user cleared it.

    A job is left running if ``cancel_on_kill`` is false, if the API cannot cancel it, or if another client started it.
    If a ``@task`` executes operators in several threads, the first one cancels the jobs for all of them: a later one
    could mistake the new job of a version for the superseded one, because both have the same path.

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
    log.info("The task was cleared while its %s was running.", KINDS[job.ref.kind].title)
    if not job.cancel:
        log.warning("The job is left running because cancel_on_kill is false.")
        return
    if deferrable and cancel_path(job.ref):
        # The trigger is already cancelling the job. A second DELETE could cancel the next job at the same path.
        deadline = time.time() + TRIGGER_TIMEOUT
        if jobs.wait(job.ref, deadline, _POLL_INTERVAL).verdict.outcome is not Outcome.TIMED_OUT:
            return
    cancelled = jobs.cancel(job.ref)
    log.warning("%s", cancelled.report)
    if cancelled.ended:
        jobs.wait(job.ref, time.time() + STOP_TIMEOUT, _POLL_INTERVAL)
