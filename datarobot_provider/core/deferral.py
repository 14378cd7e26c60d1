"""Check whether a task can be deferred.

Airflow resumes a deferred task in ``execute_complete``; the rest of ``execute`` does not run.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from datarobot_provider.core.arguments.declarations import is_ours
from datarobot_provider.jobs.cancel import cancel_path
from datarobot_provider.version_compat import triggers_are_killed

if TYPE_CHECKING:
    from datarobot_provider.jobs.model import JobRef
    from datarobot_provider.version_compat import Context

log = logging.getLogger(__name__)


def can_defer(operator: Any, context: Context) -> bool:
    """Return whether an operator can defer the task, and log the reason if it cannot.

    A deferral would skip the code after the wait: in a ``@task`` or another operator that executes this one, and in an
    ``execute()`` that a user has overridden without overriding ``execute_complete()``.

    :param operator: the operator or the sensor that is about to wait.
    :param context: the context of the task.
    """
    name, task = type(operator).__name__, getattr(context["ti"], "task", None)
    if task is not None and not _is_same(task, operator):
        log.warning(
            "deferrable is ignored: the task %s calls execute() of %s, and a deferral would skip the rest of the task. "
            "The task waits on the worker.",
            task.task_id,
            name,
        )
        return False
    if _is_user_defined(operator, "execute") and not _is_user_defined(operator, "execute_complete"):
        log.warning(
            "deferrable is ignored: %s overrides execute(), and a deferral would skip the rest of it. The task waits "
            "on the worker. To defer it, override execute_complete() as well.",
            name,
        )
        return False
    return True


def report_missed_kills(ref: JobRef) -> None:
    """Log that killing the deferred task will not cancel its job, if Airflow does not tell the trigger about it.

    :param ref: the job, which the task should cancel when it is killed.
    """
    if cancel_path(ref) is not None and not triggers_are_killed():
        log.info("Airflow before 3.3 does not tell a trigger that its task was killed: the job would not be cancelled.")


def _is_same(task: Any, operator: Any) -> bool:
    """Return whether an operator is the task itself or Airflow's copy of it."""
    return task is operator or (type(task) is type(operator) and task.task_id == operator.task_id)


def _is_user_defined(operator: Any, method: str) -> bool:
    return not is_ours(next(base for base in type(operator).__mro__ if method in vars(base)))
